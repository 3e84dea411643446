"""`tts train`: from recordings to a voice."""

from __future__ import annotations

import typer

from tts.cli import flags, train_align, train_mels, train_prepare, train_run
from tts.cli.console import print_json, print_table

app = typer.Typer(help="Make a voice of your own.", no_args_is_help=True)

app.command("prepare")(train_prepare.prepare)
app.command("align")(train_align.align)
app.command("acoustic")(train_run.acoustic)
app.command("vocoder")(train_run.vocoder)
app.command("mels")(train_mels.mels)
app.command("export-state")(train_mels.export_state)


@app.command()
def recipes(json: flags.Json = False) -> None:
    """List the recipes that networks are trained by."""
    from tts.training.recipe import all_recipes

    found = all_recipes()
    if json:
        print_json([{"name": recipe.name, **recipe.table} for recipe in found])
        return
    rows = [(r.name, r.kind, r.network, str(r.schedule.get("steps", "")), r.description) for r in found]
    print_table(("name", "kind", "network", "steps", "description"), rows)
