"""`tts train mels` and `tts train export-state`: what one training hands to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tts.cli import flags
from tts.cli.console import tell
from tts.cli.train_run import Device
from tts.errors import UsageError


def mels(
    prepared: flags.Prepared,
    voice: Annotated[
        str, typer.Option("--voice", "-v", metavar="RUN|VOICE", help="Whose acoustic model, a FastSpeech 2.")
    ],
    name: Annotated[str, typer.Option("--output", "-o", metavar="NAME", help="Written to PREPARED/mels-NAME.npy.")],
    device: Device = "auto",
    quiet: flags.Quiet = False,
) -> None:
    """Write the mels that an acoustic model makes of the corpus, for vocoders to be trained on what they will hear."""
    from tts.training.acoustic import load_fastspeech2, write_acoustic_mels
    from tts.training.data import PreparedCorpus
    from tts.voice.load import choose_device
    from tts.voice.store import find_voice, is_plain_name

    if not is_plain_name(name):
        raise UsageError(f"{name!r} is no name for mels: it becomes a part of a file's name.")
    corpus = PreparedCorpus(prepared)
    network = load_fastspeech2(find_voice(voice), corpus, choose_device(device))
    path = prepared / f"mels-{name}.npy"
    write_acoustic_mels(corpus, network, path)
    if not quiet:
        tell(f"{path} is written; a vocoder hears it with --set settings.mels={path.name}")


def export_state(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")],
) -> None:
    """Write a run's last state in half precision, to carry elsewhere and go on from with --resume-from."""
    from tts.training.folder import LAST, compact, load_state, read_recipe, save_state

    read_recipe(run)
    if not (run / LAST).is_file():
        raise UsageError(f"{run} has no state yet: train it first.")
    save_state(output, compact(load_state(run / LAST)))
