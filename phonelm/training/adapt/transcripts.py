"""What is said in the recordings: by Whisper, with doubtful parts left out, or by texts that are given and checked."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from phonelm.audio import AudioError
from phonelm.config import SAMPLE_RATE
from phonelm.evaluation import Judges
from phonelm.training.adapt.recordings import Segment

MIN_WORD_PROBABILITY = 0.45  # of the least sure word of an utterance
MIN_MEAN_PROBABILITY = 0.75  # of its words
MAX_FOREIGN = 0.7  # probability that the language is another than English
LANGUAGE_S = 15.0  # length of a recording of which the language is told
MIN_AGREEMENT = 0.35  # share of the words heard that a given text has; strong accents are misheard, another text has .1
MIN_SEGMENT_AGREEMENT = 0.15  # of one utterance; it is left out below
MIN_LIKENESS = 0.6  # of an utterance to the mean voice of all: below, another person speaks
MAX_OTHERS = 0.2  # share of the utterances that may be of another person


@dataclass(frozen=True, eq=False)
class Transcript:
    """A segment with its text.

    Attributes:
        words: the text, word by word, punctuation attached.
        probabilities: of each word, as Whisper gives them.
        problem: why the segment is not used; "" if it is.
    """

    segment: Segment
    words: tuple[str, ...]
    probabilities: tuple[float, ...]
    problem: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.words)


def transcribe(
    segments: Sequence[Segment], judges: Judges, on_progress: Callable[[int, int], None] | None = None
) -> list[Transcript]:
    """Whisper's texts.

    Raises:
        AudioError: a recording is in another language than English.
    """
    found = []
    for segment in segments:
        words = judges.transcribe_words(segment.wav, SAMPLE_RATE)
        transcript = Transcript(segment, tuple(w for w, _ in words), tuple(p for _, p in words))
        found.append(replace(transcript, problem=_doubt(transcript.probabilities)))
        if on_progress:
            on_progress(len(found), len(segments))
    _check_languages(segments, judges)
    return found


def _doubt(probabilities: Sequence[float]) -> str:
    if not probabilities:
        return "no words were heard"
    if min(probabilities) < MIN_WORD_PROBABILITY or np.mean(probabilities) < MIN_MEAN_PROBABILITY:
        return "the words are not clear"
    return ""


def _check_languages(segments: Sequence[Segment], judges: Judges) -> None:
    """AudioError if a recording is in another language; short ones are judged together, since an accent misleads."""
    by_path = {path: [s for s in segments if s.path == path] for path in dict.fromkeys(s.path for s in segments)}
    long = {path: found for path, found in by_path.items() if found[-1].end_s - found[0].start_s >= LANGUAGE_S}
    short = [s for path, found in by_path.items() if path not in long for s in found]
    for found in filter(None, [*long.values(), short]):
        wav = np.concatenate([s.wav for s in found])[: 30 * SAMPLE_RATE]  # what Whisper hears at a time
        language, probability = judges.language(wav, SAMPLE_RATE)
        if language != "en" and probability > MAX_FOREIGN:
            where = found[0].path.name if found is not short else "the recordings"
            verb = "is" if found is not short else "are"
            raise AudioError(f"{where} {verb} in another language ({language}): the voice must speak English")


def given_texts(paths: Iterable[Path]) -> dict[Path, str]:
    """Texts that lie beside recordings, as files of the same name that end in .txt."""
    texts = {path: path.with_suffix(".txt") for path in paths}
    return {path: text.read_text(encoding="utf-8-sig") for path, text in texts.items() if text.is_file()}


def use_texts(transcripts: Sequence[Transcript], texts: Mapping[Path, str]) -> list[Transcript]:
    """The transcripts, with the words of given texts where they are given.

    Args:
        texts: of whole recordings; each is laid beside all that Whisper heard in it.
    Raises:
        AudioError: a text that is not what the recording says.
    """
    result = list(transcripts)
    for path, text in texts.items():
        places = [i for i, t in enumerate(transcripts) if t.segment.path == path]
        heard = [transcripts[i] for i in places]
        for i, (words, agrees) in zip(places, _shared_out(path, heard, text.split())):
            problem = "" if agrees else "the text says something else" if words else "the text has no words for it"
            result[i] = replace(transcripts[i], words=words, problem=problem)
    return result


def _shared_out(
    path: Path, heard: Sequence[Transcript], written: Sequence[str]
) -> list[tuple[tuple[str, ...], bool]]:
    """The words of a text for each of the segments of a recording, in order, and whether some of them were heard."""
    said = [_plain(word) for t in heard for word in t.words]
    match = difflib.SequenceMatcher(None, said, [_plain(word) for word in written], autojunk=False)
    same = np.zeros(len(said), bool)
    for block in match.get_matching_blocks():
        same[block.a : block.a + block.size] = True
    agreed = int(same.sum())
    if agreed < MIN_AGREEMENT * len(said):
        second = _first_difference(heard, match)
        raise AudioError(
            f"the text of {path.name} does not match it: {agreed} of {len(said)} words agree; the first difference is "
            f"at {second:.1f} s"
        )
    place = np.interp(np.arange(len(said) + 1), *_anchors(match, len(said), len(written))).round().astype(int)
    ends = np.cumsum([0, *(len(t.words) for t in heard)])
    return [
        (tuple(written[place[a] : place[b]]), bool(same[a:b].mean() >= MIN_SEGMENT_AGREEMENT) if b > a else False)
        for a, b in zip(ends, ends[1:])
    ]


def _anchors(match: difflib.SequenceMatcher, said: int, written: int) -> tuple[list[int], list[int]]:
    """Places in what was said and the same places in what is written."""
    pairs = {0: 0} | {a + i: b + i for a, b, size in match.get_matching_blocks() for i in range(size)} | {said: written}
    return list(pairs), list(pairs.values())


def _first_difference(heard: Sequence[Transcript], match: difflib.SequenceMatcher) -> float:
    at = next((i1 for tag, i1, *_ in match.get_opcodes() if tag != "equal"), 0)
    for transcript in heard:
        if at < len(transcript.words):
            return transcript.segment.start_s
        at -= len(transcript.words)
    return heard[-1].segment.start_s


def _plain(word: str) -> str:
    return "".join(c for c in word.lower() if c.isalnum())


def check_one_speaker(transcripts: Sequence[Transcript], judges: Judges) -> list[Transcript]:
    """The transcripts, without what another person says.

    Raises:
        AudioError: too much of it; the message names the place where the voice is least like the others.
    """
    voices = np.stack([judges.voice(t.segment.wav, SAMPLE_RATE) for t in transcripts])
    likeness = voices @ _unit(voices.sum(0))
    others = likeness < MIN_LIKENESS
    if others.mean() > MAX_OTHERS:
        place = transcripts[int(likeness.argmin())].segment.place
        raise AudioError(
            f"the recordings have several speakers: {others.sum()} of {len(others)} utterances sound like somebody "
            f"else, most of all {place}"
        )
    return [
        replace(t, problem=t.problem or "another person speaks") if other else t
        for t, other in zip(transcripts, others)
    ]


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
