// The pitch of voiced frames on a logarithmic scale, and the names of notes.

const NOTES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const ROUND_HZ = [50, 75, 100, 150, 200, 300, 400, 600, 800]; // marks of the scale

// The nearest note and how far it is: A4 is 440 Hz, a semitone has 100 cents.
function noteOf(hz) {
  const place = 69 + 12 * Math.log2(hz / 440), nearest = Math.round(place), cents = Math.round(100 * (place - nearest));
  const name = `${NOTES[nearest % 12]}${Math.floor(nearest / 12) - 1}`;
  return cents ? `${name} ${cents > 0 ? "+" : "−"}${Math.abs(cents)} cents` : name;
}

function pitchText(data, frame) {
  if (!data.f0.length) return "";
  const hz = data.f0[frame];
  return hz ? `${Math.round(hz)} Hz, ${noteOf(hz)}` : "unvoiced";
}

// Lowest and highest pitch of the whole speech, with some air.
function pitchRange(data) {
  const voiced = data.f0.filter((hz) => hz);
  const low = voiced.reduce((a, b) => Math.min(a, b), Infinity), high = voiced.reduce((a, b) => Math.max(a, b), 0);
  return voiced.length ? [low / 1.1, high * 1.1] : null;
}

function yOfPitch([low, high], hz) {
  return TOPS.pitch + PITCH * (1 - Math.log(hz / low) / Math.log(high / low));
}

function drawPitch(c, view, first, last) {
  const {data, theme, px} = view, range = pitchRange(data);
  if (!range) return;
  c.fillStyle = theme.voiced;
  c.strokeStyle = theme.pitch;
  c.lineWidth = 2;
  c.lineJoin = "round";
  const from = Math.max(0, first - 1), to = Math.min(data.frames, last + 1);
  for (let t = from; t < to; t++) {
    if (!data.f0[t]) continue;
    let end = t;
    while (end < to && data.f0[end]) end++;
    c.fillRect(xOf(view, t), TOPS.pitch, (end - t) * px, PITCH);
    c.beginPath();
    c.moveTo(xOf(view, t + (end === t + 1 ? 0.2 : 0.5)), yOfPitch(range, data.f0[t]));
    for (let i = t; i < end; i++) c.lineTo(xOf(view, i + 0.5), yOfPitch(range, data.f0[i]));
    if (end === t + 1) c.lineTo(xOf(view, t + 0.8), yOfPitch(range, data.f0[t])); // one frame has no line, so a dash
    c.stroke();
    t = end;
  }
  c.lineWidth = 1;
}

function drawPitchScale(c, view, name) {
  const range = pitchRange(view.data), marks = range ? ROUND_HZ.filter((hz) => hz > range[0] && hz < range[1]) : [];
  let above = Infinity;
  for (const hz of marks) {
    const y = Math.max(TOPS.pitch + 6, Math.min(TOPS.pitch + PITCH - 6, yOfPitch(range, hz)));
    if (above - y < 11) continue;
    name(`${hz} Hz`, y);
    above = y;
  }
  if (!marks.length) name(view.data.f0.length ? "pitch" : "no pitch", TOPS.pitch + PITCH / 2);
}
