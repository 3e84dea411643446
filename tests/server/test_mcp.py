"""The Model Context Protocol, with its own client over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import pytest
import soundfile

pytest.importorskip("mcp", reason="the server is an extra")

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.server.conftest import ROOT


@pytest.fixture
def talk(tmp_path, voices_folder):
    """Call tools one after the other; returns the names of all tools, and the results."""

    def run(*calls, flags=("--folder", "out")):
        (tmp_path / "out").mkdir(exist_ok=True)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TTS_VOICES_DIR": str(voices_folder)}
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "tts", "mcp", "--voice", "pulse", *flags], env=environment, cwd=tmp_path
        )

        async def exchange():
            async with stdio_client(server) as streams, ClientSession(*streams) as session:
                await session.initialize()
                names = [tool.name for tool in (await session.list_tools()).tools]
                return names, [await session.call_tool(name, arguments) for name, arguments in calls]

        return asyncio.run(asyncio.wait_for(exchange(), 120))

    return run


def test_an_assistant_lists_voices_and_speaks_into_a_file(talk, tmp_path):
    text = "Hello. This is spoken by an assistant."
    names, [voices, said, again] = talk(
        ("list_voices", {}), ("say", {"text": text, "file": "a.flac"}), ("say", {"text": text, "file": "a.flac"})
    )
    assert names == ["say", "list_voices"]
    assert "heart" in json.dumps([content.text for content in voices.content])
    seconds = soundfile.info(tmp_path / "out" / "a.flac").duration
    assert said.content[0].text == f"Wrote a.flac: {seconds:.1f} seconds of speech by pulse."
    assert again.is_error
    assert "There is a file a.flac already" in again.content[0].text


WRONG = [
    ({"text": "a", "file": "../a.wav"}, "'../a.wav' is no plain file name"),
    ({"text": "a", "file": "/tmp/a.wav"}, "is no plain file name"),
    ({"text": "a", "file": "a"}, "'a' has no suffix"),
    ({"text": "…", "file": "b.wav"}, "There is nothing to speak"),
    ({"text": "a", "voice": "hart", "file": "b.wav"}, "There is no voice 'hart'"),
    ({"text": "a", "speed": 99, "file": "b.wav"}, "speed must lie between 0.25 and 4"),
    ({"text": "a" * 20_001, "file": "b.wav"}, "at most 20000"),
]


def test_what_cannot_be_spoken_is_an_error_of_the_tool(talk, tmp_path):
    _, results = talk(*(("say", arguments) for arguments, _ in WRONG))
    for result, (_, message) in zip(results, WRONG, strict=True):
        assert result.is_error
        assert message in result.content[0].text
    assert list((tmp_path / "out").iterdir()) == []


def test_without_a_folder_no_file_is_written(talk):
    _, [result] = talk(("say", {"text": "a", "file": "a.wav"}), flags=())
    assert result.is_error
    assert "the server was started without --folder" in result.content[0].text
