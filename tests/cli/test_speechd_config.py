"""The module for speech-dispatcher: what it runs is run here, with a player that keeps what it hears."""

from __future__ import annotations

import os
import re
import subprocess

import pytest


@pytest.mark.skipif(os.name == "nt", reason="speech-dispatcher is a program of Linux")
def test_the_command_speaks(tts, tmp_path):
    text = 'It\'s a test with "quotes", $HOME, `date`, %s and \\n.'
    module = tts("speechd-config", "--voice", "heart").stdout.decode()
    assert re.findall(r"^AddVoice .*", module, re.MULTILINE) == [
        f'AddVoice "en" "FEMALE1" "{name}"' for name in ("heart", "pulse", "random")
    ]
    assert module.endswith('DefaultVoice "heart"\n')
    command = re.search(r'GenericExecuteSynth \\\n"(.*?)"\n\n', module, re.DOTALL)[1].replace("\\\n", "")
    # As sd_generic does it.
    command = command.replace("\\'", "'").replace("$DATA", text.replace("'", "'\\''"))
    for name, value in (("VOICE", "heart"), ("RATE", "-100"), ("VOLUME", "50")):
        command = command.replace(f"${name}", value)

    player = tmp_path / "bin" / "paplay"
    player.parent.mkdir()
    player.write_text(f"#!/bin/sh\ncat > {tmp_path}/heard\n")
    player.chmod(0o755)
    environment = tts.environment | {"PATH": f"{player.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, timeout=120, check=False)
    assert done.stderr == b""
    heard = (tmp_path / "heard").read_bytes()
    plain = tts(
        "say",
        "-",
        "--voice",
        "heart",
        "--speed",
        "0.5",
        "--volume",
        "-5",
        "-o",
        "-",
        "--format",
        "raw",
        stdin=text.encode(),
    )
    assert heard == plain.stdout
