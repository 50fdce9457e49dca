"""The app as assistants see it: an MCP server with three tools."""

import asyncio
import socket

import httpx
import pytest
import soundfile

import app
from phonelm.config import SAMPLE_RATE
from phonelm.ui.app import main

mcp = pytest.importorskip("mcp", reason="these tests need the package mcp")


@pytest.fixture(scope="module")
def url(app_tts, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, socket.socket() as free:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        demo = app.build_demo(app_tts, mcp=True)
        options = {"server_name": "127.0.0.1", "server_port": port, "prevent_thread_lock": True, "quiet": True}
        yield app.launch(demo, mcp_server=True, **options)[1].rstrip("/")
        demo.close(verbose=False)


def with_tools(url, use):
    """What `use` makes of a session with the server."""
    from mcp.client.streamable_http import streamablehttp_client

    async def talk():
        async with streamablehttp_client(f"{url}/gradio_api/mcp/") as (read, write, _):
            async with mcp.ClientSession(read, write) as session:
                await session.initialize()
                return await use(session)

    return asyncio.run(talk())


def test_tools_are_named_and_described(url):
    tools = {tool.name: tool for tool in with_tools(url, lambda session: session.list_tools()).tools}
    assert set(tools) == {"speak", "voices", "phonemize"}
    assert all(tool.description for tool in tools.values())
    speak = tools["speak"].inputSchema["properties"]
    assert list(speak) == ["text", "voice", "speed", "seed"] and speak["voice"]["enum"] == ["bundled", "other"]


def test_an_assistant_speaks(url, tmp_path):
    spoken = with_tools(url, lambda session: session.call_tool("speak", {"text": "Hi.", "voice": "other"}))
    assert not spoken.isError
    (tmp_path / "a.wav").write_bytes(httpx.get(spoken.content[0].text.removeprefix("Audio URL: ")).content)
    assert soundfile.info(tmp_path / "a.wav").samplerate == SAMPLE_RATE
    said = with_tools(url, lambda session: session.call_tool("phonemize", {"text": "I read it."}))
    assert "AY1 | R IY1 D | IH1 T ." in said.content[0].text
    wrong = with_tools(url, lambda session: session.call_tool("speak", {"text": " "}))
    assert wrong.isError and "the text is empty" in wrong.content[0].text


def test_a_missing_package_is_named(monkeypatch, capsys):
    monkeypatch.setattr("phonelm.ui.app.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["--mcp"])
    assert "phonelm[mcp]" in capsys.readouterr().err
