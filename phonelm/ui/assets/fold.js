// The button of a part that is folded away.
const button = element.querySelector("button");
button.addEventListener("click", () => {
  const isOpen = button.closest(".fold").classList.toggle("open");
  button.setAttribute("aria-expanded", isOpen);
  if (isOpen) trigger("expand");
});
