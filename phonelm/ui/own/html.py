"""Recordings and progress of an adaptation as HTML. Everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from phonelm.ui.html import problem
from phonelm.ui.own.folder import Recording, State
from phonelm.ui.own.sentences import SENTENCES

NO_GAIN = (
    "Nothing that was learned was better than the clip alone, so that is what the voice file holds. Record more, or "
    "give it more minutes."
)
ENOUGH_S, GOOD_S = 30.0, 120.0  # seconds of speech that suffice, and that are good


def sentence_card(index: int) -> str:
    """The sentence to read."""
    if index >= len(SENTENCES):
        return "<p class=own-count>That is all</p><p class=own-sentence>Thank you. Go on with step 2.</p>"
    return (
        f"<p class=own-count>Sentence {index + 1} of {len(SENTENCES)}</p>"
        f"<p class=own-sentence>{escape(SENTENCES[index])}</p>"
    )


def recording_list(recordings: Sequence[Recording]) -> str:
    """How much there is, and what is wrong or could be better."""
    total_s = sum(r.quality.speech_s for r in recordings if r.quality)
    missing = ENOUGH_S - total_s
    hint = f"at least {missing:.0f} s more" if missing > 0 else "enough; two minutes are better"
    hint = "as much as helps" if total_s >= GOOD_S else hint
    line = f"<p><b>{len(recordings)} recordings, {total_s:.0f} s of speech</b> – {hint}</p>"
    meter = f"<progress max={GOOD_S:.0f} value={min(total_s, GOOD_S):.0f} aria-label='seconds of speech'></progress>"
    advice = [(r.name, text) for r in recordings if r.quality for text in r.quality.advice]
    notes = "".join(f"<p class=note>Recording {escape(name)}: {escape(text)}</p>" for name, text in advice[-3:])
    return line + meter + notes


def added(recording: Recording) -> str:
    """What came of the last recording."""
    if recording.problem or recording.quality is None:
        return problem(f"Not kept: {recording.problem}")
    quality = recording.quality
    facts = f"{quality.speech_s:.1f} s of speech, {quality.snr_db:.0f} dB above the noise"
    better = "".join(f"<p class=note>{escape(text)}</p>" for text in quality.advice)
    return f"<p>Kept: {facts}</p>{better}"


def progress_html(state: State) -> str:
    """Stage, time left, likeness and errors, and what was left out."""
    if state.failed:
        return problem(state.failed)
    if not state.stage and not state.running:
        return ""
    left = f", {state.left}" if state.left and state.running and not state.done else ""
    stopped = "" if state.running or state.done else " (stopped: Start goes on)"
    bar = f"<progress max=1 value={state.share:.3f} aria-label='share of the time'></progress>"
    lines = f"<p>{escape(state.stage or 'Starting')}{left}{stopped}</p>{bar}"
    if state.history:
        first, now = state.history[0], state.figures or state.history[-1]
        lines += (
            f"<p>Likeness {now['likeness']:.2f} (with the clip alone {first['likeness']:.2f}), words misheard "
            f"{now['word_errors']:.0%} ({first['word_errors']:.0%})</p>"
        )
    if state.figures and not state.figures["minutes_of_training"]:
        lines += f"<p class=note>{NO_GAIN}</p>"
    return lines + _curves(state.history) + _left_out(state.left_out)


def _curves(history: Sequence[dict[str, float]]) -> str:
    """Likeness and share of misheard words over the minutes, as SVG; nothing before there are two points."""
    if len(history) < 2 or history[-1]["seconds"] <= 0:
        return ""
    width, height = 300, 100
    shown = []
    for key, label in (("likeness", "likeness"), ("word_errors", "words misheard")):
        points = [(width * m["seconds"] / history[-1]["seconds"], height * (1 - min(m[key], 1))) for m in history]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        words = f"<text x={width + 6} y={points[-1][1] + 4:.0f}>{label} {history[-1][key]:.2f}</text>"
        shown.append(f"<polyline class=own-{key.replace('_', '-')} points='{line}'></polyline>{words}")
    minutes = history[-1]["seconds"] / 60
    axes = f"<path d='M0 0V{height}H{width}'></path><text y={height + 16}>0 min</text>"
    end = f"<text x={width} y={height + 16} text-anchor=end>{minutes:.0f} min</text>"
    what = "role=img aria-label='likeness and share of misheard words over time'"
    return f"<svg class=own-curves viewBox='-2 -6 450 126' {what}>{axes}{end}{''.join(shown)}</svg>"


def _left_out(parts: Sequence[dict[str, str]]) -> str:
    if not parts:
        return ""
    rows = "".join(
        f"<li>{escape(p['place'])}: {escape(p['reason'])}{' – “' + escape(p['text']) + '”' if p['text'] else ''}</li>"
        for p in parts
    )
    return f"<details><summary>Parts that are not used: {len(parts)}</summary><ul>{rows}</ul></details>"
