// How the word under the pointer or the focus is read; a form to change it; the user's dictionary.
// The words are buttons inside of `props.of`, made by the server; each holds what is known of it in data-read.

const at = (name) => element.querySelector(`.reading-${name}`);
const form = at("form"), leaving = new AbortController();
let entries = {}, edited = -1; // edited: the place of the word whose form is open

const buttons = () => [...document.querySelectorAll(`${props.of} [data-read]`)];
const wordAt = (event) => event.target.closest?.(`${props.of} [data-read]`);

function make(tag, text, className = "") {
  return Object.assign(document.createElement(tag), {textContent: text, className});
}

function show(button) {
  const read = JSON.parse(button.dataset.read), about = at("about");
  about.replaceChildren(make("b", read.written), " is read ");
  read.spoken.forEach((s, i) => {
    if (i) about.append(", ");
    about.append(make("i", s.word), " ", make("code", s.phones), ` (${s.source})`);
  });
  if (!read.spoken.length) about.append("as nothing");
  about.append(read.rule === props.plain ? "." : `; rule: ${read.rule}.`);
}

function walk(button, step) {
  const all = buttons(), next = all[all.indexOf(button) + step];
  if (next) next.focus();
}

function rove(button) { // one tab stop for all words
  for (const other of buttons()) other.tabIndex = other === button ? 0 : -1;
}

function open(button) {
  const read = JSON.parse(button.dataset.read);
  edited = buttons().indexOf(button);
  form.word.value = read.mine || read.key;
  form.said_as.value = read.spoken.map((s) => s.phones).join(" ");
  form.hidden = false;
  problem("");
  form.said_as.focus();
  form.said_as.select();
}

function close() {
  form.hidden = true;
  buttons()[edited]?.focus();
}

function problem(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

function entry() {
  return {word: form.word.value, said_as: form.said_as.value};
}

function list() {
  const words = Object.entries(entries);
  at("count").textContent = words.length ? `${words.length} ${words.length === 1 ? "word" : "words"}` : "no words";
  at("export").disabled = !words.length;
  at("list").replaceChildren(...words.map(([word, phones]) => {
    const item = make("li", ""), forget = make("button", "Forget");
    forget.type = "button";
    forget.setAttribute("aria-label", `Forget ${word}`);
    forget.addEventListener("click", () => trigger("forget", {word}));
    item.append(make("b", word), make("code", phones), forget);
    return item;
  }));
}

function save() {
  const text = Object.entries(entries).map(([word, phones]) => `${word}\t${phones}\n`).join("");
  const link = Object.assign(document.createElement("a"), {
    href: URL.createObjectURL(new Blob([text], {type: "text/tab-separated-values"})), download: "dictionary.tsv",
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function load() {
  const value = JSON.parse(props.value || "{}");
  if (value.entries) {
    entries = value.entries;
    list();
  }
  if ("problem" in value) problem(value.problem);
  if (value.sound) new Audio(`data:audio/wav;base64,${value.sound}`).play().catch(() => {});
  if (value.done) at("about").textContent = `Kept: ${value.done} is said ${entries[value.done] || ""}.`;
}

const inPage = (handle) => (event) => {
  if (!element.isConnected) return leaving.abort();
  const button = wordAt(event);
  if (button) handle(button, event);
};
const options = {signal: leaving.signal};
document.addEventListener("mouseover", inPage((button) => form.hidden && show(button)), options);
document.addEventListener("focusin", inPage((button) => { rove(button); show(button); }), options);
document.addEventListener("click", inPage(open), options);
document.addEventListener("keydown", inPage((button, event) => {
  const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
  if (step) event.preventDefault(), walk(button, step);
}), options);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  trigger("correct", entry());
});
form.addEventListener("keydown", (event) => event.key === "Escape" && close());
at("close").addEventListener("click", close);
at("hear").addEventListener("click", () => trigger("hear", entry()));
at("export").addEventListener("click", save);
watch("value", load);
load();
