"""Several voices, training runs for example, made one: all their acoustic models and all their vocoders in a folder.

Acoustic models must share their symbols and their mel. A vocoder that hears another mel comes along where the voice's
can be converted. Weights are copied as they are.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tts.audio.mel_settings import conversion_problem, same_mel
from tts.errors import UsageError
from tts.voice.archives import check_whole
from tts.voice.assembly import GRIFFIN_LIM, check_voice, mel_table
from tts.voice.manifest import Component, VoiceManifest, load_manifest, mel_settings, write_manifest
from tts.voice.names import check_voice_name, is_text_about_it, is_voice_file


@dataclass(frozen=True)
class _Network:
    """A network of one of the sources, and what it is called there."""

    source: VoiceManifest
    name: str
    component: Component


def merge(
    sources: Sequence[VoiceManifest], head: Mapping[str, str], folder: Path, tell: Callable[[str], None]
) -> VoiceManifest:
    """Make one voice of all sources in `folder`, which is empty, and load it once.

    It is what the first source that speaks says of itself, but for what `head` says (keys of `manifest.HEAD`). Where
    none speaks, it is a package of vocoders. `tell` hears of vocoders that will need a conversion.

    Raises:
        UsageError: they do not fit each other, two networks have one name, or no voice can be called so.
        TtsError: a file of theirs is missing or damaged, or does not hold what it should.
    """
    speaking = [source for source in sources if source.speaks]
    base = (speaking or list(sources))[0]
    for source in sources:
        check_whole(source)
    for source in speaking[1:]:
        _check_same_speech(base, source)
    acoustics = _distinct("acoustic models", [_Network(s, *item) for s in speaking for item in s.acoustics.items()])
    vocoders = _distinct("vocoders", list(_vocoders(sources)))
    taken: set[str] = set()
    said: dict[str, Any] = dict(head)
    check_voice_name(head.get("name", base.name))
    merged = replace(
        base,
        **said,
        acoustics={name: _moved(network, base, folder, taken) for name, network in acoustics.items()},
        vocoders={
            name: _joined(_moved(network, base, folder, taken), network, base, tell)
            for name, network in vocoders.items()
        },
        default_vocoder=_default_vocoder(sources),
        folder=folder,
    )
    _copy_texts(sources, folder)
    write_manifest(merged)
    merged = load_manifest(folder)
    check_voice(merged)
    return merged


def _check_same_speech(base: VoiceManifest, other: VoiceManifest) -> None:
    """What one acoustic model reads and speaks, the others must too: a voice has one frontend and one mel."""
    places = f"{base.folder} and {other.folder}"
    if base.frontend != other.frontend:
        raise UsageError(f"{places} read different symbols: their acoustic models cannot be in one voice.")
    if not same_mel(mel_settings(base), mel_settings(other)):
        raise UsageError(f"{places} speak different mels: their acoustic models cannot be in one voice.")


def _vocoders(sources: Sequence[VoiceManifest]) -> Iterator[_Network]:
    """All vocoders in order; at the end Griffin-Lim, once and for the voice's mel, since it has no weights."""
    every = [_Network(source, *item) for source in sources for item in source.vocoders.items()]
    yield from (network for network in every if network.component.network != GRIFFIN_LIM)
    weightless = [network for network in every if network.component.network == GRIFFIN_LIM]
    yield from sorted(weightless, key=lambda network: not network.source.speaks)[:1]


def _distinct(kind: str, networks: Sequence[_Network]) -> dict[str, _Network]:
    found: dict[str, _Network] = {}
    for network in networks:
        first = found.setdefault(network.name, network)
        if first is not network:
            raise UsageError(
                f"{first.source.folder} and {network.source.folder} both have {kind} called {network.name}, and a "
                f"voice has one of a name: leave one out, or change its name in its voice.toml."
            )
    return found


def _default_vocoder(sources: Sequence[VoiceManifest]) -> str:
    """That of the first source which has another than Griffin-Lim; Griffin-Lim where there is no other."""
    for source in sources:
        trained = [name for name, part in source.vocoders.items() if part.network != GRIFFIN_LIM]
        if trained:
            return source.default_vocoder if source.default_vocoder in trained else trained[0]
    return sources[0].default_vocoder


def _moved(network: _Network, base: VoiceManifest, folder: Path, taken: set[str]) -> Component:
    """The component with its file copied into `folder` under the network's name, and with its origin in the note."""
    component = replace(network.component, note=_note(network, base))
    names = {name: _copied(network, name, folder, taken) for name in component.files}
    file, graph = (names[name] if name is not None else None for name in (component.file, component.graph))
    return replace(component, file=file, graph=graph)


def _copied(network: _Network, file: str, folder: Path, taken: set[str]) -> str:
    """Copy one of the network's files into `folder` and give its name there."""
    suffix = Path(file).suffix
    name = f"{network.name}{suffix}"
    if name.lower() in taken:
        # An acoustic model and a vocoder may share a name; some systems do not tell A from a.
        name = f"{network.name}-{network.component.files[file][:12]}{suffix}"
    if not is_voice_file(name):
        raise UsageError(f"{network.source.folder} has a network called {network.name!r}: name it like a file.")
    taken.add(name.lower())
    shutil.copyfile(network.source.folder / file, folder / name)
    return name


def _note(network: _Network, base: VoiceManifest) -> str:
    """Where the weights come from, where the voice as a whole would say something else of it."""
    source, component = network.source, network.component
    same = (source.provenance, source.licence) == (base.provenance, base.licence)
    if component.note or component.file is None or same:
        return component.note
    return f"From {source.name}: {' '.join(source.provenance.split()).rstrip('.')}; licence: {source.licence}."


def _joined(component: Component, network: _Network, base: VoiceManifest, tell: Callable[[str], None]) -> Component:
    """The vocoder in a voice that speaks the mel of `base`: its own mel is noted where it is another."""
    spoken, heard = mel_settings(base), mel_settings(network.source, network.component)
    if problem := conversion_problem(spoken, heard):
        raise UsageError(f"The vocoder {network.name} of {network.source.folder} does not fit: {problem}.")
    if not same_mel(spoken, heard):
        tell(f"{network.name} hears another mel than this voice speaks: it will be converted")
    return replace(component, mel={} if spoken == heard else mel_table(heard))


def _copy_texts(sources: Sequence[VoiceManifest], folder: Path) -> None:
    """Licences and the like come along."""
    for source in sources:
        for path in sorted(source.folder.iterdir()):
            if not path.is_file() or not is_text_about_it(path.name):
                continue
            target = folder / path.name
            if target.exists() and target.read_bytes() != path.read_bytes():
                raise UsageError(f"There are different texts {path.name} in what is packed: give one another name.")
            shutil.copyfile(path, target)
