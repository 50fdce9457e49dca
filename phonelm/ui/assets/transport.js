// One transport for sound that is being made and for the finished file: play, pause, seek; the words light up. The
// event "phonelm:stop" silences everything, "phonelm:hush" only the sound that is being made.

const box = element.querySelector(".live input"), button = element.querySelector(".play");
const slider = element.querySelector(".seek"), clock = element.querySelector(".time");
const along = element.querySelector(".read-along"), leaving = new AbortController();
const forever = {capture: true, signal: leaving.signal};
let words = [], lit = -1, ticking = 0, dragging = false, until = null; // `until`: where a part that is heard alone ends

function file() {
  return document.querySelector(props.player);
}

function isLive() {
  return live.context !== null;
}

function isSounding() {
  if (isLive()) return !live.paused;
  return Boolean(file() && !file().paused && !file().ended);
}

function position() {
  return isLive() ? livePosition() : file()?.currentTime || 0;
}

function seconds() {
  return isLive() ? liveSeconds() : file()?.duration || 0;
}

function asTime(s) {
  return `${Math.floor(s / 60)}:${(s % 60).toFixed(1).padStart(4, "0")}`;
}

function showWords(spans) {
  const text = JSON.stringify(spans);
  if (along.dataset.words === text) return;
  along.dataset.words = text;
  words = spans;
  lit = -1;
  along.hidden = !spans.length;
  along.replaceChildren(...spans.flatMap(([word, start], i) => {
    const span = document.createElement("span");
    span.textContent = word;
    span.dataset.i = i;
    if (start === undefined) span.className = "to-come";
    return [span, " "];
  }));
}

function light(now) {
  const next = isSounding() ? words.findIndex(([, start, end]) => start <= now && now < end) : -1;
  if (next === lit) return;
  along.querySelector(".now")?.classList.remove("now");
  lit = next;
  if (lit < 0) return;
  const span = along.children[lit];
  span.classList.add("now");
  const above = span.offsetTop - along.offsetTop - along.scrollTop;
  if (above < 0 || above > along.clientHeight - span.offsetHeight) along.scrollTop += above;
}

function changed() {
  const isOn = isSounding(), now = position(), all = seconds();
  button.classList.toggle("on", isOn);
  button.setAttribute("aria-label", isOn ? "Pause" : "Play");
  button.disabled = slider.disabled = !all;
  slider.max = all || 1;
  if (!dragging) slider.value = now;
  slider.setAttribute("aria-valuetext", `${now.toFixed(1)} of ${all.toFixed(1)} seconds`);
  clock.textContent = all ? `${asTime(now)} / ${asTime(all)}` : "0:00.0";
  light(now);
  releaseStop(isOn);
  if (isOn && !ticking) ticking = requestAnimationFrame(tick);
}

function tick() {
  ticking = 0;
  if (!element.isConnected) return leave();
  if (isLive()) {
    const now = livePosition();
    if (live.complete && live.context.currentTime >= live.end && !live.paused) return hush();
    if (live.context.state === "running" && !live.paused) tellLive(now);
  } else if (until !== null && position() >= until) {
    until = null;
    file()?.pause();
  }
  changed();
}

function play(from, end = null) {
  if (isLive()) return playLiveFrom(from ?? livePosition());
  const audio = file();
  if (!audio) return;
  until = end;
  if (from !== undefined) audio.currentTime = from;
  audio.play().catch(() => {});
}

function pause() {
  until = null;
  if (isLive()) pauseLive();
  else file()?.pause();
  changed();
}

function seek(to) {
  until = null;
  if (isLive() && isSounding()) playLiveFrom(to);
  else if (isLive()) {
    live.told = Math.min(to, liveSeconds());
    tellLive(live.told);
  } else if (file()) file().currentTime = to;
  changed();
}

function stopAll() {
  hush();
  until = null;
  document.querySelectorAll("audio").forEach((audio) => audio.pause());
  changed();
}

// Stop can be pressed until it is silent, not only until the speech is made.
function releaseStop(isOn) {
  const stop = document.querySelector("#stop"), go = document.querySelector("#generate");
  if (!stop || !go) return;
  const wanted = !(isOn || go.disabled);
  if (stop.disabled !== wanted) stop.disabled = wanted;
}

function leave() {
  leaving.abort();
  observer.disconnect();
}

function take() {
  const message = props.value ? JSON.parse(props.value) : null;
  if (!message) hush();
  else {
    takeLive(message, box.checked);
    showWords(message.words);
  }
  changed();
}

button.addEventListener("click", () => (isSounding() ? pause() : play()));
slider.addEventListener("pointerdown", () => (dragging = true));
slider.addEventListener("change", () => (dragging = false));
slider.addEventListener("input", () => seek(Number(slider.value)));
along.addEventListener("click", (event) => {
  const start = words[event.target.dataset?.i]?.[1];
  if (start !== undefined) play(start);
});
// Other sound has come that shall be heard at once; the player gets its address in the next frame.
async function playFresh() {
  for (let i = 0; i < 2; i++) await new Promise((done) => requestAnimationFrame(done));
  hush();
  file()?.play().catch(() => {});
}

document.addEventListener("phonelm:fresh", playFresh, forever);
box.addEventListener("change", () => box.checked || hush());
document.addEventListener("phonelm:hush", hush, forever);
document.addEventListener("phonelm:stop", stopAll, forever);
document.addEventListener("phonelm:play", ({detail}) => {
  hush();
  play(detail.from, detail.until ?? null);
}, forever);
document.addEventListener("phonelm:grid", ({detail}) => {
  if (detail.id !== props.grid) return;
  if (!isLive() || live.complete) showWords(detail.words);
  changed();
}, forever);
document.addEventListener("play", (event) => { // one of the page's players
  hush();
  if (event.target === file()) document.dispatchEvent(new CustomEvent("phonelm:sound"));
}, forever);
for (const name of ["play", "pause", "seeked", "timeupdate", "loadedmetadata", "ended", "emptied"]) {
  document.addEventListener(name, (event) => event.target === file() && changed(), forever);
}
const observer = new MutationObserver(() => releaseStop(isSounding()));
const buttons = document.querySelector("#stop")?.parentElement;
if (buttons) observer.observe(buttons, {attributes: true, subtree: true, attributeFilter: ["disabled"]});
watch("value", take);
if (window.phonelmGrid) showWords(window.phonelmGrid.words);
changed();
