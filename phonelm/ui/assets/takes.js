// Every speech as a row: replay it, go on in it at the same place, rename, download or delete it. Sound and grid of a
// take are in the browser; the server is told which one is shown, so that it can be edited while it still knows it.

const ROWS = 30, WAIT_MS = 50, TRIES = 200; // rows of one visit; how long sound and grid of a new take are waited for
const section = element.querySelector("section"), list = element.querySelector("ol");
const ICONS = {play: "M7 4.5v15l13-7.5z", swap: "M4 8h14l-4-4M20 16H6l4 4", save: "M12 3v12m-5-5 5 5 5-5M4 20h16",
  name: "M4 20h4L19 9l-4-4L4 16z", drop: "M4 6h16M9 6V3h6v3M6 6l1 15h10l1-15"};
let takes = [], current = "", renaming = "";

function audio() {
  return document.querySelector(props.player);
}

function icon(kind, label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = label;
  button.setAttribute("aria-label", label);
  button.dataset.act = kind;
  if (kind === "play") button.className = "full";
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[kind]}"/></svg>`;
  button.addEventListener("click", act);
  return button;
}

function piece(tag, name, text) {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

function nameOf(take) {
  return take.name || take.text;
}

function row(take) {
  const item = document.createElement("li"), what = piece("div", "what", ""), about = nameOf(take);
  item.dataset.key = take.key;
  if (take.key === current) item.setAttribute("aria-current", "true");
  const facts = [take.voice, `${take.seconds.toFixed(1)} s`, `seed ${take.seed}`];
  if (take.edits) facts.push("edited");
  what.append(take.key === renaming ? nameBox(take) : piece("span", "name", about), piece("span", "facts", facts.join(" · ")));
  const parts = [icon("play", `Play “${about}”`, () => start(take, 0)), what];
  if (take.key !== current) parts.push(icon("swap", `Go on in “${about}” at the same place`, () => start(take, share())));
  parts.push(icon("name", `Rename “${about}”`, () => rename(take)), icon("save", `Download “${about}” as WAV`, () => save(take)),
    icon("drop", `Delete “${about}”`, () => drop(take)));
  item.append(...parts);
  return item;
}

function draw(focus) {
  section.hidden = !takes.length;
  list.replaceChildren(...takes.map(row));
  if (focus) list.querySelector(focus)?.focus();
}

function nameBox(take) {
  const box = Object.assign(document.createElement("input"), {className: "name", value: nameOf(take), maxLength: 120});
  box.setAttribute("aria-label", "Name of the take");
  const done = (isKept) => {
    if (renaming !== take.key) return;
    renaming = "";
    if (isKept) take.name = box.value.trim();
    if (isKept && take.wav) storeTake(take, props.kept);
    draw(`li[data-key="${take.key}"] [data-act=name]`);
  };
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") done(true);
    if (event.key === "Escape") done(false);
  });
  box.addEventListener("blur", () => done(true));
  return box;
}

function rename(take) {
  renaming = take.key;
  draw("input.name");
  list.querySelector("input.name")?.select();
}

function drop(take) {
  const at = takes.indexOf(take);
  takes = takes.filter((other) => other !== take);
  forgetTake(take.key);
  draw(`li:nth-child(${Math.min(at + 1, takes.length)}) [data-act=drop]`);
}

function save(take) {
  const link = document.createElement("a"), words = nameOf(take).replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40);
  link.href = URL.createObjectURL(take.wav);
  link.download = `phonelm-${words.replace(/^-|-$/g, "")}.wav`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// How much of the take that is shown has been heard.
function share() {
  const player = audio();
  return player?.duration ? player.currentTime / player.duration : 0;
}

// Play a take from a share of it on.
function start(take, from) {
  if (!take.wav) return;
  document.dispatchEvent(new CustomEvent("phonelm:stop"));
  const player = audio();
  if (take.key !== current || !player) show(take);
  const go = () => document.dispatchEvent(new CustomEvent("phonelm:play", {detail: {from: from * take.seconds}}));
  if (audio().readyState >= 1) go();
  else audio().addEventListener("loadedmetadata", go, {once: true});
}

function show(take) {
  const player = audio();
  if (player.src.startsWith("blob:")) URL.revokeObjectURL(player.src);
  player.autoplay = false;
  player.src = URL.createObjectURL(take.wav);
  current = take.key;
  document.dispatchEvent(new CustomEvent("phonelm:show", {detail: {value: take.grid}}));
  trigger("choose", {key: take.key});
  draw(`li[data-key="${take.key}"] [data-act=play]`);
}

async function fill(take) {
  for (let i = 0; i < TRIES; i++) {
    const player = audio();
    if (player?.src.includes(`take-${take.key}`) && window.phonelmGrid?.take === take.key) {
      const answer = await fetch(player.src);
      if (!answer.ok) return;
      take.wav = await answer.blob();
      take.grid = window.phonelmGrid.value;
      if (take.key !== "opening") await storeTake(take, props.kept);
      element.dataset.stored = take.key;
      return;
    }
    await new Promise((done) => setTimeout(done, WAIT_MS));
  }
}

function add() {
  if (!props.value) return;
  const take = {...JSON.parse(props.value), time: Date.now(), name: ""};
  current = take.key;
  if (!takes.some(({key}) => key === take.key)) {
    const old = takes.find(({key}) => key === take.replaces); // the same codes at another speed or pitch
    if (old) {
      take.name = old.name;
      forgetTake(old.key);
    }
    takes = [take, ...takes.filter((other) => other !== old)].slice(0, ROWS);
    fill(take);
  }
  draw();
}

watch("value", add);
add();
storedTakes().then((stored) => {
  takes = [...takes, ...stored.filter(({key}) => !takes.some((take) => take.key === key))];
  draw();
});
