"""`tts voices export`: graphs with which a voice speaks without PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts.cli import flags
from tts.cli.console import print_json, tell
from tts.voice.store import find_installed


def export(
    name: Annotated[str, typer.Argument(metavar="NAME|DIR", help="A voice, or a folder with one.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Where to write the voice; without it, into its own folder."
        ),
    ] = None,
    json: flags.Json = False,
) -> None:
    """Give a voice graphs for ONNX Runtime, with which it starts faster than with PyTorch.

    Each is compared with PyTorch first. Networks that have no graph stay as they are.
    """
    from tts.voice.export import export_graphs

    voice = find_installed(name)
    exported = export_graphs(voice, output or voice.folder, tell)
    graphs = {name: part.graph for name, part in {**exported.acoustics, **exported.vocoders}.items() if part.graph}
    sizes = {graph: (exported.folder / graph).stat().st_size for graph in graphs.values()}
    if json:
        print_json({"voice": exported.name, "folder": str(exported.folder), "graphs": graphs, "sizes": sizes})
        return
    listed = ", ".join(f"{name} ({sizes[graph] / 1e3:.0f} kB)" for name, graph in graphs.items())
    tell(f"{exported.name} in {exported.folder} has graphs of {listed}")
