// What the rest of the page hears from the grid, and what it is asked to play.

// The transport and the takes know from here when the words are said, and what is shown.
function tellShown(data, value) {
  const marks = Object.fromEntries((data?.phonemes || []).map(([label, start]) => [start, /^[.,;:!?]$/.test(label) ? label : ""]));
  const words = (data?.words || []).filter(([word]) => word)
    .map(([word, from, to]) => [word + (marks[to] || ""), from * data.frame_s, to * data.frame_s]);
  const detail = window.phonelmGrid = {id: props.name, take: data?.take || "", words, value};
  document.dispatchEvent(new CustomEvent("phonelm:grid", {detail}));
}

// A click plays from there; on a word or phoneme, that one alone.
function listenTo(cell) {
  const spans = {word: view.data.words, phoneme: view.data.phonemes}[cell.lane];
  if (!props.live) return seek(cursor.frame);
  const until = cell.end ? cell.end * view.data.frame_s : spans && spans[spanAt(spans, cell.frame)][2] * view.data.frame_s;
  document.dispatchEvent(new CustomEvent("phonelm:play", {detail: {from: (cursor.frame + 0.01) * view.data.frame_s, until}}));
}
