// Ctrl or Cmd with Enter generates, from anywhere in the tab. On a small screen the result is scrolled into view.
const GO = "#generate, #compare-generate, #long-generate";

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const go = [...document.querySelectorAll(GO)].find((button) => button.offsetParent && !button.disabled);
  if (!go) return;
  event.preventDefault();
  go.click();
}, true);
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#generate")) return;
  const place = document.querySelector("#live-sound"), edge = place?.getBoundingClientRect().bottom;
  if (!place || edge <= innerHeight) return;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  document.querySelector("#status").scrollIntoView({behavior, block: innerWidth < 700 ? "start" : "center"});
});

// Gradio says that a slider was released only for the pointer. Keys and the number beside it release it here.
const SLIDERS = "#speed input, #pitch input, #intonation input";
for (const name of ["keyup", "change"]) {
  document.addEventListener(name, (event) => {
    if (!event.target.matches?.(SLIDERS)) return;
    const isMoved = name === "keyup" ? event.target.type === "range" && event.key !== "Tab" : event.target.type === "number";
    if (isMoved) event.target.dispatchEvent(new PointerEvent("pointerup", {bubbles: true}));
  }, true);
}
