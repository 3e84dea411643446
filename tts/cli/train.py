"""`tts train`: from recordings to networks."""

from __future__ import annotations

import typer

from tts.cli import train_prepare

app = typer.Typer(help="Make a voice from recordings.", no_args_is_help=True)
app.command("prepare")(train_prepare.prepare)


@app.callback()
def train() -> None:
    """Make a voice from recordings."""
