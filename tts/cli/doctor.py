"""`tts doctor`: what works on this machine, and what to do where something does not."""

from __future__ import annotations

import typer

from tts.cli import flags
from tts.cli.console import print_json, print_table


def doctor(json: flags.Json = False, system_espeak: flags.SystemEspeak = False, offline: flags.Offline = False) -> None:
    """Check what works here; the exit code is 1 when something needed fails."""
    from tts.cli.checks import all_checks

    rows = all_checks(system_espeak=system_espeak, offline=offline)
    if json:
        print_json([{"check": row.check, "status": row.status, "detail": row.detail} for row in rows])
    else:
        print_table(("check", "", "detail"), [(row.check, row.status, row.detail) for row in rows])
    if any(row.status == "fail" for row in rows):
        raise typer.Exit(1)
