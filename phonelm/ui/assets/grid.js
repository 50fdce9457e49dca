// The grid as a component: its value in, pointer and keys in, the page's audio player followed and moved.
// Gradio hands in `element`, `props` and `watch`; the other files' functions share this scope.

const find = (selector) => element.querySelector(selector);
const empty = find(".grid-empty"), full = find(".grid-full"), scroller = find(".grid-scroll"), span = find(".grid-span");
const canvas = find(".grid-span canvas"), select = find(".grid-colour"), readout = find(".grid-readout");
const context = canvas.getContext("2d");
const MAX_PX = 48, START_PX = 9, FINGER = 1.5; // widths of a frame; step of the zoom
const NARROW = 640, NARROW_PX = 6; // on a phone all of it would be too small to read: it opens with wider frames
const LEAD_IN = 30; // frames heard before those that were said again
const view = {data: null, theme: {}, kind: "probability", colour: null, width: 0, scroll: 0, px: START_PX};
let cursor = null, hover = null, live = null, drawing = 0; // `live`: position of sound played while it is made
let stale = false; // another run's sound is played while what is drawn is still the speech before
let led = -1; // where the other grid of a pair has scrolled this one to
let drag = null, pending = null; // choosing with the mouse; where sound that is still to come shall start
let used = -Infinity; // when the user last did something here: the grid does not scroll away under the hand

function player() {
  return document.querySelector(props.player);
}

function now() {
  return isLive() ? live : player()?.currentTime || 0;
}

function isPlaying() {
  const audio = player();
  return isLive() || Boolean(audio && !audio.paused && !audio.ended);
}

function isLive() {
  return live !== null && !stale;
}

function load() {
  show(props.value);
}

function show(value) {
  const data = value ? JSON.parse(value) : null;
  view.data = data;
  stale = false;
  empty.hidden = Boolean(data);
  full.hidden = !data;
  cursor = hover = null;
  setChoice(data?.chosen || null);
  if (props.live) tellShown(data, value);
  if (!data) return;
  data.isClamped = new Set(data.clamped);
  data.mostEntropy = data.entropy.reduce((a, b) => Math.max(a, b), 0);
  measure();
  if (data.chosen) {
    zoomTo(view.px);
    listenFrom(data.phonemes[data.chosen[0]][1] - LEAD_IN);
  } else {
    scroller.scrollLeft = 0;
    zoomTo(Math.max(fitting(), view.width < NARROW ? NARROW_PX : 0), 0);
  }
  showUnsure(find(".grid-unsure"), data);
  restyle();
  showReadout(readout, data, null, false);
}

function fitting() {
  return Math.max(0.05, (view.width - GUTTER - 2) / view.data.frames);
}

function measure() {
  view.width = scroller.clientWidth;
  GUTTER = view.width < NARROW ? 68 : 74;
  const height = gridHeight(view.data), dots = window.devicePixelRatio || 1;
  canvas.style.width = `${view.width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(view.width * dots);
  canvas.height = Math.round(height * dots);
  context.setTransform(dots, 0, 0, dots, 0, 0);
  measureOverview(view.width, dots);
}

function restyle() {
  if (!view.data) return;
  view.theme = readTheme(element);
  view.kind = select.value;
  view.colour = cellColour(view.data, view.kind, view.theme);
  drawLegend(find(".grid-legend"), view.data, view.kind, view.theme);
  find(".grid-help-colour").textContent = MEANING[view.kind];
  draw();
}

function draw() {
  if (!drawing) drawing = requestAnimationFrame(paint);
}

function paint() {
  drawing = 0;
  if (!view.data || !element.isConnected) return;
  if (isPlaying()) {
    follow();
    draw();
  }
  view.scroll = scroller.scrollLeft;
  drawLanes(context, view);
  drawChoice(context, view);
  drawPlayhead(context, view, now());
  if (hover) drawCursor(context, view, hover, false);
  if (cursor) drawCursor(context, view, cursor, document.activeElement === scroller);
  drawGutter(context, view, gridHeight(view.data));
  drawOverview(view, now());
  Object.assign(canvas.dataset, {px: view.px, gutter: GUTTER, codes: TOPS.codes, pitch: TOPS.pitch});
  element.dataset.time = now().toFixed(3);
}

function follow() {
  if (performance.now() - used < 3000) return;
  const x = xOf(view, now() / view.data.frame_s);
  if (x > view.width - 20 || x < GUTTER) scroller.scrollLeft += x - GUTTER - 40;
}

function zoomTo(px, frame) {
  const x = frame === undefined ? view.width / 2 : Math.max(GUTTER, xOf(view, frame));
  const centre = frame === undefined ? (view.scroll + x - GUTTER) / view.px : frame;
  view.px = Math.min(MAX_PX, Math.max(Math.min(START_PX, fitting()), px));
  span.style.width = `${Math.ceil(GUTTER + view.data.frames * view.px)}px`;
  scroller.scrollLeft = centre * view.px - (x - GUTTER);
  view.scroll = scroller.scrollLeft;
  lead();
  draw();
}

function zoom(kind, frame) {
  used = performance.now();
  zoomTo({in: view.px * FINGER, out: view.px / FINGER, fit: fitting()}[kind], frame);
}

function seek(frame) {
  document.dispatchEvent(new CustomEvent("phonelm:hush"));
  const audio = player();
  if (audio) audio.currentTime = (frame + 0.01) * view.data.frame_s; // 0.01: inside the frame after rounding
  draw();
}

// The player has got other sound, or will have it in a moment, which plays by itself: from a frame on.
function listenFrom(frame) {
  pending = {frame: Math.max(0, frame), until: performance.now() + 3000};
  const audio = player();
  if (audio && !audio.paused) seek(pending.frame);
}

function play(from) {
  const audio = player();
  if (!audio) return;
  if (from !== undefined) seek(from);
  if (from === undefined && !audio.paused) audio.pause();
  else audio.play().catch(() => {});
}

function moveTo(frame, book) {
  used = performance.now();
  cursor = {frame: Math.max(0, Math.min(view.data.frames - 1, frame)), book};
  const x = xOf(view, cursor.frame);
  if (x < GUTTER || x + view.px > view.width) scroller.scrollLeft += x - view.width / 2;
  showReadout(readout, view.data, cursor, true);
  draw();
}

function press(event) {
  if (!view.data || event.ctrlKey || event.altKey || event.metaKey) return;
  const at = cursor || {frame: Math.floor(now() / view.data.frame_s), book: 0}, book = at.book ?? 0;
  const spans = view.data.phonemes, here = spanAt(spans, at.frame);
  if (props.selectable && pressToChoose(event, here)) return event.stopPropagation();
  const step = cursor ? 1 : 0; // the first arrow shows where one is
  const actions = {
    ArrowLeft: () => moveTo(at.frame - step, book), ArrowRight: () => moveTo(at.frame + step, book),
    ArrowUp: () => moveTo(at.frame, Math.max(0, book - step)),
    ArrowDown: () => moveTo(at.frame, Math.min(view.data.codebooks - 1, book + step)),
    Home: () => moveTo(0, book), End: () => moveTo(view.data.frames - 1, book),
    PageUp: () => moveTo(spans[Math.max(0, here - 1)][1], book),
    PageDown: () => moveTo(spans[Math.min(spans.length - 1, here + 1)][1], book),
    Enter: () => play(at.frame), " ": () => play(),
    "+": () => zoom("in", at.frame), "=": () => zoom("in", at.frame), "-": () => zoom("out", at.frame), 0: () => zoom("fit"),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  event.stopPropagation(); // the page's player listens to arrows, too
  actions[event.key]();
}

function pointed(event) {
  const box = canvas.getBoundingClientRect();
  return hit(view, event.clientX - box.left, event.clientY - box.top);
}

function startOf(cell) {
  const spans = {word: view.data.words, phoneme: view.data.phonemes}[cell.lane];
  return spans ? spans[spanAt(spans, cell.frame)][1] : cell.frame;
}

canvas.addEventListener("pointerdown", (event) => {
  drag = null;
  const cell = props.selectable && view.data && pointed(event);
  if (!cell || !UNITS[cell.lane] || event.button || event.pointerType === "touch") return; // a finger scrolls
  drag = {lane: cell.lane, from: unitAt(view.data, cell), x: event.clientX, moved: false};
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (!view.data) return;
  used = performance.now();
  hover = pointed(event);
  if (drag && event.buttons && (drag.moved || Math.abs(event.clientX - drag.x) > 4)) {
    drag.moved = true;
    const frame = frameAt(view, event.clientX - canvas.getBoundingClientRect().left);
    anchor = drag.from;
    choose(reach(view.data, anchor, unitAt(view.data, {lane: drag.lane, frame})));
  }
  showReadout(readout, view.data, hover || cursor, false);
  draw();
});
canvas.addEventListener("pointerleave", () => {
  hover = null;
  if (view.data) showReadout(readout, view.data, cursor, false);
  draw();
});
canvas.addEventListener("click", (event) => {
  const cell = view.data && pointed(event);
  if (drag?.moved) return tellChoice();
  if (!cell) return;
  if (props.selectable && UNITS[cell.lane]) {
    const unit = unitAt(view.data, cell);
    if (!event.shiftKey || !chosen) anchor = unit;
    choose(reach(view.data, anchor, unit));
    head = unit[1] - 1;
    tellChoice();
  }
  cursor = {frame: startOf(cell), book: cell.book};
  showReadout(readout, view.data, cursor, false);
  listenTo(cell);
});
scroller.addEventListener("keydown", press);
scroller.addEventListener("scroll", () => {
  lead();
  draw();
});
scroller.addEventListener("focus", draw);
scroller.addEventListener("blur", draw);
scroller.addEventListener("wheel", (event) => {
  if (!event.ctrlKey || !view.data) return;
  event.preventDefault();
  zoom(event.deltaY < 0 ? "in" : "out", pointed(event)?.frame);
}, {passive: false});
for (const button of element.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => zoom(button.dataset.zoom));
}
select.addEventListener("change", restyle);
if (props.pair) {
  find("option[value=other]").hidden = false;
  select.value = "other";
}

// Media events do not bubble, but they are captured; the player may be made anew at any time.
const leaving = new AbortController(), forever = {capture: true, signal: leaving.signal};
for (const name of ["play", "pause", "seeked", "timeupdate", "loadedmetadata", "ended"]) {
  document.addEventListener(name, (event) => event.target === player() && draw(), forever);
}
document.addEventListener("phonelm:view", (event) => beLed(event.detail), forever);
document.addEventListener("loadedmetadata", (event) => {
  if (event.target !== player() || !pending) return;
  if (performance.now() < pending.until) seek(pending.frame);
  pending = null;
}, forever);
document.addEventListener("phonelm:show", (event) => props.live && show(event.detail.value), forever);
document.addEventListener("phonelm:run", () => (stale = true), forever);
document.addEventListener("phonelm:live", (event) => {
  if (!props.live) return;
  live = event.detail;
  if (live === null && view.data && !stale) follow();
  draw();
}, forever);
new ResizeObserver(() => {
  if (!view.data || !scroller.clientWidth) return;
  const isFitted = span.offsetWidth <= view.width + 1;
  measure();
  zoomTo(isFitted ? fitting() : view.px);
}).observe(scroller);
new MutationObserver(() => (element.isConnected ? restyle() : leaving.abort()))
  .observe(document.body, {attributes: true, attributeFilter: ["class"]});
watch("value", load);
load();
