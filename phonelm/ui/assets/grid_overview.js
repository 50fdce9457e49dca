// The strip above the grid: the whole waveform, and a window on the part that is shown. Dragging it moves the grid.

const STRIP = 30; // pixels
const strip = element.querySelector(".grid-overview"), pen = strip.getContext("2d");
let stripWidth = 0;

function measureOverview(width, dots) {
  stripWidth = width;
  strip.style.width = `${width}px`;
  strip.style.height = `${STRIP}px`;
  strip.width = Math.round(width * dots);
  strip.height = Math.round(STRIP * dots);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
}

function drawOverview(view, seconds) {
  const {data, theme} = view, bins = data.wave.length / 2, step = stripWidth / bins;
  pen.clearRect(0, 0, stripWidth, STRIP);
  pen.fillStyle = theme.wave;
  for (let x = 0; x < stripWidth; x++) {
    let low = 0, high = 0;
    for (let i = Math.floor(x / step); i <= Math.min(bins - 1, (x + 1) / step); i++) {
      low = Math.min(low, data.wave[2 * i]);
      high = Math.max(high, data.wave[2 * i + 1]);
    }
    pen.fillRect(x, STRIP / 2 - high / 100 * (STRIP / 2 - 2), 1, Math.max(1, (high - low) / 100 * (STRIP / 2 - 2)));
  }
  const whole = data.frames * view.px, left = view.scroll / whole * stripWidth;
  const width = Math.min(1, (view.width - GUTTER) / whole) * stripWidth;
  pen.fillStyle = theme.paper;
  pen.globalAlpha = 0.7;
  pen.fillRect(0, 0, left, STRIP);
  pen.fillRect(left + width, 0, stripWidth - left - width, STRIP);
  pen.globalAlpha = 1;
  pen.strokeStyle = theme.accent;
  pen.lineWidth = 2;
  pen.strokeRect(left + 1, 1, Math.max(4, width - 2), STRIP - 2);
  pen.fillStyle = theme.ink;
  pen.fillRect(seconds / data.frame_s / data.frames * stripWidth - 1, 0, 2, STRIP);
}

function moveByOverview(event) {
  if (!view.data || !event.buttons) return;
  const share = (event.clientX - strip.getBoundingClientRect().left) / stripWidth;
  used = performance.now();
  scroller.scrollLeft = share * view.data.frames * view.px - (view.width - GUTTER) / 2;
}

strip.addEventListener("pointerdown", (event) => {
  strip.setPointerCapture(event.pointerId);
  moveByOverview(event);
});
strip.addEventListener("pointermove", moveByOverview);
