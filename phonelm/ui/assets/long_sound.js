// The sound of a long reading: the server hands out parts of it, which end between sentences; one <audio> element plays
// them one after the other. What is not made yet is waited for.

const PART_S = 40; // of a part; the first is shorter, so that it is there at once
const audio = element.querySelector("audio");
const sound = {ends: [], texts: [], rate: 24000, from: 0, to: 0, wanted: false, dry: false}; // samples; the part in the player

function root() {
  return (window.gradio_config?.root || location.origin).replace(/\/$/, "");
}

function address(what) {
  return `${root()}/long/${reading.name}/${what}`;
}

function madeSamples() {
  return sound.ends.at(-1) || 0;
}

// Samples from the start of all.
function place() {
  return Math.min(madeSamples(), sound.from + Math.round(audio.currentTime * sound.rate));
}

function pieceAt(sample) {
  const piece = sound.ends.findIndex((end) => sample < end);
  return piece < 0 ? sound.ends.length - 1 : piece;
}

function loadFrom(sample) {
  const last = sound.ends.filter((end) => end <= sample + PART_S * sound.rate).at(-1) || 0;
  const to = last > sample ? last : sound.ends[pieceAt(sample)] || 0;
  sound.dry = to <= sample;
  if (sound.dry) return;
  Object.assign(sound, {from: sample, to});
  audio.src = address(`sound.wav?first=${sample}&last=${to}&rate=${sound.rate}`);
}

function playSound() {
  sound.wanted = true;
  if (audio.ended || !audio.src || sound.dry) loadFrom(audio.src ? sound.to : 0);
  if (!sound.dry) audio.play().catch(() => {});
}

function pauseSound() {
  sound.wanted = false;
  audio.pause();
}

function seekSound(sample) {
  const inside = audio.src && sample >= sound.from && sample < sound.to && !sound.dry;
  if (inside) audio.currentTime = (sample - sound.from) / sound.rate;
  else loadFrom(Math.max(0, Math.min(sample, madeSamples() - 1)));
  if (sound.wanted) audio.play().catch(() => {});
}

// There is more of it.
function feedSound() {
  if (sound.wanted && (sound.dry || !audio.src)) playSound();
}

function forgetSound() {
  audio.removeAttribute("src");
  Object.assign(sound, {ends: [], texts: [], from: 0, to: 0, wanted: false, dry: false});
}

audio.addEventListener("ended", () => sound.wanted && playSound());
