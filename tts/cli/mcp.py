"""`tts mcp`: assistants speak, over the Model Context Protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts import extras
from tts.cli import flags
from tts.errors import UsageError
from tts.options import VoiceOptions

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", metavar="FOLDER", help="Folder that audio files may be written into.", show_default="none"
    ),
]
MostCharacters = Annotated[int, typer.Option("--max-characters", metavar="N", min=1, help="Longest text of a request.")]


@flags.option_flags(without=("vocoder", "acoustic", "speaker"))
def mcp(*, folder: Folder = None, max_characters: MostCharacters = 20_000, voice_options: VoiceOptions) -> None:
    """Serve the Model Context Protocol on standard input and output: tools to speak and to list voices."""
    extras.require("server", "The server", "mcp")
    flags.check_voice(voice_options)
    if folder is not None and not folder.is_dir():
        raise UsageError(f"{folder} is no folder.")

    from tts.config import voice_aliases
    from tts.server.mcp import mcp_server
    from tts.server.requests import Naming
    from tts.synthesis.voice import Voice, load_voice

    def load(name: str) -> Voice:
        return load_voice(**{**vars(voice_options), "voice": name})

    naming = Naming(voice_options.voice, voice_aliases())
    mcp_server(naming, load, folder, max_characters).run("stdio")
