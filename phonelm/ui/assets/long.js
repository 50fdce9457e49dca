// A long reading as it grows: play, seek, chapters, files. The server says that there is more; what it is, is fetched. The
// browser remembers the reading and the place in it, so that both outlive a reload.

const KEY = `phonelm:long:${location.pathname}`, BUSY_MS = 3000, SAVE_MS = 2000;
const get = (selector) => element.querySelector(selector);
const section = get("section"), button = get(".play"), slider = get(".seek"), clock = get(".time"), now = get(".now");
const list = get(".chapters"), goOn = get(".go-on"), drop = get(".delete"), files = {mp3: get(".mp3"), srt: get(".srt")};
const reading = {name: "", state: "", chapters: [], pieces: 0, title: ""};
const leaving = new AbortController(), forever = {capture: true, signal: leaving.signal};
let dragging = false, fetching = null, again = false, saved = 0;

function asTime(samples) {
  const s = Math.floor(samples / sound.rate), two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function startOf(chapter) {
  return chapter ? sound.ends[reading.chapters[chapter][1] - 1] : 0;
}

function remember() {
  saved = performance.now();
  try {
    if (reading.name) localStorage.setItem(KEY, JSON.stringify({name: reading.name, at: place()}));
    else localStorage.removeItem(KEY);
  } catch {} // full, or forbidden
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
}

function open(name) {
  forgetSound();
  Object.assign(reading, {name, state: "", chapters: [], pieces: 0, title: ""});
  list.replaceChildren();
}

async function fetchMore() {
  again = Boolean(fetching);
  if (fetching || !reading.name) return;
  const name = reading.name;
  fetching = fetch(address(`state?first=${sound.ends.length}`));
  try {
    const answer = await fetching;
    if (name !== reading.name) again = true;
    else if (answer.status === 404) open("");
    else if (answer.ok) take(await answer.json());
  } catch {} // the server is away; what is here stays
  fetching = null;
  if (again) return fetchMore();
  remember();
  changed();
}

function take(found) {
  for (const [end, text] of found.said) {
    sound.ends.push(end);
    sound.texts.push(text);
  }
  Object.assign(sound, {rate: found.rate});
  Object.assign(reading, {title: found.title, pieces: found.pieces, chapters: found.chapters});
  if (found.done) reading.state = "done";
  else if (reading.state !== "reading") reading.state = found.busy ? "elsewhere" : "stopped";
  if (reading.state === "elsewhere") setTimeout(fetchMore, BUSY_MS);
  if (list.children.length !== (found.chapters.length > 1 ? found.chapters.length : 0)) listChapters();
  feedSound();
}

function listChapters() {
  list.replaceChildren(...reading.chapters.map(([title], i) => {
    const item = document.createElement("li"), go = document.createElement("button");
    go.type = "button";
    go.append(Object.assign(document.createElement("span"), {textContent: title}), document.createElement("span"));
    go.addEventListener("click", () => {
      seekSound(startOf(i));
      playSound();
      changed();
    });
    item.append(go);
    return item;
  }));
}

function changed() {
  section.hidden = !reading.name;
  if (section.hidden) return;
  const at = place(), made = madeSamples(), isOn = sound.wanted, piece = pieceAt(Math.min(at, made - 1));
  get("h3").textContent = reading.title;
  button.classList.toggle("on", isOn);
  button.setAttribute("aria-label", isOn ? "Pause" : "Play");
  button.disabled = slider.disabled = !made;
  slider.max = made / sound.rate || 1;
  if (!dragging) slider.value = at / sound.rate;
  slider.setAttribute("aria-valuetext", `${asTime(at)} of ${asTime(made)}`);
  clock.textContent = `${asTime(at)} / ${asTime(made)}`;
  const waits = sound.wanted && sound.dry;
  now.textContent = waits ? "The next sentence is being made …" : sound.texts[piece] || "The first sentence is being made …";
  now.classList.toggle("soft", waits || !made);
  let current = -1;
  [...list.children].forEach((item, i) => {
    const start = startOf(i), go = item.firstChild;
    go.disabled = start === undefined || start >= made;
    go.lastChild.textContent = go.disabled ? "" : asTime(start);
    if (!go.disabled && start <= at) current = i;
  });
  [...list.children].forEach((item, i) => {
    if (i === current) item.firstChild.setAttribute("aria-current", "true");
    else item.firstChild.removeAttribute("aria-current");
  });
  goOn.hidden = reading.state !== "stopped";
  drop.disabled = reading.state === "reading" || reading.state === "elsewhere";
  for (const [kind, link] of Object.entries(files)) {
    link.hidden = reading.state !== "done";
    link.href = address(`reading.${kind}`);
  }
  files.mp3.textContent = reading.chapters.length > 1 ? "MP3 with chapters" : "MP3";
  Object.assign(element.dataset, {state: reading.state, made: (made / sound.rate).toFixed(1), pieces: sound.ends.length});
}

// A message of the server: which reading it works on, and how it goes.
function told() {
  if (!props.value) return;
  const {name = reading.name, state, fresh} = JSON.parse(props.value);
  if (name !== reading.name) {
    open(name);
    sound.wanted = fresh; // it plays as soon as there is something
  }
  reading.state = state;
  fetchMore();
  changed();
}

button.addEventListener("click", () => {
  if (sound.wanted) pauseSound();
  else playSound();
  remember();
  changed();
});
slider.addEventListener("pointerdown", () => (dragging = true));
slider.addEventListener("change", () => {
  dragging = false;
  seekSound(Math.round(slider.value * sound.rate));
  remember();
  changed();
});
slider.addEventListener("input", () => {
  clock.textContent = `${asTime(slider.value * sound.rate)} / ${asTime(madeSamples())}`;
});
goOn.addEventListener("click", () => trigger("go_on", {name: reading.name}));
drop.addEventListener("click", async () => {
  if (!confirm("Delete this reading, with all its sound?")) return;
  pauseSound();
  await fetch(address("").replace(/\/$/, ""), {method: "DELETE"});
  open("");
  remember();
  changed();
});
audio.addEventListener("timeupdate", () => {
  if (performance.now() - saved > SAVE_MS) remember();
  changed();
});
for (const name of ["play", "pause", "ended", "loadedmetadata"]) audio.addEventListener(name, changed);
document.addEventListener("play", (event) => { // another player of the page
  if (!element.isConnected) leaving.abort();
  else if (event.target !== audio) pauseSound();
}, forever);
for (const name of ["phonelm:stop", "phonelm:sound"]) {
  document.addEventListener(name, () => {
    pauseSound();
    changed();
  }, forever);
}
watch("value", told);
const before = remembered();
if (props.value) told();
else if (before.name) {
  open(before.name);
  fetchMore().then(() => {
    if (before.at && before.at < madeSamples()) loadFrom(before.at);
    changed();
  });
}
