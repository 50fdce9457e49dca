"""The public endpoints `/generate` and `/edit`: for programs, independent of what the page looks like."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from phonelm.config import CLAMPS, SamplingConfig
from phonelm.tts import TTS, Edit, Turns, save_grid
from phonelm.ui.controls import new_seed as draw_seed
from phonelm.ui.controls import sampling
from phonelm.ui.downloads import save_speech
from phonelm.ui.events import KEEP_S, MODEL, user_of, without_folder
from phonelm.ui.html import progress, spoken, summary, waiting
from phonelm.ui.phonemes import say_again, sentences
from phonelm.ui.voice import CLIP, chosen


def endpoints(tts: TTS, turns: Turns) -> None:
    """Add the endpoints to the page that is being built; nothing of them is seen there."""
    default, k = SamplingConfig(), tts.model.config.n_codebooks

    def generate(
        text, voice=None, temperature=default.temperature, top_k=default.top_k, top_p=default.top_p, codebooks=k,
        clamp=default.clamp, speed=default.speed, seed=default.seed, new_seed=True, bundled=next(iter(tts.voices)),
        guidance=default.guidance, request: gr.Request = None,
    ):  # fmt: skip
        """Speak English in a bundled voice or that of a clip: audio, picture, phonemes, summary, seed, WAV, JSON."""
        try:
            seed = draw_seed() if new_seed else seed
            settings = sampling(temperature, top_k, top_p, codebooks, clamp, speed, guidance, seed)
            prompt, said = chosen(CLIP if voice else bundled, voice), sentences(tts, text or "")
            with turns.request(user_of(request)) as turn:
                for ahead in turn.queue():
                    yield {report: waiting(ahead)}
                for _, speech in turn.share(tts.stream(said, prompt, settings)):
                    yield {report: progress(speech, turn.others)}
                with turn:
                    speech.wav = tts.codec.waveform(speech.codes)
        except (ValueError, OSError) as error:
            raise gr.Error(without_folder(error, voice), print_exception=False) from None
        yield from shown(speech)

    def edit(start, end, phonemes=None, seed=default.seed, speech=None, request: gr.Request = None):
        """Say a span of the phonemes of this client's last speech again, with another seed or as other phonemes.

        The span is counted as in the timeline of the JSON file; results are those of `/generate`.
        """
        if speech is None:
            raise gr.Error("there is no speech to edit: call /generate first", print_exception=False)
        try:
            with turns.once(user_of(request)) as turn:
                edited = say_again(tts, speech, Edit(start, end, seed, phonemes or None), turn)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        yield from shown(edited)

    def shown(speech):
        """The results, the speech kept for `edit`."""
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            wav, info = save_speech(speech, Path(folder))
            png = str(Path(folder, f"phonelm-{speech.settings.seed}.png"))
            save_grid(speech, png)
            yield {audio: wav, grid: png, phonemes: spoken(speech), report: summary(speech), used: speech.settings.seed,
                   wav_file: wav, info_file: info, kept: speech}  # fmt: skip

    with gr.Column(visible=False):
        inputs = [
            gr.Textbox(label="Text"), gr.Audio(label="Voice", type="filepath"),
            gr.Slider(0, 2, default.temperature, label="Temperature"), gr.Slider(0, value=default.top_k, step=1),
            gr.Slider(0, 1, default.top_p, label="Top-p"), gr.Slider(1, k, k, step=1, label="Codebooks"),
            gr.Radio(list(CLAMPS), value=default.clamp, label="Clamp"), gr.Slider(0.5, 2, default.speed, label="Speed"),
            gr.Number(default.seed, precision=0, label="Seed"), gr.Checkbox(True, label="New seed each time"),
            gr.Radio(list(tts.voices), value=next(iter(tts.voices)), label="Bundled voice"),
            gr.Slider(1, 5, default.guidance, label="Guidance"),
        ]  # fmt: skip
        audio, grid = gr.Audio(label="Speech"), gr.Image(label="Code grid")
        phonemes, report = gr.HTML(label="Words and phonemes"), gr.HTML(label="Summary")
        used, wav_file, info_file = gr.Number(label="Seed used"), gr.File(label="WAV"), gr.File(label="JSON")
        span = [gr.Number(label="First phoneme", precision=0), gr.Number(label="Phoneme after the last", precision=0),
                gr.Textbox(label="Other phonemes"), gr.Number(default.seed, precision=0, label="Seed")]  # fmt: skip
        kept = gr.State(time_to_live=KEEP_S)
        results = [audio, grid, phonemes, report, used, wav_file, info_file, kept]
        gr.Button().click(generate, inputs, results, api_name="generate", **MODEL)
        gr.Button().click(edit, [*span, kept], results, api_name="edit", **MODEL)
