"""Packing a voice, or several made one, into a file or a folder that others can install."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tts.errors import TtsError, UsageError
from tts.files import check_destination, folder_beside
from tts.voice.archives import PACKED_SUFFIXES, check_whole, pack
from tts.voice.landing import land
from tts.voice.manifest import MANIFEST_FILE, VoiceManifest, load_manifest
from tts.voice.names import is_text_about_it, is_voice_file, voice_name_from

# Who writes one of these has a file in mind, and not a folder.
_OTHER_FILES = (".zip", ".tgz", ".gz", ".xz", ".bz2", ".7z", ".safetensors", ".toml")


def pack_voice(
    sources: Sequence[VoiceManifest], destination: Path, head: Mapping[str, str], tell: Callable[[str], None]
) -> VoiceManifest:
    """Pack `sources` as one voice into a .tar or .tar.gz, or as a folder; only what manifests name goes in.

    One source with an empty `head` is packed as it is; else see `merging.merge`. Several have the destination's name
    where `head` has none. Gives the manifest of what was packed.

    Raises:
        UsageError: the sources do not fit each other, or the destination is neither.
        TtsError: a source is damaged, or nothing can be written there.
    """
    _check_output(destination)
    as_it_is = len(sources) == 1 and not head
    if as_it_is and _is_tar(destination):
        pack(sources[0].folder, destination)
        return sources[0]
    with folder_beside(destination) as folder:
        if as_it_is:
            _copy_whole(sources[0], folder)
        else:
            from tts.voice.merging import merge

            named = {"name": _name_from(destination)} if len(sources) > 1 else {}
            merge(sources, {**named, **head}, folder, tell)
        packed = load_manifest(folder)
        if _is_tar(destination):
            pack(folder, destination)
        else:
            land(folder, destination)
    return packed


def copy_voice(source: Path, folder: Path) -> None:
    """Copy the files that a voice's manifest names, and the texts beside them.

    Raises:
        TtsError: one is missing, or has a name that no file of a voice has.
    """
    names = set(load_manifest(source).files)
    names |= {path.name for path in source.iterdir() if path.is_file() and is_text_about_it(path.name)}
    for name in sorted({MANIFEST_FILE, *names}):
        if not is_voice_file(name):
            raise TtsError(f"{source} is refused: {name!r} in its manifest is not the name of a voice's file.")
        try:
            shutil.copyfile(source / name, folder / name)
        except FileNotFoundError:
            raise TtsError(f"{source / name} is missing: the voice is not whole.") from None


def _copy_whole(source: VoiceManifest, folder: Path) -> None:
    check_whole(source)
    copy_voice(source.folder, folder)


def _name_from(destination: Path) -> str:
    return voice_name_from(destination.resolve().name.removesuffix(".gz").removesuffix(".tar"))


def _is_tar(destination: Path) -> bool:
    return destination.name.endswith(PACKED_SUFFIXES)


def _check_output(destination: Path) -> None:
    """Refuse before any work what cannot be written, and a folder that holds something else."""
    if _is_tar(destination):
        check_destination(destination)
        return
    if destination.name.lower().endswith(_OTHER_FILES):
        raise UsageError(
            f"A packed voice is a tar or a folder: let the name end in .tar or .tar.gz, or in no suffix, "
            f"not {destination.name!r}."
        )
    check_voice_folder(destination)


def check_voice_folder(destination: Path) -> None:
    """Refuse, as a TtsError, a folder that cannot be written, or that holds more than a voice."""
    if destination.is_dir():
        if others := _not_of_a_voice(destination):
            raise TtsError(f"{destination} holds other things, {others[0]} for one: name a new folder.")
        return
    check_destination(destination)
    if destination.exists():
        raise TtsError(f"{destination} is a file: name a folder, or to pack a voice let the name end in .tar.")


def _not_of_a_voice(folder: Path) -> list[str]:
    """What would be lost or left over if a voice took this folder's place: a run's states, for example."""
    names = sorted(path.name for path in folder.iterdir())
    if MANIFEST_FILE not in names:
        return names
    own = {MANIFEST_FILE, *load_manifest(folder).files}
    return [name for name in names if name not in own and not is_text_about_it(name)]
