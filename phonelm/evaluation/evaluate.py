"""`evaluate`: intelligibility, naturalness, speaker similarity and speed of speech, compared with recordings."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from phonelm.config import SAMPLE_RATE, SamplingConfig
from phonelm.datasets import read_dataset
from phonelm.evaluation.intervals import Interval, mean_interval, ratio_interval
from phonelm.evaluation.judges import Judges, word_counts, word_errors
from phonelm.evaluation.resynthesis import Clip, cell, measure, read_clip, summary
from phonelm.files import write_json
from phonelm.generation import PRECISIONS
from phonelm.tts import TTS, Speech, Voice


@dataclass
class Sample:
    """One utterance and its figures."""

    text: str
    transcript: str  # by the ASR
    prompt: str
    distillmos: float
    dnsmos: float
    similarity: float  # cosine similarity to its own prompt
    others: float | None  # mean cosine similarity to the other prompts; None if there is only one prompt
    duration_s: float
    phonemes_per_s: float
    longest_phoneme_s: float
    real_time_factor: float
    stop_reason: str
    forced_moves: int


def measure_speech(speech: Speech, name: str, prompts: dict[str, np.ndarray], judges: Judges) -> Sample:
    """Measure one utterance.

    Args:
        name: name of the prompt that was used.
        prompts: (256,) speaker embeddings by name of the prompt.
    """
    voice = judges.voice(speech.wav, speech.sample_rate)
    others = [float(voice @ e) for other, e in prompts.items() if other != name]
    spans = speech.timeline
    return Sample(
        text=speech.text,
        transcript=judges.transcribe(speech.wav, speech.sample_rate),
        prompt=name,
        distillmos=judges.naturalness(speech.wav, speech.sample_rate),
        dnsmos=judges.mos(speech.wav, speech.sample_rate),
        similarity=float(voice @ prompts[name]),
        others=float(np.mean(others)) if others else None,
        duration_s=speech.duration_s,
        phonemes_per_s=sum(s.word is not None for s in spans) / speech.duration_s,
        longest_phoneme_s=max(s.end_s - s.start_s for s in spans),
        real_time_factor=speech.real_time_factor,
        stop_reason=speech.stop_reason,
        forced_moves=sum(f.forced for f in speech.frames),
    )


def summarise(samples: list[Sample]) -> dict[str, Any]:
    """Figures over all samples. Intervals are over prompts, or over sentences if there are fewer than 3 prompts."""
    wrong, words = zip(*(word_counts(s.text, s.transcript) for s in samples))
    prompts = [s.prompt for s in samples]
    groups = prompts if len(set(prompts)) >= 3 else None
    mean = lambda name: float(np.mean([getattr(s, name) for s in samples]))  # noqa: E731
    interval = lambda name: mean_interval([getattr(s, name) for s in samples], groups)  # noqa: E731
    return {
        "utterances": len(samples),
        "wer": ratio_interval(wrong, words),
        "cer": word_errors([s.text for s in samples], [s.transcript for s in samples])[1],
        "distillmos": interval("distillmos"),
        "dnsmos": interval("dnsmos"),
        "similarity": interval("similarity"),
        "margin": None if samples[0].others is None else mean("similarity") - mean("others"),
        "seconds": sum(s.duration_s for s in samples),
        "phonemes_per_s": mean("phonemes_per_s"),
        "longest_phoneme_s": max(s.longest_phoneme_s for s in samples),
        "real_time_factor": mean("real_time_factor"),
        "stop_reasons": dict(Counter(s.stop_reason for s in samples)),
        "forced_moves": sum(s.forced_moves for s in samples),
    }


def evaluate_speech(
    tts: TTS,
    sentences: list[str],
    voices: dict[str, Voice],
    settings: SamplingConfig,
    judges: Judges,
    save: Path | None = None,
) -> list[Sample]:
    """Speak each sentence once. Voices alternate, and seeds count up from the seed of `settings`."""
    prompts = {name: judges.voice(v.wav, tts.codec.sample_rate) for name, v in voices.items()}
    samples = []
    for i, text in enumerate(tqdm(sentences, unit="utt", desc="speak")):
        name = list(voices)[i % len(voices)]
        speech = tts.speak(text, voices[name], replace(settings, seed=settings.seed + i))
        samples.append(measure_speech(speech, name, prompts, judges))
        if save:
            speech.save(save / f"{i:03d}.wav")
    return samples


def ceiling(tts: TTS, clips: list[Clip], judges: Judges, codebooks: int) -> dict[str, Any]:
    """Figures of recordings: unchanged, resynthesised by WORLD, and through the codec.

    Args:
        codebooks: number of codebooks that the codec uses.
    Returns:
        figures of each version, see `resynthesis.summary`.
    """
    through = lambda wav: tts.codec.waveform(tts.codec.encode(wav, SAMPLE_RATE, codebooks))  # noqa: E731
    scores = measure(clips, {"codec": through}, judges)
    return {name: {"utterances": len(found), **summary(found)} for name, found in scores.items()}


def to_markdown(report: dict[str, dict[str, Any]]) -> str:
    """The report as a Markdown table: one column for the speech, one for each version of the recordings."""
    rows = ("utterances", "wer", "cer", "distillmos", "dnsmos", "similarity", "margin", "pesq", "stoi", "pitch_cents",
            "pitch_over_50", "pitch_over_600", "voicing", "phonemes_per_s", "longest_phoneme_s", "real_time_factor",
            "forced_moves", "stop_reasons")  # fmt: skip
    columns = list(report)
    lines = ["| means (95 % intervals) | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {r} | " + " | ".join(_format(report[c].get(r)) for c in columns) + " |" for r in rows]
    return "\n".join(lines)


def _format(value: Any) -> str:
    if isinstance(value, Interval):
        return cell(value, 3)
    return "" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = SamplingConfig()
    parser.add_argument("--sentences", type=Path, required=True, metavar="FILE", help="one sentence per line")
    parser.add_argument("--prompts", type=Path, metavar="DIR", help="folder of voice clips, used in turn")
    parser.add_argument("--recordings", type=Path, metavar="DATASET", help="recordings with text to compare with")
    parser.add_argument("--n", type=int, default=0, metavar="N", help="number of sentences; a large N repeats them")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE")
    parser.add_argument("--temperature", type=float, default=default.temperature, metavar="F")
    parser.add_argument("--top-p", type=float, default=default.top_p, metavar="F")
    parser.add_argument("--top-k", type=int, default=default.top_k, metavar="N")
    parser.add_argument("--pointer-temperature", type=float, default=default.pointer_temperature, metavar="F")
    parser.add_argument("--guidance", type=float, default=default.guidance, metavar="F")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="precision of weights (default auto)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, metavar="DIR", help="save the audio in this folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures and all samples to this file")


def run(args: argparse.Namespace) -> int:
    sentences = [line.strip() for line in args.sentences.read_text(encoding="utf-8").splitlines() if line.strip()]
    n = args.n or len(sentences)
    sentences = (sentences * (n // len(sentences) + 1))[:n]
    judges, tts = Judges(), TTS.load(args.checkpoint, precision=args.precision)
    if args.save:
        args.save.mkdir(parents=True, exist_ok=True)
    clips = sorted(p for p in args.prompts.iterdir() if p.is_file()) if args.prompts else []
    voices = {p.stem: tts.voice(p) for p in clips} or {"default": tts.voice()}
    settings = SamplingConfig(
        temperature=args.temperature, top_p=args.top_p, top_k=args.top_k,
        pointer_temperature=args.pointer_temperature, guidance=args.guidance, seed=args.seed,
    )  # fmt: skip
    samples = evaluate_speech(tts, sentences, voices, settings, judges, args.save)
    if args.recordings:
        rows, _ = read_dataset(args.recordings)
        recordings = [read_clip(row.path, row.id, row.speaker, row.text) for row in rows]
    else:
        recordings = [Clip(name, name, "", voice.wav) for name, voice in voices.items()]
    report = {"speech": summarise(samples), **ceiling(tts, recordings, judges, tts.model.config.n_codebooks)}
    print(to_markdown(report))
    if args.json:
        payload = {"report": report, "settings": asdict(settings), "samples": [asdict(s) for s in samples]}
        write_json(args.json, payload)
    return 0
