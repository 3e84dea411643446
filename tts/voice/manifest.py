"""A voice as files: `voice.toml`, which says what the voice is and which file holds which network.

A voice has one acoustic model or several, `[acoustic]` or `[acoustics.NAME]`, which share its symbols and its mel.
A folder may also hold vocoders alone, without `[frontend]` and acoustic models: any voice of their mel can borrow them.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.files import write_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MANIFEST_FILE = "voice.toml"
HEAD = ("name", "description", "language", "licence", "provenance", "version")
"""What a manifest says of the whole voice, in words."""


@dataclass(frozen=True)
class Component:
    """One network of a voice: what it is, how it is sized, and where its weights lie (None: it has none).

    `mel` is the mel that a vocoder hears where that is not the manifest's own; `note` says where the weights come from
    and on what terms, where that is not what the manifest says of the whole. `graph` is a file that holds the network
    for ONNX Runtime, beside its weights.
    """

    network: str
    file: str | None = None
    sha256: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    mel: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    graph: str | None = None
    graph_sha256: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """Its files by name, and the SHA-256 of each."""
        named = {self.file: self.sha256, self.graph: self.graph_sha256}
        return {name: digest for name, digest in named.items() if name is not None and digest is not None}


@dataclass(frozen=True)
class FrontendSpec:
    """How text becomes ids: `kind` names the way (see `tts.text.frontend`), a symbol's id is its position."""

    kind: str
    symbols: tuple[str, ...]


@dataclass(frozen=True)
class VoiceManifest:
    name: str
    description: str
    language: str
    licence: str
    provenance: str
    version: str
    sample_rate: int
    mel: dict[str, Any]
    frontend: FrontendSpec | None
    acoustics: dict[str, Component]
    default_acoustic: str
    vocoders: dict[str, Component]
    default_vocoder: str
    folder: Path

    @property
    def components(self) -> list[Component]:
        return [*self.acoustics.values(), *self.vocoders.values()]

    @property
    def files(self) -> dict[str, str]:
        """All files that its components name, and the SHA-256 of each."""
        return {name: digest for component in self.components for name, digest in component.files.items()}

    @property
    def speaks(self) -> bool:
        """Whether this is a voice; else it is vocoders for other voices."""
        return bool(self.acoustics)

    @property
    def size(self) -> int:
        """Bytes of all its files that are there."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())


def load_manifest(folder: Path) -> VoiceManifest:
    """Read `folder`/voice.toml.

    Raises:
        TtsError: it is missing, not TOML, or lacks something.
    """
    path = folder / MANIFEST_FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TtsError(f"{folder} is not a voice: it has no {MANIFEST_FILE}.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TtsError(f"{path} cannot be read: {error}.") from error
    try:
        return _manifest(table, folder)
    except KeyError as error:
        raise TtsError(f"{path} lacks {error.args[0]!r}; install the voice again.") from error
    except (TypeError, AttributeError) as error:
        raise TtsError(f"{path} is not laid out as a voice ({error}); install the voice again.") from error


def write_manifest(manifest: VoiceManifest) -> Path:
    """Write `voice.toml` into the manifest's folder, which `load_manifest` reads back equal."""
    # Who only speaks writes none.
    import tomli_w

    alone = _lone_acoustic(manifest)
    defaults = ["default_vocoder"] if alone or not manifest.speaks else ["default_acoustic", "default_vocoder"]
    table: dict[str, Any] = {key: getattr(manifest, key) for key in [*HEAD, *defaults]}
    table["mel"] = {"sample_rate": manifest.sample_rate, **manifest.mel}
    if manifest.frontend is not None and manifest.speaks:
        table["frontend"] = {"kind": manifest.frontend.kind, "symbols": list(manifest.frontend.symbols)}
    if alone is not None:
        table["acoustic"] = _entry(alone)
    elif manifest.speaks:
        table["acoustics"] = {name: _entry(component) for name, component in manifest.acoustics.items()}
    table["vocoders"] = {name: _entry(component) for name, component in manifest.vocoders.items()}
    path = manifest.folder / MANIFEST_FILE
    write_text(path, tomli_w.dumps(table))
    return path


def mel_settings(manifest: VoiceManifest, component: Component | None = None) -> MelSettings:
    """What the voice speaks, or what one of its vocoders hears.

    Raises:
        TtsError: the manifest says of the mel what this version does not know.
    """
    told = {**manifest.mel, **(component.mel if component else {})}
    try:
        return MelSettings(**told)
    except TypeError as error:
        raise TtsError(f"The voice {manifest.name} has a mel that this version does not know: {error}.") from None


def verify_files(manifest: VoiceManifest) -> list[str]:
    """What is wrong with the voice's files, a sentence each; nothing is fine."""
    return [problem for item in manifest.files.items() if (problem := file_problem(manifest.folder, *item))]


def component_problem(folder: Path, component: Component) -> str | None:
    """Why a file of this component cannot be trusted, in a sentence; None: all are whole."""
    return next((problem for item in component.files.items() if (problem := file_problem(folder, *item))), None)


def file_problem(folder: Path, name: str, sha256: str) -> str | None:
    """Why a component's file cannot be trusted, in a sentence; None when its hash is what the manifest says."""
    path = folder / name
    if path.name != name:
        return f"{name} is not a plain file name."
    try:
        digest = file_sha256(path)
    except FileNotFoundError:
        return f"{path} is missing."
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}."
    if digest != sha256:
        return f"{path} is damaged: its sha256 is not the one in {MANIFEST_FILE}."
    return None


def file_sha256(path: Path) -> str:
    """The hash of a file of any size, read in blocks; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _manifest(table: dict[str, Any], folder: Path) -> VoiceManifest:
    vocoders = {name: _component(entry) for name, entry in table["vocoders"].items()}
    default = table["default_vocoder"]
    if default not in vocoders:
        raise KeyError(f"vocoders.{default}")
    acoustics = _acoustics(table)
    first = next(iter(acoustics), "")
    default_acoustic = str(table.get("default_acoustic", first)) if acoustics else ""
    if acoustics and default_acoustic not in acoustics:
        raise KeyError(f"acoustics.{default_acoustic}")
    texts = {key: str(table[key]) for key in HEAD}
    return VoiceManifest(
        **texts,
        sample_rate=int(table["mel"]["sample_rate"]),
        mel=dict(table["mel"]),
        frontend=_frontend(table["frontend"]) if acoustics else None,
        acoustics=acoustics,
        default_acoustic=default_acoustic,
        vocoders=vocoders,
        default_vocoder=default,
        folder=folder,
    )


def _acoustics(table: dict[str, Any]) -> dict[str, Component]:
    """The acoustic models by name; one that has no name of its own is called what its network is."""
    if "acoustics" in table:
        if "acoustic" in table:
            raise TypeError("it has both [acoustic] and [acoustics]")
        if not table["acoustics"]:
            raise KeyError("acoustics")
        return {name: _component(entry) for name, entry in table["acoustics"].items()}
    if "acoustic" not in table and "frontend" not in table:
        return {}
    component = _component(table["acoustic"])
    return {component.network: component}


def _lone_acoustic(manifest: VoiceManifest) -> Component | None:
    """The one acoustic model, where its name goes without saying."""
    if len(manifest.acoustics) != 1:
        return None
    ((name, component),) = manifest.acoustics.items()
    return component if name == component.network else None


def _frontend(entry: dict[str, Any]) -> FrontendSpec:
    # Single characters may be written as one string.
    return FrontendSpec(str(entry.get("kind", "espeak")), tuple(map(str, entry["symbols"])))


def _entry(component: Component) -> dict[str, Any]:
    """A component as its table, without what is empty."""
    return {key: value for key, value in asdict(component).items() if value not in (None, {}, "")}


def _component(entry: dict[str, Any]) -> Component:
    options, mel = dict(entry.get("options", {})), dict(entry.get("mel", {}))
    for file, digest in (("file", "sha256"), ("graph", "graph_sha256")):
        if file in entry and digest not in entry:
            raise KeyError(digest)
    return Component(
        str(entry["network"]),
        entry.get("file"),
        entry.get("sha256"),
        options,
        mel,
        str(entry.get("note", "")),
        entry.get("graph"),
        entry.get("graph_sha256"),
    )
