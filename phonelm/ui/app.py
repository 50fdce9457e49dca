"""The app: the page is built around a model and served."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from phonelm.server import speech_routes
from phonelm.tts import TTS, Turns
from phonelm.ui.api.compare import compare_endpoint
from phonelm.ui.api.speak import endpoints
from phonelm.ui.api.tools import tool_endpoints
from phonelm.ui.aside import Aside
from phonelm.ui.assets import asset
from phonelm.ui.events import KEEP_S, QUEUED, THREADS
from phonelm.ui.long.routes import reading_routes
from phonelm.ui.long.shelf import Shelf
from phonelm.ui.page import Page
from phonelm.ui.reading import dictionary_input
from phonelm.ui.tabs.compare import compare_tab
from phonelm.ui.tabs.inside import inside_tab
from phonelm.ui.tabs.long import long_tab
from phonelm.ui.tabs.own import is_offered, own_tab
from phonelm.ui.tabs.speak import speak_tab
from phonelm.ui.zerogpu import load_tts, warm_up

HEADER = "<h1>PhoneLM</h1><p>English text to speech, in any voice. See how it is made, sound by sound.</p>"
SESSIONS = 100  # whose last speech is kept; each takes a megabyte or two, and Gradio would keep 10,000
THEME = gr.themes.Default(  # fonts of the system: nothing is fetched from anywhere
    primary_hue="blue", neutral_hue="slate", font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace")
).set(
    body_text_color_subdued="*neutral_500", body_text_color_subdued_dark="*neutral_400",
    button_primary_background_fill="*primary_600", button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_dark="*primary_600", button_primary_background_fill_hover_dark="*primary_700",
)  # fmt: skip


def build_demo(tts: TTS, mcp: bool = False) -> Page:
    """The page, around a model. Nothing is shared between users; each tab is a module of `phonelm.ui`.

    Its public endpoints are `/generate`, `/edit`, `/compare`, `/speak`, `/voices` and `/phonemize`, and, beside
    Gradio's, those of `phonelm.server`. Start it with `launch`.

    Args:
        mcp: assistants see it as an MCP server, with the last three of those endpoints as tools.
    """
    turns, aside, shelf = Turns(), Aside(), Shelf()
    with Page(title="PhoneLM", analytics_enabled=False, fill_width=True, delete_cache=(KEEP_S, KEEP_S)) as demo:
        demo.routes = [*speech_routes(tts, turns).routes, *reading_routes(shelf).routes]
        gr.HTML(HEADER, elem_classes="masthead")
        dictionary = dictionary_input()
        with gr.Tabs() as tabs:
            with gr.Tab("Speak", id="speak"):
                voice = speak_tab(tts, turns, aside, dictionary)
            with gr.Tab("Long text", elem_id="long"):
                long_tab(tts, turns, aside, dictionary, shelf)
            with gr.Tab("Compare", elem_id="compare"):
                compare_tab(tts, turns, aside, dictionary)
            with gr.Tab("Inside", elem_id="inside"):
                inside_tab(tts, turns)
            if is_offered():
                with gr.Tab("Your voice", elem_id="own") as own:
                    own_tab(own, tabs, voice)
        listed = {"api_visibility": "undocumented" if mcp else "public"}
        endpoints(tts, turns, **listed)
        compare_endpoint(tts, turns, **listed)
        tool_endpoints(tts, turns, aside)
    return demo


def launch(demo: Page, **options: Any):
    """Serve the page; `options` are those of `gr.Blocks.launch`, whose result is returned."""
    return demo.queue(max_size=QUEUED).launch(
        theme=THEME, css=asset("page.css", "cards.css", "words.css"),
        head=f"<script>{asset('clips.js', 'keys.js')}</script>", footer_links=["api"], run_history=False,
        ssr_mode=False, max_file_size="20mb", state_session_capacity=SESSIONS, max_threads=THREADS,
        app_kwargs={"routes": list(demo.routes)}, **options,
    )  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: this machine only; 0.0.0.0 for all)")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, mps (default: cuda if there is one, else cpu)")
    parser.add_argument("--mcp", action="store_true", help="also serve MCP tools to assistants")


def run(args: argparse.Namespace) -> int:
    """Serve the page until it is interrupted. It is there before the system has warmed up.

    Raises:
        ValueError: no such checkpoint or device.
    """
    if args.mcp and find_spec("mcp") is None:
        raise ValueError("--mcp needs the package mcp: pip install 'phonelm[mcp]'")
    tts = load_tts(args.checkpoint, args.device)
    demo = build_demo(tts, args.mcp)
    launch(demo, server_name=args.host, server_port=args.port, mcp_server=args.mcp, prevent_thread_lock=True)
    warm_up(tts)
    demo.block_thread()
    return 0


def main(arguments: Sequence[str] | None = None) -> None:
    """`python app.py`; `arguments` are those of the command line if None."""
    parser = argparse.ArgumentParser(description="PhoneLM in a browser.")
    add_arguments(parser)
    args = parser.parse_args(arguments)
    try:
        run(args)
    except ValueError as error:
        parser.error(str(error))
