// Of two players one is heard at a time. The button goes on in the other, at the same share of the same phoneme: the
// value has, for each player, the seconds at which each phoneme begins, and the end.

const button = element.querySelector(".swap"), leaving = new AbortController();
let last = 1; // the player that was heard last; before any, the button starts the first

function players() {
  return props.players.map((selector) => document.querySelector(selector));
}

function across(seconds, from, to) {
  const i = Math.max(0, Math.min(from.length - 2, from.findLastIndex((start) => start <= seconds)));
  return to[i] + (seconds - from[i]) / (from[i + 1] - from[i]) * (to[i + 1] - to[i]);
}

function swap() {
  const starts = JSON.parse(props.value), both = players(), next = 1 - last, seconds = both[last].currentTime;
  both[next].currentTime = across(both[last].ended ? 0 : seconds, starts[last], starts[next]);
  both[last].pause(); // at once: the event comes later
  both[next].play().catch(() => {});
}

function load() {
  button.disabled = !props.value;
  last = 1;
}

document.addEventListener("play", (event) => {
  if (!element.isConnected) return leaving.abort();
  const both = players(), here = both.indexOf(event.target);
  if (here < 0) return;
  last = here;
  both[1 - here]?.pause();
}, {capture: true, signal: leaving.signal});
button.addEventListener("click", swap);
watch("value", load);
load();
