// The lanes, drawn on a canvas as wide as the window on them. A view is {data, theme, colour, kind, width, scroll, px}:
// CSS pixels, `scroll` the first one shown, `px` the width of a frame.

const AXIS = 20, WAVE = 52, PITCH = 56, WORD = 24, PHONEME = 36, GAP = 4, ROW = 20;
const TOPS = {axis: 0, wave: AXIS, pitch: AXIS + WAVE + GAP, word: AXIS + WAVE + PITCH + 2 * GAP,
  phoneme: AXIS + WAVE + PITCH + WORD + 3 * GAP, codes: AXIS + WAVE + PITCH + WORD + PHONEME + 4 * GAP};
let GUTTER = 74; // narrower on a phone, see `measure`

function gridHeight(data) {
  return TOPS.codes + data.codebooks * ROW + GAP;
}

function xOf(view, frame) {
  return GUTTER + frame * view.px - view.scroll;
}

function frameAt(view, x) {
  return Math.max(0, Math.min(view.data.frames - 1, Math.floor((x - GUTTER + view.scroll) / view.px)));
}

// What lies under a point: {lane: "wave" | "word" | ..., frame, book}; book only in the codes. Null outside.
function hit(view, x, y) {
  const frame = Math.floor((x - GUTTER + view.scroll) / view.px);
  if (x < GUTTER || frame < 0 || frame >= view.data.frames || y < 0 || y >= gridHeight(view.data)) return null;
  const lane = Object.keys(TOPS).reverse().find((name) => y >= TOPS[name]);
  const book = Math.min(view.data.codebooks - 1, Math.floor((y - TOPS.codes) / ROW));
  return lane === "codes" ? {lane, frame, book} : {lane, frame};
}

function drawLanes(c, view) {
  const {data, theme, width} = view, height = gridHeight(data);
  const first = Math.max(0, Math.floor(view.scroll / view.px));
  const last = Math.min(data.frames, Math.ceil((view.scroll + width - GUTTER) / view.px));
  c.clearRect(0, 0, width, height);
  drawAxis(c, view, first, last);
  drawWave(c, view, first, last);
  drawPitch(c, view, first, last);
  drawSpans(c, view, data.words, TOPS.word, WORD, theme.word, "");
  drawSpans(c, view, data.phonemes, TOPS.phoneme, PHONEME, theme.phoneme, "ms");
  drawCells(c, view, first, last);
}

function drawAxis(c, view, first, last) {
  const {data, theme} = view, perSecond = view.px / data.frame_s;
  const step = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10].find((s) => s * perSecond >= 48) || 20;
  c.font = `11px ${theme.font}`;
  c.textAlign = "left";
  c.textBaseline = "middle";
  for (let i = Math.ceil(first * data.frame_s / step); i * step <= last * data.frame_s; i++) {
    const x = Math.round(xOf(view, i * step / data.frame_s)) + 0.5;
    c.strokeStyle = theme.line;
    c.beginPath();
    c.moveTo(x, AXIS - 6);
    c.lineTo(x, AXIS + WAVE);
    c.stroke();
    c.fillStyle = theme.soft;
    c.fillText(`${+(i * step).toFixed(2)} s`, x + 3, AXIS / 2);
  }
}

function drawWave(c, view, first, last) {
  const {data, theme} = view, bins = data.wave.length / 2 / data.frames, middle = TOPS.wave + WAVE / 2;
  c.fillStyle = theme.wave;
  for (let i = first * bins; i < last * bins; i++) {
    const low = data.wave[2 * i], high = data.wave[2 * i + 1], size = Math.max(1, (high - low) / 100 * (WAVE / 2));
    c.fillRect(xOf(view, i / bins), middle - high / 100 * (WAVE / 2), Math.max(0.7, view.px / bins), size);
  }
}

function drawSpans(c, view, spans, top, height, colours, unit) {
  const {theme, width, px} = view;
  c.textAlign = "center";
  c.textBaseline = "middle";
  spans.forEach(([label, start, end], i) => {
    const left = xOf(view, start), right = xOf(view, end);
    if (right < GUTTER || left > width) return;
    const isPause = label === "" || !/^[A-Z]/i.test(label) || label === "sil";
    c.fillStyle = isPause ? theme.pause : colours[i % 2];
    c.fillRect(left, top, Math.max(0.5, right - left - 1), height);
    const shown = [Math.max(left, GUTTER), Math.min(right, width)], room = shown[1] - shown[0] - 3;
    const centre = (shown[0] + shown[1]) / 2;
    c.fillStyle = isPause ? theme.soft : theme.ink;
    const fits = [12, 10, 8].some((size) => {
      c.font = `${size}px ${theme.font}`;
      return c.measureText(label).width <= room;
    });
    if (fits) c.fillText(label, centre, top + height * (unit ? 0.34 : 0.5));
    if (!unit) return;
    const length = `${Math.round((end - start) * view.data.frame_s * 1000)}`;
    c.font = `10px ${theme.font}`;
    c.fillStyle = theme.soft;
    if (c.measureText(length).width <= Math.min(room, px * (end - start))) c.fillText(length, centre, top + height * 0.76);
  });
}

function drawCells(c, view, first, last) {
  const {data, px, theme} = view, gap = px >= 4 ? 0.5 : 0;
  for (let k = 0; k < data.codebooks; k++) {
    const top = TOPS.codes + k * ROW;
    for (let t = first; t < last; t++) {
      const x = xOf(view, t), cell = k * data.frames + t;
      c.fillStyle = view.colour(cell);
      c.fillRect(x, top, px - gap + (gap ? 0 : 0.4), ROW - 1);
      if (view.kind !== "clamp" && px >= 5 && data.isClamped.has(cell)) drawCross(c, x + px / 2, top + ROW / 2, theme.mark);
    }
  }
  c.fillStyle = theme.paper;
  for (const [, start] of data.phonemes) c.fillRect(Math.round(xOf(view, start)) - 1, TOPS.codes, 1, data.codebooks * ROW);
}

function drawCross(c, x, y, colour) {
  c.strokeStyle = colour;
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(x - 2.5, y - 2.5);
  c.lineTo(x + 2.5, y + 2.5);
  c.moveTo(x + 2.5, y - 2.5);
  c.lineTo(x - 2.5, y + 2.5);
  c.stroke();
  c.lineWidth = 1;
}

function drawGutter(c, view, height) {
  const {theme, data} = view;
  c.fillStyle = theme.paper;
  c.fillRect(0, 0, GUTTER, height);
  c.fillStyle = theme.soft;
  c.font = `11px ${theme.font}`;
  c.textAlign = "right";
  c.textBaseline = "middle";
  const name = (text, y) => c.fillText(text, GUTTER - 8, y);
  name("wave", TOPS.wave + WAVE / 2);
  drawPitchScale(c, view, name);
  name("words", TOPS.word + WORD / 2);
  name("phonemes", TOPS.phoneme + PHONEME * 0.34);
  name("ms", TOPS.phoneme + PHONEME * 0.76);
  for (let k = 0; k < data.codebooks; k++) name(k ? `${k + 1}` : "codes 1", TOPS.codes + k * ROW + ROW / 2);
}

// A line through all lanes at a time, and a frame around one cell or one column.
function drawPlayhead(c, view, seconds) {
  const x = Math.round(xOf(view, seconds / view.data.frame_s));
  if (x < GUTTER || x > view.width) return;
  c.fillStyle = view.theme.paper;
  c.fillRect(x - 2, TOPS.wave, 4, gridHeight(view.data));
  c.fillStyle = view.theme.ink;
  c.fillRect(x - 1, TOPS.wave - 5, 2, gridHeight(view.data));
}

function drawCursor(c, view, cell, strong) {
  const x = xOf(view, cell.frame), whole = cell.book === undefined;
  const top = whole ? TOPS.wave : TOPS.codes + cell.book * ROW;
  const box = [x - 0.5, top - 0.5, Math.max(2, view.px), (whole ? gridHeight(view.data) - TOPS.wave - GAP : ROW - 1) + 1];
  if (x + view.px < GUTTER) return;
  c.lineWidth = strong ? 4 : 2;
  c.strokeStyle = view.theme.paper;
  c.strokeRect(...box);
  c.lineWidth = strong ? 2 : 1;
  c.strokeStyle = view.theme.ink;
  c.strokeRect(...box);
  c.lineWidth = 1;
}
