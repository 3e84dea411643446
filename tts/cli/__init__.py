"""The command line `tts`: one file per command group."""

from __future__ import annotations

import signal
import sys

from tts.interrupts import end_after_signal, handle_signals


def main() -> None:
    """Run the command line on this process's arguments, and exit."""
    handle_signals()
    try:
        try:
            for stream in (sys.stdout, sys.stderr):
                # IPA on a terminal that cannot show it is printed as escapes, and does not fail.
                if hasattr(stream, "reconfigure"):
                    stream.reconfigure(errors="backslashreplace")
            from tts.cli.app import command

            command().main(prog_name="tts")
        except KeyboardInterrupt:
            sys.exit(128 + signal.SIGINT)
    except SystemExit as end:
        end_after_signal(end.code)
        raise
