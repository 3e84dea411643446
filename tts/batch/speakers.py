"""The voices of a sentences file, each looked for once, and what is wrong with those that are not there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tts.errors import TtsError, UsageError
from tts.synthesis.options import SynthesisOptions
from tts.voice.manifest import VoiceManifest
from tts.voice.store import check_acoustic, find_vocoder, find_voice, voice_folders

# A file whose every line names another voice is a slip, and must not fill the memory.
_MOST_KEPT = 1000


@dataclass(frozen=True)
class Speaker:
    """A voice that is there, with the vocoder and acoustic model that the options name."""

    manifest: VoiceManifest
    name: str
    """By which any process finds the voice: its name, or the whole path of a folder."""
    vocoder: str | None
    """The same of the vocoder."""

    def options(self, options: SynthesisOptions) -> SynthesisOptions:
        """The options, with a vocoder that any process finds."""
        return options if options.vocoder == self.vocoder else replace(options, vocoder=self.vocoder)


class Speakers:
    """Finds speakers, and remembers also what it did not find."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str | None, str | None], Speaker | TtsError] = {}

    def find(self, voice: str, options: SynthesisOptions) -> Speaker:
        """The speaker for a voice and what the options say of it.

        Raises:
            UsageError: there is no such voice, or not the vocoder or the acoustic model for it.
            TtsError: its manifest is broken.
        """
        asked = (voice, options.vocoder, options.acoustic)
        found = self._known.get(asked)
        if found is None:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            found = self._known[asked] = _looked_for(*asked)
        if isinstance(found, TtsError):
            raise type(found)(str(found))
        return found


def _looked_for(voice: str, vocoder: str | None, acoustic: str | None) -> Speaker | TtsError:
    try:
        manifest = find_voice(voice)
        if acoustic is not None:
            check_acoustic(manifest, acoustic)
        return Speaker(manifest, _findable(voice, manifest), _findable_vocoder(manifest, vocoder))
    except TtsError as error:
        # Without the traceback, which would keep all that was looked through.
        return type(error)(str(error))
    except (OSError, ValueError, RuntimeError):
        # No path of this system: too long a name, the home of nobody.
        return UsageError(f"There is no voice {voice!r}" + (f" with a vocoder {vocoder!r}." if vocoder else "."))


def _findable_vocoder(manifest: VoiceManifest, vocoder: str | None) -> str | None:
    if vocoder is None or vocoder in manifest.vocoders:
        return vocoder
    return _findable(vocoder, find_vocoder(manifest, vocoder)[0])


def _findable(name: str, manifest: VoiceManifest) -> str:
    """A worker may stand in another folder, where a relative path means nothing."""
    return name if voice_folders().get(name) == manifest.folder else str(Path(manifest.folder).absolute())
