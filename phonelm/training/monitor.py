"""TensorBoard events of a run: losses, speed, and samples of speech."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from matplotlib.image import imread
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from phonelm.config import SamplingConfig
from phonelm.evaluation import JudgeError, Judges, word_errors
from phonelm.tts import TTS, Voice, draw_grid

SENTENCES = (  # spoken during training; not part of an evaluation
    "The quick brown fox jumps over the lazy dog.",
    "How many people have seen the northern lights this winter?",
    "She folded the letter, put it away, and never spoke of it again.",
)
SCALARS_EVERY = 10  # steps


class Monitor:
    """Writes the events of one run.

    Args:
        folder: for TensorBoard (`tensorboard --logdir FOLDER`).
        voice: the prompt of the spoken samples.
    """

    def __init__(self, folder: Path, voice: Voice):
        self.writer, self.voice = SummaryWriter(str(folder)), voice
        try:
            self.judges: Judges | None = Judges()
        except JudgeError:  # the audio is logged without a word error rate
            self.judges = None

    def losses(self, name: str, parts: Tensor, step: int) -> None:
        """Log (K + 1,) cross entropies in nats: of each codebook, then of the pointer."""
        for k, value in enumerate(parts[:-1].tolist(), 1):
            self.writer.add_scalar(f"{name}/codebook_{k}", value, step)
        self.writer.add_scalar(f"{name}/pointer", parts[-1].item(), step)

    def progress(self, lr: float, audio_s_per_s: float, step: int) -> None:
        """Log the learning rate of the matrices, and seconds of audio trained on in a second."""
        self.writer.add_scalar("learning_rate", lr, step)
        self.writer.add_scalar("audio_seconds_per_second", audio_s_per_s, step)

    def speak(self, tts: TTS, step: int) -> float | None:
        """Log audio and code grid of fixed sentences; returns their word error rate, None without an ASR."""
        transcripts = []
        for i, text in enumerate(SENTENCES):
            speech = tts.speak(text, self.voice, replace(SamplingConfig(), seed=i))
            self.writer.add_audio(f"sample_{i}", speech.wav[None], step, speech.sample_rate)
            buffer = io.BytesIO()
            draw_grid(speech).savefig(buffer, format="png", dpi=80)
            buffer.seek(0)
            self.writer.add_image(f"sample_{i}", imread(buffer)[..., :3], step, dataformats="HWC")
            if self.judges:
                transcripts.append(self.judges.transcribe(speech.wav, speech.sample_rate))
        self.writer.flush()
        if not self.judges:
            return None
        wer, _ = word_errors(list(SENTENCES), transcripts)
        self.writer.add_scalar("word_error_rate", wer, step)
        self.writer.add_text("transcripts", "\n\n".join(transcripts), step)
        return wer

    def close(self) -> None:
        self.writer.close()
