// The grids of a pair have one time axis.
function lead() {
  if (!props.pair || scroller.scrollLeft === led) return;
  led = -1;
  const detail = {from: element, px: view.px, scroll: scroller.scrollLeft};
  document.dispatchEvent(new CustomEvent("phonelm:view", {detail}));
}

function beLed({from, px, scroll}) {
  if (!props.pair || from === element || !view.data) return;
  view.px = px;
  span.style.width = `${Math.ceil(GUTTER + view.data.frames * px)}px`;
  scroller.scrollLeft = scroll;
  led = scroller.scrollLeft; // less than what was asked for where this one is shorter
  draw();
}
