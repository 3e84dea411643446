"""A voice as files: `voice.toml` says what the voice is and which file holds which network.

A voice has one acoustic model or several, `[acoustic]` or `[acoustics.NAME]`, which share its symbols and its mel; or
it is a single network from symbols to samples, `[end_to_end]`, without a mel and without vocoders. A folder may also
hold only vocoders, without `[frontend]` and acoustic models: any voice of their mel can borrow them.
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
"""The keys that describe the voice in words."""


@dataclass(frozen=True)
class Component:
    """One network of a voice: its kind, its sizes and the file of its weights (None: it has none).

    `mel` is the mel that a vocoder expects if that is not the manifest's own; `note` says where the weights come from
    and on what terms, if that is not what the manifest says of the voice. `graph` is a file that holds the network for
    ONNX Runtime, beside its weights, and `decoder` another that holds the part of an end-to-end network that makes
    samples, if the two run apart. A voice of Piper's has its flow in `file`, between the two.
    """

    network: str
    file: str | None = None
    sha256: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    mel: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    graph: str | None = None
    graph_sha256: str | None = None
    decoder: str | None = None
    decoder_sha256: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """Its files by name, and the SHA-256 of each."""
        named = {self.file: self.sha256, self.graph: self.graph_sha256, self.decoder: self.decoder_sha256}
        return {name: digest for name, digest in named.items() if name is not None and digest is not None}


@dataclass(frozen=True)
class FrontendSpec:
    """How text becomes ids: `kind` names the frontend (see `tts.text.frontend`).

    A symbol's id is its index in `symbols`; voices of other projects have `ids` instead: the ids of each symbol.
    """

    kind: str
    symbols: tuple[str, ...] = ()
    ids: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Speaker:
    """One of the speakers of a voice; `language` is empty if it is the voice's, `sex` ("female", "male") if unknown."""

    name: str
    language: str = ""
    sex: str = ""


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
    end_to_end: Component | None = None
    speakers: tuple[Speaker, ...] = ()
    default_speaker: str = ""
    """Empty if it is the first."""

    @property
    def components(self) -> list[Component]:
        end_to_end = [] if self.end_to_end is None else [self.end_to_end]
        return [*end_to_end, *self.acoustics.values(), *self.vocoders.values()]

    @property
    def files(self) -> dict[str, str]:
        """All files that its components name, and the SHA-256 of each."""
        return {name: digest for component in self.components for name, digest in component.files.items()}

    @property
    def speaks(self) -> bool:
        """Whether this is a voice; else it is vocoders for other voices."""
        return bool(self.acoustics) or self.end_to_end is not None

    @property
    def size(self) -> int:
        """Bytes of all files in its folder."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())


def embedded_folder() -> Path:
    """The folder of the voices and the catalog that ship: in the installed package, or at the top of a source tree."""
    inside = Path(__file__).parent / "embedded"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "voices"


def load_manifest(folder: Path) -> VoiceManifest:
    """Read `folder`/voice.toml.

    Raises:
        TtsError: it is missing, not TOML, or lacks something.
    """
    path = folder / MANIFEST_FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
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


def _manifest(table: dict[str, Any], folder: Path) -> VoiceManifest:
    head: dict[str, Any] = {key: str(table[key]) for key in HEAD}
    if "end_to_end" in table:
        if other := sorted({"mel", "acoustic", "acoustics", "vocoders"} & table.keys()):
            raise TypeError(f"it has both [end_to_end] and [{other[0]}]")
        return VoiceManifest(
            **head,
            sample_rate=int(table["sample_rate"]),
            mel={},
            frontend=_frontend(table["frontend"]),
            acoustics={},
            default_acoustic="",
            vocoders={},
            default_vocoder="",
            folder=folder,
            end_to_end=_component(table["end_to_end"]),
            **_speakers(table),
        )

    vocoders = {name: _component(entry) for name, entry in table["vocoders"].items()}
    default_vocoder = table["default_vocoder"]
    if default_vocoder not in vocoders:
        raise KeyError(f"vocoders.{default_vocoder}")

    acoustics: dict[str, Component] = {}
    if "acoustics" in table:
        if "acoustic" in table:
            raise TypeError("it has both [acoustic] and [acoustics]")
        if not table["acoustics"]:
            raise KeyError("acoustics")
        acoustics = {name: _component(entry) for name, entry in table["acoustics"].items()}
    elif "acoustic" in table or "frontend" in table:
        # A single acoustic model may have no name of its own; its name is then that of its network.
        component = _component(table["acoustic"])
        acoustics = {component.network: component}
    default_acoustic, frontend = "", None
    if acoustics:
        default_acoustic = str(table.get("default_acoustic", next(iter(acoustics))))
        if default_acoustic not in acoustics:
            raise KeyError(f"acoustics.{default_acoustic}")
        frontend = _frontend(table["frontend"])
    speakers = _speakers(table)
    for name, component in acoustics.items():
        n_listed, n_speakers = len(speakers["speakers"]), component.options.get("n_speakers", 1)
        if n_speakers != max(1, n_listed):
            raise TypeError(f"it lists {n_listed} speakers, and its acoustic model {name} has {n_speakers}")
    return VoiceManifest(
        **head,
        sample_rate=int(table["mel"]["sample_rate"]),
        mel=dict(table["mel"]),
        frontend=frontend,
        acoustics=acoustics,
        default_acoustic=default_acoustic,
        vocoders=vocoders,
        default_vocoder=default_vocoder,
        folder=folder,
        **speakers,
    )


def _frontend(entry: dict[str, Any]) -> FrontendSpec:
    ids = {str(symbol): tuple(map(int, each)) for symbol, each in entry.get("ids", {}).items()}
    # Single characters may be written as one string.
    symbols = tuple(map(str, entry.get("symbols", ()) if ids else entry["symbols"]))
    return FrontendSpec(str(entry.get("kind", "espeak")), symbols, ids)


def _speakers(table: dict[str, Any]) -> dict[str, Any]:
    """The speakers, and which of them is the default."""
    speakers = tuple(
        Speaker(**({"name": each} if isinstance(each, str) else each)) for each in table.get("speakers", ())
    )
    default = str(table.get("default_speaker", ""))
    if default and default not in {speaker.name for speaker in speakers}:
        raise KeyError(f"speakers.{default}")
    return {"speakers": speakers, "default_speaker": default}


def _component(entry: dict[str, Any]) -> Component:
    for file, digest in (("file", "sha256"), ("graph", "graph_sha256"), ("decoder", "decoder_sha256")):
        if file in entry and digest not in entry:
            raise KeyError(digest)
    return Component(
        network=str(entry["network"]),
        file=entry.get("file"),
        sha256=entry.get("sha256"),
        options=dict(entry.get("options", {})),
        mel=dict(entry.get("mel", {})),
        note=str(entry.get("note", "")),
        graph=entry.get("graph"),
        graph_sha256=entry.get("graph_sha256"),
        decoder=entry.get("decoder"),
        decoder_sha256=entry.get("decoder_sha256"),
    )


def write_manifest(manifest: VoiceManifest) -> Path:
    """Write `voice.toml` into the manifest's folder; `load_manifest` reads it back equal."""
    import tomli_w  # not needed to speak

    def entry(component: Component) -> dict[str, Any]:
        return {key: value for key, value in asdict(component).items() if value not in (None, {}, "")}

    table: dict[str, Any] = {key: getattr(manifest, key) for key in HEAD}
    if manifest.end_to_end is not None:
        table["sample_rate"] = manifest.sample_rate
        table["end_to_end"] = entry(manifest.end_to_end)
    else:
        # A single acoustic model whose name is that of its network is written without the name.
        names = {name: component.network for name, component in manifest.acoustics.items()}
        unnamed = len(names) == 1 and all(name == network for name, network in names.items())
        defaults = ["default_vocoder"] if unnamed or not manifest.speaks else ["default_acoustic", "default_vocoder"]
        table |= {key: getattr(manifest, key) for key in defaults}
        table["mel"] = {"sample_rate": manifest.sample_rate, **manifest.mel}
        if unnamed:
            table["acoustic"] = entry(manifest.components[0])
        elif manifest.speaks:
            table["acoustics"] = {name: entry(component) for name, component in manifest.acoustics.items()}
        table["vocoders"] = {name: entry(component) for name, component in manifest.vocoders.items()}
    if manifest.frontend is not None and manifest.speaks:
        frontend = manifest.frontend
        symbols = {"symbols": list(frontend.symbols)} if frontend.symbols else {}
        ids = {"ids": {symbol: list(each) for symbol, each in frontend.ids.items()}} if frontend.ids else {}
        table["frontend"] = {"kind": frontend.kind, **symbols, **ids}
    if manifest.default_speaker:
        table["default_speaker"] = manifest.default_speaker
    if manifest.speakers:
        table["speakers"] = [
            {key: value for key, value in asdict(speaker).items() if value} for speaker in manifest.speakers
        ]
    path = manifest.folder / MANIFEST_FILE
    write_text(path, tomli_w.dumps(table))
    return path


def mel_settings(manifest: VoiceManifest, component: Component | None = None) -> MelSettings:
    """The mel that the voice's acoustic models produce, or the one that a vocoder of it expects.

    Raises:
        TtsError: the manifest has mel settings that this version does not know.
    """
    try:
        return MelSettings(**{**manifest.mel, **(component.mel if component else {})})
    except TypeError as error:
        raise TtsError(f"The voice {manifest.name} has a mel that this version does not know: {error}.") from None


def mel_table(mel: MelSettings) -> dict[str, Any]:
    """Mel settings as a manifest holds them, without what is None."""
    return {key: value for key, value in asdict(mel).items() if value is not None}


def verify_files(manifest: VoiceManifest) -> list[str]:
    """What is wrong with the voice's files, one sentence each; an empty list if nothing is."""
    return [problem for item in manifest.files.items() if (problem := file_problem(manifest.folder, *item))]


def component_problem(folder: Path, component: Component) -> str | None:
    """Why a file of this component cannot be trusted, in a sentence; None if all are as the manifest says."""
    return next((problem for item in component.files.items() if (problem := file_problem(folder, *item))), None)


def file_problem(folder: Path, name: str, sha256: str) -> str | None:
    """Why a component's file cannot be trusted, in a sentence; None if its hash is what the manifest says."""
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
    """The SHA-256 of a file of any size, read in blocks; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
