// Sound that is still being made: 16-bit chunks are played one after the other, to the sample, as they arrive, and kept
// so that one can go back. The audio context has the sound's own rate, so that nothing is resampled at the seams. The
// event "phonelm:live" tells the page where it is (seconds, or null when it is silent); "phonelm:run" says that the
// sound of another run begins.

const LEAD_S = 0.25, REFILL_S = 0.8; // sound held back at the start, and after running dry, each time twice as long
const live = {context: null, run: "", taken: 0, begin: 0, end: 0, told: 0, complete: false, paused: false, buffers: [],
  sources: []};

function liveSeconds() {
  return live.buffers.reduce((sum, buffer) => sum + buffer.duration, 0);
}

function tellLive(position) {
  document.dispatchEvent(new CustomEvent("phonelm:live", {detail: position}));
}

function hush() {
  if (!live.context) return;
  live.context.close();
  Object.assign(live, {context: null, buffers: [], sources: []});
  tellLive(null);
  changed();
}

function silence() {
  for (const source of live.sources) source.stop();
  live.sources = [];
}

// Where the sound is that one hears; it rests while it has run dry.
function livePosition() {
  if (!live.paused && live.context.state === "running") {
    live.told = Math.max(live.told, Math.min(live.context.currentTime, live.end) - live.begin);
  }
  return live.told;
}

function startBuffer(buffer, offset = 0) {
  const source = live.context.createBufferSource();
  source.buffer = buffer;
  source.connect(live.context.destination);
  if (offset) source.start(live.end, offset);
  else source.start(live.end);
  live.sources.push(source);
  live.end += buffer.duration - offset;
}

function schedule(text, rate) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0)), view = new DataView(bytes.buffer);
  const buffer = live.context.createBuffer(1, bytes.length / 2, rate), samples = buffer.getChannelData(0);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  const isFirst = !live.buffers.length;
  live.buffers.push(buffer);
  element.dataset.seconds = liveSeconds().toFixed(3);
  if (live.paused) return;
  if (live.end < live.context.currentTime + 0.01) { // it ran dry, or this is the first chunk
    const gaps = Number(element.dataset.gaps);
    const start = live.context.currentTime + (isFirst ? LEAD_S : REFILL_S * 2 ** Math.min(gaps, 4));
    if (!isFirst) element.dataset.gaps = gaps + 1;
    live.begin += start - live.end;
    live.end = start;
  }
  startBuffer(buffer);
}

function pauseLive() {
  livePosition();
  live.paused = true;
  silence();
  tellLive(live.told);
}

function playLiveFrom(seconds) {
  silence();
  live.paused = false;
  live.context.resume();
  live.told = Math.max(0, Math.min(seconds, liveSeconds() - 0.02));
  live.end = live.context.currentTime + 0.03;
  live.begin = live.end - live.told;
  let before = 0;
  for (const buffer of live.buffers) {
    const offset = Math.max(0, live.told - before);
    before += buffer.duration;
    if (offset < buffer.duration) startBuffer(buffer, offset);
  }
}

function takeLive(message, isWanted) {
  if (message.run !== live.run) {
    hush();
    document.dispatchEvent(new CustomEvent("phonelm:run"));
    document.querySelectorAll("audio").forEach((audio) => audio.pause());
    Object.assign(live, {run: message.run, taken: 0, begin: 0, end: 0, told: 0, complete: false, paused: false});
    element.dataset.gaps = element.dataset.lost = "0";
    if (isWanted) {
      live.context = new AudioContext({sampleRate: message.rate});
      live.context.resume();
      document.dispatchEvent(new CustomEvent("phonelm:sound"));
    }
  }
  if (!live.context) return;
  element.dataset.lost = Number(element.dataset.lost) + Math.max(0, message.first - live.taken);
  message.chunks.slice(Math.max(0, live.taken - message.first)).forEach((chunk) => schedule(chunk, message.rate));
  live.taken = message.first + message.chunks.length;
  live.complete = message.last;
  if (live.complete && live.context.state !== "running") hush(); // the browser forbids sound that nobody asked for
}
