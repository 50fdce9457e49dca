// Colours of the cells and their legend. Viridis is perceptually uniform (M. Smith and S. van der Walt, matplotlib);
// codes have no order, so they get hues of one lightness and chroma in OKLCH.

const VIRIDIS = ["#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151",
  "#bddf26", "#fde725"];
const STEPS = 64; // colours of a scale; canvas colours are strings, so they are made once
const SCALE = Array.from({length: STEPS}, (_, i) => between(VIRIDIS, i / (STEPS - 1)));
const HUE_STRIDE = 137.508; // degrees, the golden angle: neighbouring codes differ

function between(stops, share) {
  const place = share * (stops.length - 1), low = Math.min(stops.length - 2, Math.floor(place)), rest = place - low;
  const channel = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mixed = [0, 1, 2].map((i) => Math.round(channel(stops[low], i) * (1 - rest) + channel(stops[low + 1], i) * rest));
  return `rgb(${mixed.join(" ")})`;
}

function scaled(share) {
  return SCALE[Math.round(Math.max(0, Math.min(1, share)) * (STEPS - 1))];
}

// The colour of each cell: a function of the cell's number.
function cellColour(data, kind, theme) {
  if (kind === "code") return (i) => `oklch(0.72 0.13 ${(data.codes[i] * HUE_STRIDE) % 360})`;
  if (kind === "entropy") {
    const most = Math.max(100, data.mostEntropy);
    return (i) => scaled(data.entropy[i] / most);
  }
  if (kind === "other") {
    return (i) => (data.other[i] === data.codes[i] ? theme.faint : data.other[i] < 0 ? theme.lone : theme.accent);
  }
  if (kind === "clamp") return (i) => (data.isClamped.has(i) ? theme.mark : theme.faint);
  const chance = Math.log(1 / data.card); // from chance to certainty, on a logarithmic scale
  return (i) => scaled(1 - Math.log(Math.max(data.probability[i] / 1e4, 1 / data.card)) / chance);
}

const MEANING = {
  probability: "The colour shows how likely the chosen code was: yellow where the model was certain, dark where it was one of many.",
  entropy: "The colour shows the model's doubt in bits: dark where one code stood out, yellow where it could as well have been others.",
  code: "The colour shows which code was chosen; colours have no order, but the same one in a row is the same code.",
  clamp: "The colour shows where the clamp took away the model's first choice.",
  other: "The colour shows where the two speeches have different codes.",
};

function drawLegend(place, data, kind, theme) {
  const piece = (name, text, background) => {
    const span = document.createElement("span");
    span.className = name;
    span.textContent = text;
    if (background) span.style.background = background;
    return span;
  };
  const scale = `linear-gradient(to right, ${SCALE.join(",")})`;
  const pieces = {
    probability: () => [piece("", "chance"), piece("bar", "", scale), piece("", "certain")],
    entropy: () => [piece("", "0"), piece("bar", "", scale),
      piece("", `${(Math.max(100, data.mostEntropy) / 100).toFixed(1)} bits`)],
    code: () => [piece("", "one hue for each code")],
    clamp: () => (data.clamp === "off" ? [piece("", "the clamp was off")]
      : [piece("swatch", "", theme.mark), piece("", "changed"), piece("swatch", "", theme.faint), piece("", "not")]),
    other: () => [piece("swatch", "", theme.accent), piece("", "another code"), piece("swatch", "", theme.lone),
      piece("", "only here"), piece("swatch", "", theme.faint), piece("", "the same")],
  }[kind]();
  if (kind !== "clamp" && data.isClamped.size) pieces.push(piece("", "× clamp changed it"));
  place.replaceChildren(...pieces);
  place.setAttribute("aria-label", `Legend: ${pieces.map((p) => p.textContent).filter(Boolean).join(" to ")}`);
}

// The page's own colours, light or dark.
function readTheme(node) {
  const style = getComputedStyle(node), value = (name) => style.getPropertyValue(name).trim();
  return {
    ink: value("--body-text-color"), soft: value("--body-text-color-subdued"), line: value("--border-color-primary"),
    paper: value("--background-fill-primary"), faint: value("--border-color-primary"), accent: value("--color-accent"),
    mark: "#ef4444", lone: "#f59e0b", wave: "#3b82f6", pitch: "#8b5cf6", voiced: "rgb(139 92 246 / .14)", font: value("--font") || "sans-serif",
    word: ["rgb(59 130 246 / .22)", "rgb(59 130 246 / .34)"], phoneme: ["rgb(245 158 11 / .22)", "rgb(245 158 11 / .36)"],
    pause: "rgb(128 128 128 / .14)",
  };
}
