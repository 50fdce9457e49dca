// The voices' radio buttons become cards: under each name what the voice sounds like, and a button that plays it. The
// radio buttons stay, but Gradio 6.31 names each apart, which would make each a group of its own: here they are one tab
// stop, and arrows move. Enter on one of them plays its voice.

const cards = JSON.parse(props.value), sample = new Audio(), leaving = new AbortController();
let playing = "";

function show() {
  for (const button of document.querySelectorAll(`${props.radios} .card-play`)) {
    const isOn = button.dataset.voice === playing;
    button.classList.toggle("on", isOn);
    button.setAttribute("aria-label", `${isOn ? "Stop" : "Play"} a sample of ${button.dataset.name}`);
  }
}

function stop() {
  if (!playing) return;
  sample.pause();
  playing = "";
  show();
}

function play(voice) {
  const again = playing === voice;
  stop();
  if (again || !cards[voice]?.file) return;
  document.dispatchEvent(new CustomEvent("phonelm:stop"));
  const root = window.gradio_config?.root || location.origin;
  sample.src = `${root}/gradio_api/file=${cards[voice].file}`;
  playing = voice;
  sample.play().catch(stop);
  show();
}

function inputs() {
  return [...document.querySelectorAll(`${props.radios} input[type=radio]`)];
}

function oneTabStop() {
  const all = inputs(), chosen = all.find((input) => input.checked) || all[0];
  for (const input of all) input.tabIndex = input === chosen ? 0 : -1;
}

function move(from, step) {
  const all = inputs(), to = all[(all.indexOf(from) + step + all.length) % all.length];
  to.click();
  to.focus();
  oneTabStop();
}

function decorate() {
  const box = document.querySelector(props.radios);
  box?.setAttribute("role", "radiogroup");
  box?.setAttribute("aria-label", "Voice");
  for (const label of box?.querySelectorAll("label:has(input[type=radio])") || []) {
    const input = label.querySelector("input"), card = cards[input.value];
    if (!card || label.querySelector(".card-about")) continue;
    const name = label.querySelector("span")?.textContent.trim() || input.value, about = document.createElement("small");
    about.className = "card-about";
    about.textContent = card.about;
    label.append(about);
    label.dataset.voice = input.value;
    input.setAttribute("aria-keyshortcuts", "Enter");
    if (!card.file) continue;
    const button = document.createElement("button");
    Object.assign(button, {type: "button", className: "card-play", tabIndex: -1, title: "Play a sample (Enter)"});
    Object.assign(button.dataset, {voice: input.value, name});
    button.addEventListener("click", (event) => {
      event.preventDefault(); // of the label: the voice is heard, not chosen
      event.stopPropagation();
      play(input.value);
    });
    label.append(button);
  }
  show();
  oneTabStop();
}

sample.addEventListener("ended", stop);
document.addEventListener("phonelm:sound", stop, {signal: leaving.signal});
document.addEventListener("phonelm:stop", () => playing && stop(), {signal: leaving.signal});
document.addEventListener("keydown", (event) => {
  if (!element.isConnected) return leaving.abort();
  const input = event.target;
  const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
  if (event.ctrlKey || event.metaKey || !input.matches?.(`${props.radios} input`) || !(step || event.key === "Enter")) return;
  event.preventDefault();
  if (step) move(input, step);
  else play(input.value);
}, {signal: leaving.signal, capture: true});
new MutationObserver(decorate).observe(element.closest(".column, .gradio-container") || document.body,
  {childList: true, subtree: true, attributeFilter: ["aria-checked"]});
decorate();
