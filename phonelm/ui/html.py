"""Pieces of HTML for progress, results, warnings and errors. All text from outside is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby

import numpy as np

from phonelm.config import FRAME_RATE, HOP_LENGTH
from phonelm.text import SILENCE, Phonemes, left_out
from phonelm.tts import Speech, VoiceCard

QUIET_DB = -40.0  # a frame this far below the loudest one is silent
LONG_SILENCE_S = 1.0  # inside the speech; a full stop takes about half of this
MUCH_CLAMPED = 0.2  # of the cells


def problem(message: str) -> str:
    """An error message for the user."""
    return f"<p class=problem>{escape(message)}</p>"


def card_lines(card: VoiceCard) -> str:
    """What a voice file says about its voice."""
    facts = (card.about, card.source, card.licence and f"Licence: {card.licence}", card.consent)
    lines = "".join(f"<p class=note>{escape(fact)}</p>" for fact in facts if fact)
    measured = {name: card.figures[name] for name in ("likeness", "word_errors") if name in card.figures}
    if measured:
        shown = ", ".join(f"{name.replace('_', ' ')} {value:.1%}" for name, value in measured.items())
        lines += f"<p class=note>Adapted to this voice: {shown}</p>"
    return f"<p><b>{escape(card.name)}</b></p>{lines}"


def waiting(ahead: int) -> str:
    """A request that has no turn yet, and how many come before it."""
    before = f": {ahead} {'request is' if ahead == 1 else 'requests are'} before this one" if ahead else ""
    return f"<p>Waiting for its turn{before} …</p>"


def progress(speech: Speech, others: int = 0) -> str:
    """How much of the text is spoken, and how many other requests take turns with this one."""
    s, frame = speech.sentence[-1], speech.frames[-1]
    done, total = sum(map(len, speech.phonemes[:s])) + frame.pointer + 1, sum(map(len, speech.phonemes))
    symbol = escape(speech.phonemes[s].symbols[frame.pointer].strip("<>"))
    shared = f", in turns with {others} {'other' if others == 1 else 'others'}" if others else ""
    line = f"Speaking: {len(speech.frames) / speech.frame_rate:.1f} s so far{shared}"
    detail = f"phoneme {done} of {total}: {symbol}"
    return f"<p>{line}</p><progress max={total} value={done} title='{detail}' aria-label='made so far'></progress>"


def summary(speech: Speech) -> str:
    """Length and time in a line, the rest of the facts in details, then what looks wrong, then the notes."""
    made = f"made in {speech.seconds:.1f} s"
    if speech.edits:
        times = "once" if len(speech.edits) == 1 else f"{len(speech.edits)} times"
        made = f"edited {times}, last in {speech.seconds:.1f} s"
    if speech.stop_reason == "stopped":
        made += ", stopped before its end"
    facts = [f"Seed {speech.settings.seed}", f"{speech.real_time_factor:.2f} × real time"]
    if speech.edits:
        facts.append(f"last edit with seed {speech.edits[-1].seed}")
    if speech.first_audio_s:
        facts.append(f"first sound after {speech.first_audio_s:.2f} s")
    facts.append(f"ended by: {speech.stop_reason}")
    spans = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    badges = "".join(f"<li>{escape(text)}</li>" for text in warnings(speech))
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in speech.notes)
    title = f"<summary>{speech.duration_s:.1f} s of speech, {made}</summary>"
    line = f"<details>{title}<p class=facts>{spans}</p></details>"
    return f"{line}{f'<ul class=badges>{badges}</ul>' if badges else ''}{notes}"


def warnings(speech: Speech) -> list[str]:
    """What may be wrong with a speech, a few words each."""
    found = [f"{end - start:.1f} s of silence at {start:.1f} s" for start, end in long_silences(speech.wav)]
    if speech.clamped.size and speech.clamped.mean() > MUCH_CLAMPED:
        found.append(f"clamp changed {speech.clamped.mean():.0%} of the cells")
    if speech.voice.notes:
        found.append("voice clip cut")
    if forced := sum(f.forced for f in speech.frames):
        found.append(f"{forced} {'phoneme' if forced == 1 else 'phonemes'} forced on")
    return found


def long_silences(wav: np.ndarray) -> list[tuple[float, float]]:
    """Start and end, seconds, of stretches of (S,) float audio that are silent for `LONG_SILENCE_S` or longer."""
    frames = wav[: len(wav) // HOP_LENGTH * HOP_LENGTH].reshape(-1, HOP_LENGTH)
    power = (frames**2).mean(1)
    silent = power <= power.max(initial=0) * 10 ** (QUIET_DB / 10)
    edges = np.flatnonzero(np.diff(silent, prepend=False, append=False)).reshape(-1, 2) / FRAME_RATE
    return [(start, end) for start, end in edges.tolist() if end - start >= LONG_SILENCE_S]


def spoken(speech: Speech) -> str:
    """Every spoken word over its phonemes."""
    return _interlinear((p.word_index, p.word, p.symbol) for p in speech.timeline)


def interlinear(sentences: list[Phonemes]) -> str:
    """Every word of a text over its phonemes, then a note about characters that cannot be read."""
    words = _interlinear(
        ((s, w), p.words[w] if w >= 0 else None, symbol)
        for s, p in enumerate(sentences) for w, symbol in zip(p.word_index, p.symbols, strict=True)
        if symbol != SILENCE
    )  # fmt: skip
    note = left_out(sentences)
    return words + (f"<p class=unread>{escape(note)}</p>" if note else "")


def _interlinear(cells: Iterable[tuple[object, str | None, str]]) -> str:
    """Of (which word, the word or None in pauses, phoneme) in order: words over phonemes, pauses between them."""
    parts = []
    for _, group in groupby(cells, key=lambda cell: cell[0]):
        _, words, symbols = zip(*group)
        line = escape(" ".join(s.strip("<>") for s in symbols))
        parts.append(f"<span class=pause>{line}</span>" if words[0] is None else
                     f"<span class=word><b>{escape(words[0])}</b><code>{line}</code></span>")  # fmt: skip
    return f"<div class=words>{''.join(parts)}</div>"
