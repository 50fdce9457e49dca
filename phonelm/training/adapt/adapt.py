"""`phonelm adapt`: one to five minutes of a person's recordings in, a voice file of at most 3 MB out.

Low-rank updates of the acoustic model are trained on the recordings (LoRA, arXiv:2106.09685). The adaptation ends by
likeness and word errors of sentences that it speaks, not by its loss. All that is made lies in a working folder beside
the voice file, so an interrupted run is simply started again.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from phonelm.config import FRAME_RATE
from phonelm.evaluation import Judges
from phonelm.files import check_writable
from phonelm.training.adapt.dataset import LeftOut, make_cache
from phonelm.training.adapt.learn import Adaptation, AdaptConfig
from phonelm.training.adapt.prior import load_prior
from phonelm.training.adapt.report import LogReporter, Reporter, make_reporter
from phonelm.training.adapt.speak import SpokenJudge, mean_voice
from phonelm.training.data.dataset import Utterance
from phonelm.tts import TTS, Voice, VoiceCard, add_card_arguments, card_of, save_voice

PROMPT_S = (4.0, 9.0)  # length of a recording that can be the voice prompt
KEPT_OUT = 0.1  # share of the utterances that are not trained on, if there are at least MIN_TO_KEEP_OUT
MIN_TO_KEEP_OUT = 8
TARGET_UTTERANCES = 20  # at most, of which the person's mean voice is taken


@dataclass(frozen=True)
class Adapted:
    """A finished adaptation.

    Attributes:
        voice: as it was saved.
        card: with the figures before (`..._prompt_only`) and after.
        left_out: parts of the recordings that were not used.
    """

    voice: Voice
    card: VoiceCard
    left_out: Sequence[LeftOut]


def adapt(
    recordings: Path,
    out: Path,
    card: VoiceCard,
    tts: TTS,
    config: AdaptConfig = AdaptConfig(),
    judges: Judges | None = None,
    reporter: Reporter = Reporter(),
) -> Adapted:
    """Adapt the model to a person and write a voice file.

    Args:
        recordings: an audio file, or a folder of them. A text beside one has the same name and ends in .txt.
        out: the voice file, `.safetensors`. The working folder beside it is `NAME.adapt` and is deleted at the end.
        card: name, licence and consent.
        reporter: is told what happens.
    Raises:
        AudioError: recordings that cannot be used; the message names the file and the second.
        JudgeError: a package is missing.
    """
    judges = judges or Judges(torch.get_num_threads())
    folder = work_folder(out)
    folder.mkdir(parents=True, exist_ok=True)
    prior = load_prior(tts.codec)
    dataset, left_out = make_cache(recordings, folder, judges, prior, reporter.transcribed)
    reporter.left_out(left_out)
    utterances = [dataset[i] for i in range(len(dataset))]
    training, kept_out = split(utterances)
    voice = choose_prompt(training, tts, judges)
    target = mean_voice(judges, [_wav(u, tts) for u in (kept_out or training)[:TARGET_UTTERANCES]])
    judge = SpokenJudge(tts, voice, target, judges, reporter.sample)
    run = Adaptation(tts.model, training, prior.utterances, folder, judge, config)
    low_rank = run.run(reporter.step)
    first, best = run.history[0], max(run.history, key=lambda m: m.score(run.history[0]))
    figures = {
        "seconds_of_speech": round(sum(u.codes.shape[1] for u in training) / FRAME_RATE, 1),
        "minutes_of_training": round(best.seconds / 60, 1),
        "likeness_prompt_only": round(first.likeness, 3), "likeness": round(best.likeness, 3),
        "word_errors_prompt_only": round(first.word_errors, 3), "word_errors": round(best.word_errors, 3),
    }  # fmt: skip
    voice, card = replace(voice, name=card.name, low_rank=low_rank), replace(card, figures=figures)
    save_voice(out, voice, card, tts.codec, tts.fingerprint)
    shutil.rmtree(folder)
    return Adapted(voice, card, left_out)


def work_folder(out: Path) -> Path:
    """Where an adaptation keeps what it has made so far."""
    return out.with_suffix(".adapt")


def split(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
    """Utterances to train on, and those kept out; of few, none."""
    if len(utterances) < MIN_TO_KEEP_OUT:
        return list(utterances), []
    step = round(1 / KEPT_OUT)
    return [u for i, u in enumerate(utterances) if i % step], list(utterances[::step])


def choose_prompt(utterances: Sequence[Utterance], tts: TTS, judges: Judges) -> Voice:
    """The recording that is most like all others, among those of a good length; the one nearest to it if none is."""
    low, high = (x * FRAME_RATE for x in PROMPT_S)
    miss = [max(low - u.codes.shape[1], u.codes.shape[1] - high, 0) for u in utterances]
    fits = [i for i in range(len(utterances)) if miss[i] == min(miss)][:TARGET_UTTERANCES]
    wavs = [_wav(utterances[i], tts) for i in fits]
    voices = np.stack([judges.voice(wav, tts.codec.sample_rate) for wav in wavs])
    at = int((voices @ voices.sum(0)).argmax())
    codes = utterances[fits[at]].codes.long().T[: round(high)]
    return Voice(codes, tts.codec.waveform(codes.T[None]))


def _wav(utterance: Utterance, tts: TTS) -> np.ndarray:
    return tts.codec.waveform(utterance.codes.long()[None])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recordings", type=Path, help="audio file or folder; NAME.txt beside NAME.wav is its text")
    add_card_arguments(parser)
    parser.add_argument("--minutes", type=float, default=AdaptConfig.max_minutes, help="default %(default)s")
    parser.add_argument("--rank", type=int, default=AdaptConfig.rank, help="of the updates (default %(default)s)")
    parser.add_argument("--lr", type=float, default=AdaptConfig.lr, help="learning rate (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", help="cpu, cuda, mps")
    parser.add_argument("--samples", type=Path, metavar="FOLDER", help="keep a sample of every evaluation here")
    parser.add_argument("--log", type=Path, metavar="FILE", help="progress as lines of JSON, instead of a bar")


def run(args: argparse.Namespace) -> int:
    """Adapt from the command line and print what came out."""
    card = card_of(args)
    check_writable(args.out)
    config = AdaptConfig(rank=args.rank, lr=args.lr, max_minutes=args.minutes, seed=args.seed)
    tts = TTS.load(device=args.device)
    reporter = make_reporter(args)
    try:
        found = adapt(args.recordings, args.out, card, tts, config, reporter=reporter)
    except ValueError as error:
        if isinstance(reporter, LogReporter):
            reporter.write("failed", reason=str(error))
        raise
    if isinstance(reporter, LogReporter):
        reporter.write("done", path=str(args.out), figures=dict(found.card.figures))
    for name, value in found.card.figures.items():
        print(f"{name.replace('_', ' ')}: {value}")
    print(f"{args.out}: try `phonelm speak \"Hello.\" --prompt {args.out}`")
    return 0
