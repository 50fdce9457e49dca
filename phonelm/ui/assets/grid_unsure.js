// Where the model was least sure: words, and phonemes over all their places, by the mean probability of their codes.

const SHOWN = 3; // words, and phonemes, that are named at once

// For each stretch that has a name: {label, start, end, sure}; `sure` is a share from 0 to 1.
function certainty(data, spans) {
  const columns = Array.from({length: data.frames}, (_, t) => {
    let sum = 0;
    for (let k = 0; k < data.codebooks; k++) sum += data.probability[k * data.frames + t];
    return sum / data.codebooks / 1e4;
  });
  return spans.filter(([label]) => /^[A-Z]/i.test(label) && label !== "sil").map(([label, start, end]) => {
    const sure = columns.slice(start, end).reduce((a, b) => a + b, 0) / (end - start);
    return {label, start, end, sure};
  });
}

// Phonemes by name, each with the mean over its frames and the place where it is least sure.
function byName(found) {
  const names = new Map();
  for (const one of found) {
    const all = names.get(one.label) || {label: one.label, frames: 0, sum: 0, count: 0, worst: one};
    const frames = one.end - one.start;
    Object.assign(all, {frames: all.frames + frames, sum: all.sum + one.sure * frames, count: all.count + 1,
      worst: one.sure < all.worst.sure ? one : all.worst});
    names.set(one.label, all);
  }
  return [...names.values()].map((all) => ({...all.worst, sure: all.sum / all.frames, count: all.count}));
}

function least(found) {
  return [...found].sort((a, b) => a.sure - b.sure);
}

// A button that names a stretch, shows it in the grid and plays it.
function stretchButton(one) {
  const button = node("button", "", "stretch"), share = `${Math.round(one.sure * 100)} %`;
  button.type = "button";
  button.append(node("span", one.label), node("small", one.count > 1 ? `${share} · ${one.count}×` : share));
  button.style.setProperty("--share", share);
  button.title = `Mean probability of its codes: ${share}. Click to hear it.`;
  button.addEventListener("click", () => showStretch(one));
  return button;
}

// Show a stretch of the time axis, and play it.
function showStretch({start, end}) {
  used = performance.now();
  cursor = {frame: start};
  scroller.scrollLeft = (start + end) / 2 * view.px - (view.width - GUTTER) / 2;
  showReadout(readout, view.data, cursor, false);
  listenTo({lane: "word", frame: start, end});
  draw();
}

function showUnsure(place, data) {
  const words = least(certainty(data, data.words)), phonemes = least(byName(certainty(data, data.phonemes)));
  const list = (found) => found.map((one) => stretchButton(one));
  const first = node("p", "Least sure: ");
  first.append(...list(words.slice(0, SHOWN)), " phonemes ", ...list(phonemes.slice(0, SHOWN)));
  const all = node("details", ""), rows = [node("p", "Words "), node("p", "Phonemes ")];
  rows[0].append(...list(words));
  rows[1].append(...list(phonemes));
  all.append(node("summary", "All, by how sure the model was"), ...rows);
  place.hidden = !words.length;
  place.replaceChildren(first, all);
}
