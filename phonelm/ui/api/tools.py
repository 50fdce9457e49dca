"""The public endpoints `/speak`, `/voices` and `/phonemize`, which assistants see as MCP tools."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from phonelm.config import SamplingConfig
from phonelm.tts import TTS, DecodeControls, Turns
from phonelm.ui.aside import Aside
from phonelm.ui.events import MODEL, user_of
from phonelm.ui.phonemes import notation, sentences


def tool_endpoints(tts: TTS, turns: Turns, aside: Aside) -> None:
    """Add the endpoints, as hidden components, to the page that is being built."""
    names = list(tts.voices)

    def speak(text: str, voice: str = names[0], speed: float = 1.0, seed: int = 0, request: gr.Request = None):
        """Speak an English text of at most 600 characters; returns the address of a WAV file.

        Args:
            text: what to say. [word](W ER1 D) says a word by its ARPAbet phonemes.
            voice: one of the names that the tool voices lists.
            speed: 0.5 to 2; 2 is twice as fast.
            seed: another one gives another take.
        """
        try:
            settings, controls, phonemes = SamplingConfig(seed=seed), DecodeControls(speed), sentences(tts, text or "")
            with turns.request(user_of(request)) as turn:
                for _, so_far in turn.share(tts.stream(phonemes, voice, settings, controls=controls)):
                    speech = so_far
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        with TemporaryDirectory() as folder:  # Gradio copies the file into its cache
            speech.save(path := Path(folder, f"phonelm-{seed}.wav"))
            yield str(path)

    def voices():
        """The voices: name, description, licence."""
        return [{"name": v.name, "about": v.about, "licence": v.licence} for v in tts.voices.values()]

    async def phonemize(text: str, request: gr.Request = None):
        """How an English text is read: for each sentence its words and their ARPAbet phonemes.

        Args:
            text: at most 600 characters.
        """
        try:
            read = await aside.run((user_of(request), "phonemize"), sentences, tts, text or "")
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        return [{"spoken": p.text, "words": list(p.words), "phonemes": notation([p])} for p in read]

    with gr.Column(visible=False):
        inputs = [
            gr.Textbox(label="Text"), gr.Dropdown(names, value=names[0], label="Voice"),
            gr.Slider(0.5, 2, 1, label="Speed"), gr.Number(0, precision=0, label="Seed"),
        ]  # fmt: skip
        text, listed = gr.Textbox(label="Text"), gr.JSON(label="Result")
        gr.Button().click(speak, inputs, gr.Audio(label="Speech"), api_name="speak", **MODEL)
        gr.Button().click(voices, None, listed, api_name="voices", queue=False)
        gr.Button().click(phonemize, text, listed, api_name="phonemize", queue=False)
