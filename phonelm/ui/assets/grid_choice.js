// The phonemes that are chosen to be said again: [first, the one after the last], or null. They lie in one sentence.

const UNITS = {word: "words", phoneme: "phonemes"}; // lanes in which one can choose
const REST_MS = 150;
let resting = 0, chosen = null, anchor = null, head = 0, told = "null"; // `anchor`: where choosing began; `head`: where it is now

function setChoice(phonemes) {
  clearTimeout(resting);
  chosen = anchor = phonemes;
  head = phonemes ? phonemes[1] - 1 : 0;
  told = JSON.stringify(chosen);
}

// The phonemes of what lies under a cell of the lanes of words and phonemes.
function unitAt(data, cell) {
  const spans = data[UNITS[cell.lane] || "phonemes"], [, start, end] = spans[spanAt(spans, cell.frame)];
  return [spanAt(data.phonemes, start), spanAt(data.phonemes, end - 1) + 1];
}

function sentenceOf(data, phoneme) {
  const i = data.sentences.findIndex((end) => phoneme < end);
  return [i ? data.sentences[i - 1] : 0, data.sentences[i]];
}

// From where choosing began to another unit, as far as the sentence goes.
function reach(data, from, to) {
  const [low, high] = sentenceOf(data, from[0]);
  return [Math.max(low, Math.min(from[0], to[0])), Math.min(high, Math.max(from[1], to[1]))];
}

// Tell the page once it rests: each change would be a request, and their answers may come in any order.
function tellChoice() {
  clearTimeout(resting);
  resting = setTimeout(() => {
    const text = JSON.stringify(chosen);
    if (text !== told) trigger("choose", {chosen: chosen || []});
    told = text;
  }, REST_MS);
}

function choose(units) {
  chosen = units;
  draw();
}

// Shift with the arrows chooses phonemes, Escape none. Returns whether it was such a key.
function pressToChoose(event, here) {
  const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
  if (event.key === "Escape" && chosen) choose(null);
  else if (event.shiftKey && step) {
    head = chosen ? head + step : here;
    if (!chosen) anchor = [here, here + 1];
    choose(reach(view.data, anchor, [head, head + 1]));
    head = Math.max(chosen[0], Math.min(chosen[1] - 1, head));
    moveTo(view.data.phonemes[head][1], cursor?.book ?? 0);
  } else return false;
  event.preventDefault();
  tellChoice();
  return true;
}

function drawChoice(c, view) {
  if (!chosen) return;
  const {data, theme} = view, left = xOf(view, data.phonemes[chosen[0]][1]), right = xOf(view, data.phonemes[chosen[1] - 1][2]);
  if (right < GUTTER || left > view.width) return;
  c.save();
  c.fillStyle = c.strokeStyle = theme.accent;
  c.globalAlpha = 0.22;
  c.fillRect(left, TOPS.phoneme, right - left - 1, PHONEME);
  c.globalAlpha = 1;
  c.lineWidth = 2;
  c.strokeRect(left, TOPS.phoneme, right - left - 1, TOPS.codes + data.codebooks * ROW - TOPS.phoneme);
  c.restore();
}
