"""The command line `tts`: one file per command group."""

from __future__ import annotations

import signal
import sys

from tts.cli.streams import prepare_process
from tts.interrupts import end_after_signal, handle_signals


def main() -> None:
    """Run the command line on this process's arguments, and exit."""
    # First, since everything that is opened takes the lowest free descriptor.
    prepare_process()
    handle_signals()
    try:
        try:
            from tts.cli.app import command

            command().main(prog_name="tts")
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)
    except SystemExit as end:
        end_after_signal(end.code)
        raise
