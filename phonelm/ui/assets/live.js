// Plays 16-bit chunks one after the other, to the sample, as they arrive. The audio context has the sound's own rate,
// so that nothing is resampled at the seams. Tells the page where it is by the event "phonelm:live" (seconds, or null
// when it is silent), and by "phonelm:run" that the sound of another run begins. The event "phonelm:hush" silences it.

const LEAD_S = 0.25, REFILL_S = 0.8; // sound held back at the start, and after running dry, each time twice as long
const box = element.querySelector("input"), state = element.querySelector(".live-state");
let context = null, run = "", taken = 0, begin = 0, end = 0, told = 0, complete = false, ticking = 0;

function tell(position) {
  document.dispatchEvent(new CustomEvent("phonelm:live", {detail: position}));
}

function hush() {
  if (!context) return;
  context.close();
  context = null;
  cancelAnimationFrame(ticking);
  state.textContent = "";
  tell(null);
}

function tick() {
  if (complete && context.currentTime >= end) return hush();
  told = Math.max(told, Math.min(context.currentTime, end) - begin); // it rests while it has run dry
  if (context.state === "running") {
    state.textContent = `♪ ${told.toFixed(1)} s`;
    tell(told);
  }
  ticking = requestAnimationFrame(tick);
}

function schedule(text, rate) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), view = new DataView(bytes.buffer);
  const buffer = context.createBuffer(1, bytes.length / 2, rate), samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  if (end < context.currentTime + 0.01) { // it ran dry, or this is the first chunk
    const gaps = Number(element.dataset.gaps);
    const start = context.currentTime + (end ? REFILL_S * 2 ** Math.min(gaps, 4) : LEAD_S);
    if (end) element.dataset.gaps = gaps + 1;
    begin += start - end;
    end = start;
  }
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start(end);
  end += buffer.duration;
  element.dataset.seconds = (end - begin).toFixed(3);
}

function take() {
  const message = props.value ? JSON.parse(props.value) : null;
  if (!message) return hush();
  if (message.run !== run) {
    hush();
    document.dispatchEvent(new CustomEvent("phonelm:run"));
    document.querySelectorAll("audio").forEach((audio) => audio.pause());
    run = message.run;
    taken = begin = end = told = 0;
    complete = false;
    element.dataset.gaps = element.dataset.lost = "0";
    document.dispatchEvent(new CustomEvent("phonelm:run"));
    if (box.checked) {
      document.querySelectorAll("audio").forEach((audio) => audio.pause());
      context = new AudioContext({sampleRate: message.rate});
      context.resume();
      tick();
    }
  }
  if (!context) return;
  element.dataset.lost = Number(element.dataset.lost) + Math.max(0, message.first - taken);
  message.chunks.slice(Math.max(0, taken - message.first)).forEach((chunk) => schedule(chunk, message.rate));
  taken = message.first + message.chunks.length;
  complete = message.last;
  if (complete && context.state !== "running") hush(); // the browser forbids sound that nobody asked for
}

box.addEventListener("change", () => box.checked || hush());
document.addEventListener("phonelm:hush", hush);
document.addEventListener("play", hush, true); // the page's players
watch("value", take);
