"""`tts speechd-config`: a module of speech-dispatcher, through which screen readers on Linux speak."""

from __future__ import annotations

import shlex
import shutil
import sys

import typer

from tts.cli import flags
from tts.options import VoiceOptions
from tts.text.language_codes import bcp47
from tts.voice.store import installed_voices

# sd_generic puts the text in place of $DATA and keeps it in its single quotes. Its numbers go from -100 to 100, and the
# loudest volume is ours. A rate is a power of two here, so that no value is refused.
_MODULE = """\
# A module of speech-dispatcher for utter-tts. Put it at
#   ~/.config/speech-dispatcher/modules/utter-generic.conf
# and this line into ~/.config/speech-dispatcher/speechd.conf:
#   AddModule "utter" "sd_generic" "utter-generic.conf"

GenericExecuteSynth \\
"printf %s \\'$DATA\\' | {command} say - -v \\'$VOICE\\' \\
--speed $(awk \\'BEGIN {{ print 2 ^ ($RATE / 100) }}\\') --volume $(awk \\'BEGIN {{ print ($VOLUME - 100) / 10 }}\\') \\
--play --quiet"

GenericCmdDependency "awk"
GenericRateAdd 0
GenericRateMultiply 100
GenericRateForceInteger 1
GenericVolumeAdd 0
GenericVolumeMultiply 100
GenericVolumeForceInteger 1

"""


def speechd_config(*, voice: flags.VoiceName = VoiceOptions.voice) -> None:
    """Print a configuration of speech-dispatcher, for Orca and other screen readers."""
    flags.check_voice(VoiceOptions(voice=voice))
    program = shutil.which("tts")
    command = shlex.quote(program) if program else f"{shlex.quote(sys.executable)} -m tts"
    lines = [_MODULE.format(command=command.replace("'", "\\\\'"))]
    for each in sorted(filter(lambda each: each.speaks, installed_voices()), key=lambda each: each.name != voice):
        # The first voice of a language is the one that is used unless another is chosen.
        lines.append(f'AddVoice "{bcp47(each.language).split("-")[0]}" "FEMALE1" "{each.name}"\n')
    lines.append(f'DefaultVoice "{voice}"\n')
    typer.echo("".join(lines), nl=False)
