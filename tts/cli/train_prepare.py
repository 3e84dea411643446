"""`tts train prepare`: recordings and their texts → the features that training reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tts.cli import flags
from tts.cli.console import amount_bar, print_json, tell
from tts.errors import UsageError


def prepare(
    dataset: Annotated[Path, typer.Argument(metavar="DATASET", help="A folder of recordings and their texts.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="Where to put what is prepared.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Of the data set; without it, its folder's.")] = "",
    language: Annotated[str, typer.Option(metavar="L", help="As espeak-ng calls it.")] = "en-us",
    licence: Annotated[str, typer.Option("--licence", "--license", metavar="L", help="Of the recordings.")] = "unknown",
    provenance: Annotated[str, typer.Option(metavar="TEXT", help="Who recorded whom, when, for what.")] = "",
    layout: Annotated[str, typer.Option(metavar="auto|ljspeech|arctic|corpus", help="How it is laid out.")] = "auto",
    no_trim: Annotated[bool, typer.Option("--no-trim", help="Keep all silence at both ends.")] = False,
    min_seconds: Annotated[float, typer.Option(metavar="SEC", help="Drop shorter clips.")] = 0.3,
    max_seconds: Annotated[float, typer.Option(metavar="SEC", help="Drop longer clips.")] = 20.0,
    jobs: Annotated[int, typer.Option(metavar="N", help="Processes; without it, one a core.", show_default=False)] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in DIR.")] = False,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Check a data set, and compute once what training reads of it.

    DATASET is laid out like LJ Speech (metadata.csv, wavs/), CMU ARCTIC (etc/txt.done.data, wav/), or as a corpus with
    metadata.jsonl. What cannot be used is dropped and told of. A run that was stopped goes on.
    """
    if jobs < 0:
        raise UsageError(f"--jobs must be 1 or more, not {jobs}.")
    from tts.training.features import Limits
    from tts.training.prepare import PrepareOptions
    from tts.training.prepare import prepare as prepare_dataset

    options = PrepareOptions(
        name=name,
        language=language,
        licence=licence,
        provenance=provenance,
        layout=layout,
        trim=not no_trim,
        limits=Limits(min_seconds, max_seconds),
        force=force,
    )
    with amount_bar("preparing", "clips", quiet=quiet) as progress:
        prepared = prepare_dataset(dataset, output, jobs=jobs or _cores(), options=options, progress=progress)
    if not quiet:
        if prepared.was_there:
            tell(f"{output} is already prepared; --force does it anew")
        _summarise(prepared.report, output)
    if json:
        print_json(prepared.report)


def _cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _summarise(report: dict[str, Any], output: Path) -> None:
    """What was kept, what was dropped and why, on standard error."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from tts.training.features import REASONS

    console = Console(stderr=True, highlight=False)
    clips, splits = report["clips"], report["splits"]
    parts = ", ".join(f"{split} {told['clips']}" for split, told in splits.items())
    console.print(f"{clips['kept']} of {clips['found']} clips, {report['hours']:.2f} hours: {parts}", soft_wrap=True)
    table = Table("", "least", "middle", "most", box=SIMPLE_HEAD, pad_edge=False)
    for key, title in _ROWS.items():
        if told := report[key]:
            table.add_row(title, *(f"{told[q]:.1f}" for q in ("0%", "50%", "100%")))
    console.print(table)
    for reason, count in report["dropped"].items():
        console.print(f"dropped {count}: {reason} ({REASONS[reason]})", soft_wrap=True)
    for remark in report["remarks"]:
        console.print(escape(remark), soft_wrap=True)
    if report["dropped"]:
        console.print(escape(f"each is named in {output / 'dropped.jsonl'}"), soft_wrap=True)


_ROWS = {
    "seconds": "seconds",
    "f0_hz": "F0 (Hz)",
    "loudness_lufs": "loudness (LUFS)",
    "symbols_per_second": "symbols a second",
}
