"""The public endpoint `/generate`: for programs, independent of what the page looks like."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from phonelm.config import CLAMPS, SamplingConfig
from phonelm.picture import save_grid
from phonelm.tts import TTS
from phonelm.ui.controls import new_seed as draw_seed
from phonelm.ui.controls import sampling
from phonelm.ui.events import MODEL
from phonelm.ui.files import save_speech
from phonelm.ui.html import progress, spoken, summary
from phonelm.ui.sound import decoded
from phonelm.ui.voice import CLIP, chosen, without_folder
from phonelm.ui.written import sentences

REPORT_FRAMES = 15  # between two reports of progress


def endpoint(tts: TTS) -> None:
    """Add the endpoint to the page that is being built; nothing of it is seen there."""
    default, k = SamplingConfig(), tts.model.config.n_codebooks

    def generate(
        text, voice=None, temperature=default.temperature, top_k=default.top_k, top_p=default.top_p, codebooks=k,
        clamp=default.clamp, speed=default.speed, seed=default.seed, new_seed=True, bundled=next(iter(tts.voices)),
    ):  # fmt: skip
        """Speak English in a bundled voice or that of a clip: audio, picture, phonemes, summary, seed, WAV, JSON."""
        try:
            settings = sampling(temperature, top_k, top_p, codebooks, clamp, speed, draw_seed() if new_seed else seed)
            prompt = chosen(CLIP if voice else bundled, voice)
            for _, speech in tts.stream(sentences(tts, text or ""), prompt, settings):
                if len(speech.frames) % REPORT_FRAMES == 0:
                    yield {report: progress(speech)}
        except (ValueError, OSError) as error:
            raise gr.Error(without_folder(error, voice), print_exception=False) from None
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            speech.wav = decoded(tts, speech.codes)
            wav, info = save_speech(speech, Path(folder))
            png = str(Path(folder, f"phonelm-{settings.seed}.png"))
            save_grid(speech, png)
            yield {audio: wav, grid: png, phonemes: spoken(speech), report: summary(speech), used: settings.seed,
                   wav_file: wav, info_file: info}  # fmt: skip

    with gr.Column(visible=False):
        inputs = [
            gr.Textbox(label="Text"), gr.Audio(label="Voice", type="filepath"),
            gr.Slider(0, 2, default.temperature, label="Temperature"), gr.Slider(0, value=default.top_k, step=1),
            gr.Slider(0, 1, default.top_p, label="Top-p"), gr.Slider(1, k, k, step=1, label="Codebooks"),
            gr.Radio(list(CLAMPS), value=default.clamp, label="Clamp"), gr.Slider(0.5, 2, default.speed, label="Speed"),
            gr.Number(default.seed, precision=0, label="Seed"), gr.Checkbox(True, label="New seed each time"),
            gr.Radio(list(tts.voices), value=next(iter(tts.voices)), label="Bundled voice"),
        ]  # fmt: skip
        audio, grid = gr.Audio(label="Speech"), gr.Image(label="Code grid")
        phonemes, report = gr.HTML(label="Words and phonemes"), gr.HTML(label="Summary")
        used, wav_file, info_file = gr.Number(label="Seed used"), gr.File(label="WAV"), gr.File(label="JSON")
        gr.Button().click(generate, inputs, [audio, grid, phonemes, report, used, wav_file, info_file],
                          api_name="generate", **MODEL)  # fmt: skip
