// The badge: what differs from its default. `values` end with the seed and whether it is kept.
function badge(facts, values) {
  const named = (value) => String(Number.isFinite(value) ? +value.toFixed(2) : value);
  const differs = facts.flatMap(([label, value], i) => (values[i] === value ? [] : [`${label} ${named(values[i])}`]));
  const [seed, isKept] = values.slice(facts.length);
  if (isKept) differs.push(`Seed ${seed}`);
  const list = document.createElement("p");
  list.append("Changed: ", ...differs.map((text) => Object.assign(document.createElement("span"), {textContent: text})));
  return differs.length ? list.outerHTML : "";
}
