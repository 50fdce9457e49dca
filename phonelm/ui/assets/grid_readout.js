// What is said about one cell, or about one frame where no codebook is pointed at.

function spanAt(spans, frame) {
  let low = 0, high = spans.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle][2] <= frame) low = middle + 1;
    else high = middle;
  }
  return low;
}

function percent(parts) {
  return parts >= 1 ? `${+(parts / 100).toPrecision(3)} %` : "under 0.01 %";
}

function node(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

// Fill the readout. `aloud`: a screen reader shall speak it, because a key was pressed.
function showReadout(place, data, cell, aloud) {
  place.setAttribute("aria-live", aloud ? "polite" : "off");
  if (!cell) {
    place.replaceChildren(node("p", "Point at a cell, or use the arrow keys, to see what the model chose from; "
      + "click to go there.", "where"));
    return;
  }
  const [symbol, start, end] = data.phonemes[spanAt(data.phonemes, cell.frame)];
  const [word] = data.words[spanAt(data.words, cell.frame)];
  const where = [`frame ${cell.frame}`, `${(cell.frame * data.frame_s).toFixed(3)} s`,
    `phoneme ${symbol} (${Math.round((end - start) * data.frame_s * 1000)} ms)${word ? ` of “${word}”` : ""}`];
  const pitch = pitchText(data, cell.frame);
  if (pitch) where.push(`pitch ${pitch}`);
  if (cell.book === undefined) {
    place.replaceChildren(node("p", where.join(" · "), "where"));
    return;
  }
  const i = cell.book * data.frames + cell.frame, code = data.codes[i];
  const what = [`codebook ${cell.book + 1}`, `code ${code}`, percent(data.probability[i]),
    `entropy ${(data.entropy[i] / 100).toFixed(2)} bits`];
  if (data.isClamped.has(i)) what.push("the clamp removed the first choice");
  if (data.other) {
    const other = data.other[i];
    what.push(other < 0 ? "the other has no such cell" : other === code ? "the same in the other" : `the other has code ${other}`);
  }
  const list = document.createElement("ol");
  list.setAttribute("aria-label", "Likeliest codes");
  for (let r = 0; r < data.likeliest; r++) {
    const other = data.top[i * data.likeliest + r], parts = data.top_probability[i * data.likeliest + r];
    const item = node("li", `${other}: ${percent(parts)}`, other === code ? "chosen" : "");
    item.style.setProperty("--share", `${parts / 100}%`);
    list.append(item);
  }
  place.replaceChildren(node("p", where.join(" · "), "where"), node("p", what.join(" · ")), list);
}
