"""Installing a voice: plan, fetch, convert and check it, and only then put it where voices are found.

`plan_installation` works out what an installation would do before anything is fetched, so that it can be shown and
refused. The hashes of files whose authors publish none are recorded at the first installation and checked at every
later one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tts import extras
from tts.audio.mel_settings import conversion_problem
from tts.config import VOICES_DIR, voices_folder
from tts.errors import TtsError, UsageError
from tts.files import write_text
from tts.options import nearest
from tts.voice.catalog import (
    UNKNOWN,
    CatalogEntry,
    Checkpoint,
    PublishedVoice,
    VoiceFile,
    catalog,
    find_entry,
    known_file,
    piper_entries,
    updated_list_path,
    voices_of_language,
)
from tts.voice.folder import ConversionProblem, VoiceBuilder, check_voice, copy_voice, publish_voice
from tts.voice.manifest import (
    MANIFEST_FILE,
    VoiceManifest,
    embedded_folder,
    file_sha256,
    load_manifest,
    verify_files,
    write_manifest,
)
from tts.voice.package import check_torch_file, holds_archive, unpack
from tts.voice.piper_catalog import LIST_URL, compact
from tts.voice.store import (
    check_voice_name,
    file_name_in,
    voice_folders,
    voice_name_from,
)

if TYPE_CHECKING:
    from tts.voice.checkpoints.weights import ConvertedNetwork

Report = Callable[[str], None]
ProgressBar = Callable[[str], AbstractContextManager[Callable[[int, int | None], None]]]
"""A file's name → a context manager that gives a function to call with the bytes so far and the total."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CHECKPOINT_SUFFIXES = (".pt", ".pth", ".ckpt", ".safetensors", ".bin")
_SUFFIXES = (".tar", ".gz", ".tgz", ".xz", ".zip", ".onnx", *_CHECKPOINT_SUFFIXES)


@dataclass(frozen=True)
class InstallRequest:
    """What to install: `source` is a name of the catalog, a web address, or a file or folder on this machine.

    `name` is the name of the voice here; `sha256` the expected hash of a single file; `hyperparameters` a JSON file for
    checkpoints that need one; `force` replaces a voice and accepts a file that changed since it was recorded.
    """

    source: str
    name: str | None = None
    sha256: str | None = None
    hyperparameters: Path | None = None
    mirror: str | None = None
    force: bool = False
    offline: bool = False


@dataclass(frozen=True)
class Plan:
    """What will be installed, from exactly one of `entry` (of the catalog), `url` and `path`."""

    request: InstallRequest
    name: str
    entry: CatalogEntry | None = None
    url: str | None = None
    path: Path | None = None

    @property
    def needs_network(self) -> bool:
        return self.path is None

    @property
    def licence(self) -> str:
        return self.entry.licences if self.entry else UNKNOWN


@dataclass(frozen=True)
class InstallPaths:
    """Where voices are installed: the folder of `voices`, that of `downloads`, and the file of recorded hashes."""

    voices: Path
    downloads: Path
    records: Path

    @property
    def staging(self) -> Path:
        # In the same folder, so that a rename is enough; without a manifest it is no voice.
        return self.voices / ".staging"


@dataclass(frozen=True)
class Fetched:
    """A file on this machine; `address` says where it came from, without what may be secret."""

    address: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class Outcome:
    """What is installed now; `changed` is False if it was installed before."""

    manifest: VoiceManifest
    files: tuple[Fetched, ...]
    changed: bool = True


def _convert(path: Path, hyperparameters: Path | None) -> ConvertedNetwork:
    from tts.voice.checkpoints.reading import convert

    return convert(path, hyperparameters)


def install_paths() -> InstallPaths:
    """The user's paths; if TTS_VOICES_DIR names the folder of voices, the others are hidden in it."""
    voices = voices_folder()
    if os.environ.get(VOICES_DIR.variable):
        return InstallPaths(voices, voices / ".downloads", voices / ".recorded.json")
    return InstallPaths(voices, voices.parent / "downloads", voices.parent / "recorded.json")


@dataclass(frozen=True)
class Tools:
    """What `install` works with; tests replace some of it.

    `report` is called with messages for the user, `bar` makes a progress bar for a file's name.
    """

    report: Report
    bar: ProgressBar = field(default=lambda title: nullcontext(lambda done, total: None))
    convert: Callable[[Path, Path | None], ConvertedNetwork] = _convert
    conversion_problem: ConversionProblem = conversion_problem
    paths: InstallPaths = field(default_factory=install_paths)
    download_options: dict[str, Any] = field(default_factory=dict)
    wait_seconds: float = 600.0


# The plan.


def plan_installation(request: InstallRequest) -> Plan:
    """Find out what `request` means.

    Raises:
        UsageError: there is no such source, or the request contradicts itself.
        TtsError: it needs the network, which is forbidden, or PyTorch, which is not installed.
    """
    source, name = request.source, request.name
    if request.sha256 is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", request.sha256):
        raise UsageError(f"--sha256 is 64 hexadecimal digits, not {request.sha256!r}.")
    if name is not None:
        check_voice_name(name)

    path = Path(source).expanduser()
    entry: CatalogEntry | None = None
    is_address = _SCHEME.match(source) is not None
    if is_address:
        if not source.lower().startswith(("https://", "http://")):
            raise UsageError(f"{source} is not a web address: it must begin with https:// or http://.")
        if known := known_file(url=source):
            entry = catalog()[known.name]
    else:
        entry = find_entry(source)
    if entry is not None:
        if request.sha256 is not None:
            n_files = len(entry.published.files if entry.published else entry.checkpoints)
            if n_files > 1:
                raise UsageError(f"{entry.name} is made of {n_files} files: --sha256 is for one.")
            published = entry.checkpoints[0].sha256
            if published is not None and published != request.sha256.lower():
                raise UsageError(f"--sha256 is not the one that is published for {entry.name} ({published}).")
        plan = Plan(request, name or entry.name, entry=entry)
    elif is_address:
        plan = Plan(request, name or voice_name_from(_stem(file_name_in(source, nameless=""))), url=source)
    elif path.exists():
        plan = Plan(request, name or voice_name_from(_stem(path.resolve().name)), path=path)
    elif os.sep in source or source.startswith(("~", ".")) or source.endswith(_SUFFIXES):
        raise UsageError(f"There is no file {source}.")
    elif offered := voices_of_language(source):
        names = ", ".join(each.name for each in offered)
        raise UsageError(f"{source!r} is a language: name one of its voices: {names}.")
    else:
        raise UsageError(f"The catalog has no {source!r}{_suggestion(source)}")

    if request.offline and plan.needs_network:
        raise TtsError(f"{source} is on the network, which --offline (TTS_OFFLINE) forbids; a file works.")
    if problem := extras.missing("torch", f"Installing {plan.name} from a public checkpoint"):
        # As far as that is known before the file is fetched.
        is_checkpoint = plan.entry is not None and plan.entry.published is None
        if plan.url is not None:
            is_checkpoint = file_name_in(plan.url).lower().endswith(_CHECKPOINT_SUFFIXES)
        elif plan.path is not None:
            is_graph = plan.path.suffix.lower() == ".onnx"
            is_checkpoint = plan.path.is_file() and not is_graph and not holds_archive(plan.path)
        if is_checkpoint:
            raise TtsError(problem)
    return plan


def _suggestion(name: str) -> str:
    """The end of an error message: known names that contain `name` as a word or words, or that are nearly the same."""
    names = [*catalog(), *voice_folders()]
    words = set(re.split(r"[-_]", name.lower()))
    containing = [known for known in names if words <= set(re.split(r"[-_]", known.lower()))]
    if containing:
        return f"; did you mean {' or '.join(containing[:5])}?"
    return nearest(name, names) or "; tts voices list --available lists what it has."


def existing(plan: Plan) -> str | None:
    """Whether a voice of the plan's name is installed: "same" if it is what the plan would make, else "other"."""
    folders = voice_folders()
    if plan.name not in folders:
        return None
    try:
        provenance = load_manifest(folders[plan.name]).provenance
    except TtsError:
        return "other"
    return "same" if plan.entry and provenance.startswith(_catalog_mark(plan.entry)) else "other"


def _catalog_mark(entry: CatalogEntry) -> str:
    """How the provenance of a voice from the catalog begins."""
    return f"The catalog's {entry.name}: "


def _stem(name: str) -> str:
    """A file's name without the suffixes of its format."""
    while name.lower().endswith(_SUFFIXES):
        name = name[: name.rindex(".")]
    return name


# The installation.


def install(plan: Plan, tools: Tools) -> Outcome:
    """Install what was planned.

    Raises:
        UsageError: another voice has its name.
        TtsError: something cannot be fetched, is not what it should be, or does not fit; nothing has changed then.
    """
    paths = tools.paths
    with installation_lock(paths, tools.report, tools.wait_seconds):
        if not plan.request.force and (found := existing(plan)):
            if found == "other":
                raise UsageError(
                    f"There is a voice {plan.name} already: --force replaces it, --as NAME installs under another name."
                )
            manifest = load_manifest(voice_folders()[plan.name])
            # The same, but damaged: installing it again repairs it.
            if not verify_files(manifest):
                return Outcome(manifest, (), changed=False)
        fetcher = Fetcher(plan.request, paths, tools.report, tools.bar, tools.download_options)
        folder = paths.staging / plan.name
        folder.mkdir(parents=True)
        try:
            check_voice(_make_voice(plan, folder, fetcher, tools))
            publish_voice(folder, paths.voices / plan.name)
        finally:
            shutil.rmtree(paths.staging, ignore_errors=True)
        fetcher.record_and_clear()
    return Outcome(load_manifest(paths.voices / plan.name), tuple(fetcher.fetched))


def remove_voice(name: str, paths: InstallPaths) -> Path:
    """Remove an installed voice and return the folder that it was in. Needs `installation_lock`.

    Raises:
        UsageError: the voice ships with the package.
    """
    target = paths.voices / name
    if name not in voice_folders() or not (target / MANIFEST_FILE).is_file():
        raise UsageError(f"{name} ships with this package, in {embedded_folder()}, and cannot be removed.")
    if target.is_symlink():
        target.unlink()
        return target
    paths.staging.mkdir(parents=True, exist_ok=True)
    # Renamed first, in one step: the voice is there or not.
    os.rename(target, paths.staging / name)
    shutil.rmtree(paths.staging)
    return target


@contextmanager
def installation_lock(paths: InstallPaths, report: Report, wait_seconds: float = 600.0) -> Iterator[None]:
    """Lock the folder of voices against other installations, and remove what a killed one left.

    Raises:
        TtsError: another one holds it for longer than `wait_seconds`, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        paths.voices.mkdir(parents=True, exist_ok=True)
        lock = FileLock(paths.voices / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            report("another installation is running; waiting for its end")
            lock.acquire(timeout=wait_seconds, poll_interval=0.1)
    except Timeout:
        raise TtsError("Another installation is still running: run the command again when it has ended.") from None
    except OSError as error:
        raise TtsError(f"The folder of voices {paths.voices} cannot be written: {error.strerror}.") from error
    try:
        shutil.rmtree(paths.staging, ignore_errors=True)
        yield
    finally:
        lock.release()


def _make_voice(plan: Plan, folder: Path, fetcher: Fetcher, tools: Tools) -> VoiceManifest:
    """Fetch the plan's files and make a voice of them in `folder`."""
    if plan.entry is not None:
        return _from_catalog(plan, plan.entry, folder, fetcher, tools)
    if plan.url is not None:
        file = fetcher.fetch(plan.url, sha256=plan.request.sha256)
    else:
        assert plan.path is not None
        file = fetcher.use_local(plan.path)

    original_name = file_name_in(plan.url) if plan.url else file.path.name
    if (graph := _onnx_graph(file.path, original_name)) is not None:
        from tts.voice.onnx_voices import OnnxSource, make_onnx_voice

        address, sha256 = file.address, file.sha256
        if file.path.is_dir():
            original_name = address = graph.name
            sha256 = file_sha256(graph)
        source = OnnxSource(graph, original_name, address, sha256, _finder(plan, graph, fetcher))
        try:
            return make_onnx_voice(source, folder, plan.name)
        except TtsError:
            fetcher.reject_all()
            raise

    if file.path.is_dir() or holds_archive(file.path):
        if file.path.is_dir():
            copy_voice(file.path, folder)
        else:
            unpack(file.path, folder)
        manifest = load_manifest(folder)
        if manifest.name != plan.name:
            manifest = replace(manifest, name=plan.name)
            write_manifest(manifest)
        return manifest

    extras.require("torch", f"Installing {plan.name} from a public checkpoint")
    known = known_file(sha256=file.sha256)
    converted = _converted(file, plan.request.hyperparameters, fetcher, tools)
    builder = VoiceBuilder(folder, tools.conversion_problem, tools.report)
    builder.add(plan.name, converted, _note(file, known))
    file_name = file_name_in(plan.url) if plan.url else file.path.name
    return builder.finish(
        plan.name if converted.role == "vocoder" else "",
        name=plan.name,
        description=known.description if known else f"{converted.layout} from {file_name}.",
        # Every layout that is recognised so far is of English.
        language="en-us",
        licence=known.licence if known else UNKNOWN,
        provenance=f"Installed from {file.address}.",
    )


def _onnx_graph(path: Path, name: str) -> Path | None:
    """The ONNX file that a path is, by its `name`, or the only one in a folder that is no voice of ours."""
    if path.is_file():
        return path if name.lower().endswith(".onnx") else None
    if (path / MANIFEST_FILE).exists():
        return None
    graphs = sorted([*path.glob("*.onnx"), *path.glob("onnx/*.onnx")])
    if len(graphs) > 1:
        raise TtsError(f"{path} holds {len(graphs)} ONNX files: name one of them, {graphs[0]} for example.")
    return graphs[0] if graphs else None


def _finder(plan: Plan, graph: Path, fetcher: Fetcher) -> Callable[[str], Path | None]:
    """What finds a file by its name in the place of the plan's graph; it returns None if there is none."""
    if plan.path is not None:
        folder = graph.parent
        return lambda name: folder / name if (folder / name).is_file() else None
    import httpx

    assert plan.url is not None
    url = httpx.URL(plan.url)

    def fetch(name: str) -> Path | None:
        from tts.voice.download import MissingFileError

        path = url.raw_path.partition(b"?")[0].rpartition(b"/")[0].decode() + f"/{quote(name)}"
        try:
            return fetcher.fetch(
                str(url.copy_with(raw_path=path.encode() + (b"?" + url.query if url.query else b"")))
            ).path
        except MissingFileError:
            return None

    return fetch


def _from_catalog(plan: Plan, entry: CatalogEntry, folder: Path, fetcher: Fetcher, tools: Tools) -> VoiceManifest:
    if entry.published is not None:
        return _from_published(plan, entry, entry.published, folder, fetcher)
    builder = VoiceBuilder(folder, tools.conversion_problem, tools.report)
    is_vocoder = entry.kind == "vocoder"
    parts = {"acoustic": entry.acoustic} if entry.acoustic else {}
    for word, checkpoint in {**parts, **entry.vocoders}.items():
        file = fetcher.fetch(checkpoint.url, checkpoint, plan.request.sha256)
        url = checkpoint.hyperparameters_url
        hyperparameters = fetcher.fetch(url).path if url else plan.request.hyperparameters
        converted = _converted(file, hyperparameters, fetcher, tools)
        if converted.role != checkpoint.role:
            raise TtsError(f"{checkpoint.url} holds {converted.layout}, not the {checkpoint.role} it should.")
        builder.add(plan.name if is_vocoder else word, converted, _note(file, checkpoint))
    addresses = "; ".join(file.address for file in fetcher.fetched)
    return builder.finish(
        plan.name if is_vocoder else entry.default_vocoder,
        name=plan.name,
        description=entry.description,
        language=entry.language or "und",
        licence=plan.licence,
        provenance=_catalog_mark(entry) + addresses,
    )


def _from_published(
    plan: Plan, entry: CatalogEntry, published: PublishedVoice, folder: Path, fetcher: Fetcher
) -> VoiceManifest:
    """A voice from its makers' files: the smallest first, so that what is refused costs little."""
    from tts.voice.onnx_voices import OnnxSource, make_onnx_voice

    fetched = {file.name: fetcher.fetch(file.url, file) for file in reversed(published.files)}
    name = published.files[0].name
    graph = fetched[name]

    def beside(other: str) -> Path | None:
        return fetched[other].path if other in fetched else None

    try:
        manifest = make_onnx_voice(OnnxSource(graph.path, name, graph.address, graph.sha256, beside), folder, plan.name)
    except TtsError:
        fetcher.reject_all()
        raise
    addresses = "; ".join(file.address for file in fetcher.fetched)
    licence = manifest.licence if published.card else published.licence
    manifest = replace(
        manifest,
        description=entry.description,
        licence=licence,
        provenance=f"{_catalog_mark(entry)}{addresses}. {manifest.provenance}",
    )
    write_manifest(manifest)
    return manifest


def fetch_card(plan: Plan, tools: Tools) -> str | None:
    """The model card of the planned voice, which states its licence; None if it has none to be shown first.

    Raises:
        TtsError: it cannot be fetched, or is no text.
    """
    card = plan.entry.published.card if plan.entry and plan.entry.published else None
    if card is None:
        return None
    with installation_lock(tools.paths, tools.report, tools.wait_seconds):
        fetcher = Fetcher(plan.request, tools.paths, tools.report, tools.bar, tools.download_options)
        return fetcher.fetch(card.url, card).path.read_text(encoding="utf-8", errors="replace")


def update_piper_list(tools: Tools, mirror: str | None = None) -> tuple[int, list[str]]:
    """Fetch the newest list of Piper's voices; returns how many it has, and the names that are new.

    Raises:
        TtsError: it cannot be fetched, or is not laid out as expected; the list of before stays.
    """
    from tts.voice.download import download

    before = set(catalog())
    with installation_lock(tools.paths, tools.report, tools.wait_seconds):
        tools.paths.downloads.mkdir(parents=True, exist_ok=True)
        path = tools.paths.downloads / "voices.json"
        path.unlink(missing_ok=True)
        with tools.bar("voices.json") as progress:
            download(LIST_URL, path, **{"mirror": mirror, "progress": progress, **tools.download_options})
        try:
            text = compact(path.read_text(encoding="utf-8", errors="replace"))
        finally:
            path.unlink(missing_ok=True)
        names = piper_entries(text)
        write_text(updated_list_path(), text)
    catalog.cache_clear()
    return len(names), sorted(set(names) - before)


def _converted(file: Fetched, hyperparameters: Path | None, fetcher: Fetcher, tools: Tools) -> ConvertedNetwork:
    try:
        check_torch_file(file.path)
        return tools.convert(file.path, hyperparameters)
    except TtsError:
        # What cannot be read now cannot be read the next time: fetch it again then.
        fetcher.reject(file)
        raise


def _note(file: Fetched, known: Checkpoint | None) -> str:
    licence = known.licence_in_words if known else UNKNOWN
    return f"From {file.address}, sha256 {file.sha256}; licence: {licence}."


# The files.


@dataclass(frozen=True)
class FileRecord:
    """The hash and the size in bytes of a file."""

    sha256: str
    size: int


def file_md5(path: Path) -> str:
    """The MD5 of a file: not a protection, but all that some makers publish."""
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def measure(path: Path) -> FileRecord:
    """The hash and the size of a file."""
    return FileRecord(file_sha256(path), path.stat().st_size)


class Fetcher:
    """Fetches files one after the other, checks them, and knows what to record and remove at the end."""

    def __init__(
        self,
        request: InstallRequest,
        paths: InstallPaths,
        report: Report,
        bar: ProgressBar,
        download_options: dict[str, Any],
    ) -> None:
        self._request, self._paths, self._report, self._bar = request, paths, report, bar
        self._download_options = download_options
        self._to_record: dict[str, FileRecord] = {}
        self._downloads: list[Path] = []
        self.fetched: list[Fetched] = []

    def fetch(self, url: str, known: Checkpoint | VoiceFile | None = None, sha256: str | None = None) -> Fetched:
        """Download a file, or use what an interrupted run downloaded completely.

        It is checked against `sha256`, the published hashes, or the one recorded at its first installation.

        Raises:
            TtsError: it cannot be downloaded, or is not what it should be.
        """
        from tts.voice.download import WrongFileError, download, redacted

        published = (known.sha256 if known else None) or (sha256.lower() if sha256 else None)
        recorded = None if published else self._records().get(_record_key(url))
        trusted = None if recorded is None or self._request.force else recorded.sha256
        expected = published or trusted
        # A name that no other address has.
        prefix = hashlib.sha256(url.encode()).hexdigest()[:12]
        path = self._paths.downloads / f"{prefix}-{voice_name_from(file_name_in(url))}"
        content = None
        if path.is_file() and not self._request.force:
            # Complete, but not yet installed when an earlier run was stopped.
            left = measure(path)
            content = left if expected in (None, left.sha256) else None
        if content is None:
            try:
                with self._bar(file_name_in(url)) as progress:
                    options = {"mirror": self._request.mirror, "progress": progress, **self._download_options}
                    done = download(url, path, size=known.size if known else None, sha256=expected, **options)
            except WrongFileError as error:
                if trusted is None:
                    raise
                raise TtsError(
                    f"{redacted(url)} is not the file that was first installed from there (sha256 {trusted[:16]}…): "
                    "--force accepts the new one."
                ) from error
            content = FileRecord(done.sha256, done.size)
        md5 = known.md5 if isinstance(known, VoiceFile) else None
        if md5 is not None and (found := file_md5(path)) != md5:
            path.unlink()
            raise TtsError(
                f"{redacted(url)} is not the file that its makers published: its MD5 is {found}, not {md5}. "
                "tts voices update fetches their newest list."
            )
        if recorded is not None and recorded != content:
            self._report(f"{redacted(url)} has changed since it was first installed; --force accepts it")
        if not published:
            self._to_record[url] = content
        self._downloads.append(path)
        self.fetched.append(Fetched(redacted(url), path, content.sha256, content.size))
        return self.fetched[-1]

    def use_local(self, path: Path) -> Fetched:
        """Use a file or folder of this machine.

        Raises:
            UsageError: a folder was requested with a hash.
            TtsError: the file is not what it should be.
        """
        expected = self._request.sha256
        if path.is_dir():
            if expected is not None:
                raise UsageError(f"{path} is a folder: --sha256 is for a file.")
            content = FileRecord("", 0)
        else:
            content = measure(path)
            if expected is not None and expected.lower() != content.sha256:
                raise TtsError(f"{path} is not the file it should be: its sha256 is {content.sha256}.")
        self.fetched.append(Fetched(path.name, path, content.sha256, content.size))
        return self.fetched[-1]

    def reject(self, file: Fetched) -> None:
        """Remove a downloaded file that is of no use."""
        if file.path in self._downloads:
            file.path.unlink(missing_ok=True)

    def reject_all(self) -> None:
        """Remove all downloaded files: what cannot be used now cannot be used the next time."""
        for path in self._downloads:
            path.unlink(missing_ok=True)

    def record_and_clear(self) -> None:
        """After success: record the hashes, remove the downloads."""
        if self._to_record:
            new = {_record_key(url): content for url, content in self._to_record.items()}
            document = {key: asdict(entry) for key, entry in sorted({**self._records(), **new}.items())}
            self._paths.records.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._paths.records, json.dumps(document, indent=2) + "\n")
        for path in self._downloads:
            path.unlink(missing_ok=True)

    def _records(self) -> dict[str, FileRecord]:
        """What was recorded so far, by the keys of `_record_key`; raises TtsError if it cannot be read."""
        path = self._paths.records
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
            return {key: FileRecord(**entry) for key, entry in table.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise TtsError(
                f"The record of downloads {path} cannot be read ({error}); remove it to trust what comes next."
            ) from error


def _record_key(url: str) -> str:
    """The address without password; the query, which may be secret, is identified by its hash."""
    import httpx

    from tts.voice.download import redacted

    query = httpx.URL(url).query
    return f"{redacted(url)}?{hashlib.sha256(query).hexdigest()[:16]}" if query else redacted(url)
