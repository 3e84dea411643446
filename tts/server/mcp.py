"""A server of the Model Context Protocol over standard input and output: an assistant speaks, and lists the voices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

import tts
from tts.errors import TtsError, UsageError
from tts.options import SynthesisOptions
from tts.server.requests import Naming
from tts.server.voices import voice_list
from tts.synthesis.voice import Voice

# A name, not a path: a file of an assistant goes into the one folder that the user named.
_FILE_NAME = re.compile(r"[\w][\w .()-]{0,100}")


def mcp_server(
    naming: Naming, load: Callable[[str], Voice], folder: Path | None, most_characters: int
) -> MCPServer[Any]:
    """The server. `load` loads a voice by its name; files are written into `folder`, None: nowhere."""
    server: MCPServer[Any] = MCPServer("utter-tts", version=tts.__version__, log_level="ERROR")
    voices: dict[str, Voice] = {}
    speaking = Lock()
    where = f"in {folder}" if folder else "(refused: the server was started without --folder)"

    def speak(text: str, voice: str | None, speaker: str | None, speed: float, file: str | None) -> str:
        if len(text) > most_characters:
            raise UsageError(f"The text has {len(text)} characters; at most {most_characters} are spoken at once.")
        options = replace(SynthesisOptions(), speed=speed)
        manifest, chosen = naming.resolve(voice, speaker)
        sink = _file_sink(folder, file) if file else _player_sink()
        seconds = 0.0
        # One text at a time is heard, in the order in which they come.
        with speaking:
            if manifest.name not in voices:
                voices[manifest.name] = load(manifest.name)
            with sink as target:
                for piece in voices[manifest.name].stream(text, replace(options, speaker=chosen)):
                    target.write(piece.audio)
                    seconds += piece.audio.seconds
        done = f"Wrote {file}" if file else "Spoke"
        return f"{done}: {seconds:.1f} seconds of speech by {manifest.name}."

    @server.tool(description=f"Speak a text aloud, or into an audio file (.wav, .mp3, .flac, .ogg, .opus) {where}.")
    async def say(
        text: str, voice: str | None = None, speaker: str | None = None, speed: float = 1.0, file: str | None = None
    ) -> str:
        try:
            return await asyncio.to_thread(speak, text, voice, speaker, speed, file)
        except TtsError as error:
            raise ToolError(str(error)) from error

    @server.tool(description="The installed voices, with their languages and speakers.")
    async def list_voices() -> list[dict[str, Any]]:
        return await asyncio.to_thread(voice_list)

    return server


def _file_sink(folder: Path | None, name: str) -> Any:
    from tts.audio.writer import AudioWriter, format_of

    if folder is None:
        raise UsageError("No file can be written: the server was started without --folder.")
    if not _FILE_NAME.fullmatch(name):
        raise UsageError(f"{name[:80]!r} is no plain file name: give one like answer.mp3, without a folder.")
    kind = format_of(name)
    path = folder / name
    if path.exists():
        raise UsageError(f"There is a file {name} already: give another name.")
    return AudioWriter(path, kind)


def _player_sink() -> Any:
    from tts.audio.playback import PlayerStream, find_player

    return PlayerStream(find_player())
