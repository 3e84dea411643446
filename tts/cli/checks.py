"""The checks of `tts doctor`, one function each."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from tts.errors import TtsError

Status = Literal["ok", "warn", "fail"]
_PACKAGES = (
    *("numpy", "onnxruntime", "numba", "safetensors", "soxr", "typer", "rich", "platformdirs"),
    *("phonemizer", "espeakng-loader"),
)
_LEAST_FREE_BYTES = 500_000_000


@dataclass(frozen=True)
class Check:
    """One row: what was looked at, how it stands (a "warn" is not needed to speak), and what to know or do."""

    check: str
    status: Status
    detail: str


def all_checks(*, system_espeak: bool, offline: bool) -> list[Check]:
    checks: list[Callable[[], Iterator[Check]]] = [
        python,
        packages,
        torch,
        torchaudio,
        lambda: espeak(system=False),
        phonemizer,
        soundfile,
        plotting,
        clusters,
        documents,
        player,
        voices,
        folders,
        lexicons,
        lambda: network(offline=offline),
    ]
    if system_espeak:
        checks.insert(5, lambda: espeak(system=True))
    return [row for check in checks for row in check()]


def python() -> Iterator[Check]:
    right = (3, 10) <= sys.version_info[:2] <= (3, 13)
    system = f"{platform.system()} {platform.machine()}"
    advice = "" if right else "; this package is tested with Python 3.10 to 3.13"
    yield Check("Python", "ok" if right else "warn", f"{platform.python_version()} on {system}{advice}")


def packages() -> Iterator[Check]:
    import tts

    found = {name: _version(name) for name in _PACKAGES}
    missing = [name for name, version in found.items() if version is None]
    versions = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    yield Check("utter-tts", "ok", tts.__version__)
    if missing:
        yield Check("packages", "fail", f"missing: {', '.join(missing)}; install utter-tts again")
    else:
        yield Check("packages", "ok", versions)


def torch() -> Iterator[Check]:
    try:
        import torch as library
    except (ImportError, OSError) as error:
        yield Check("torch", "fail", f"cannot be imported ({_first_line(error)}); install torch again")
        return
    yield Check("torch", "ok", f"{library.__version__}, {library.get_num_threads()} threads")
    names = [library.cuda.get_device_name(i) for i in range(library.cuda.device_count())]
    listed = ", ".join(f"cuda:{i} {name}" for i, name in enumerate(names))
    yield Check("CUDA", "ok", listed or "no device; everything runs on the CPU")


def torchaudio() -> Iterator[Check]:
    """Only looked at: its wheels beside a CPU torch want CUDA libraries, and people meet the message elsewhere."""
    needless = "not needed: no command uses it"
    if _version("torchaudio") is None:
        yield Check("torchaudio", "ok", f"not installed; {needless}")
        return
    try:
        import torchaudio as library
    except (ImportError, OSError, RuntimeError) as error:
        reason = f"its build wants CUDA libraries, which a CPU torch does not bring: {_first_line(error)}"
        yield Check("torchaudio", "warn", f"cannot be imported ({reason}); {needless}")
    else:
        yield Check("torchaudio", "ok", f"{library.__version__}; {needless}")


def espeak(*, system: bool) -> Iterator[Check]:
    from tts.text.espeak import espeak_version

    name, source = ("espeak-ng (system)", "of this machine") if system else ("espeak-ng", "bundled")
    try:
        yield Check(name, "ok", f"{espeak_version(system)}, {source}")
    except TtsError as error:
        yield Check(name, "fail", str(error))


def phonemizer() -> Iterator[Check]:
    from tts.text.frontend import EspeakFrontend

    try:
        yield Check("phonemes", "ok", f"Hello → {EspeakFrontend().phonemize('Hello')}")
    except TtsError as error:
        yield Check("phonemes", "fail", str(error))


def soundfile() -> Iterator[Check]:
    """WAV and raw are written without it."""
    from tts.audio.writer import FORMATS

    try:
        import soundfile as library
    except (ImportError, OSError) as error:
        yield Check("soundfile", "fail", f"cannot be imported ({_first_line(error)}); install soundfile again")
        return
    lacking = [f.name for f in FORMATS.values() if not library.check_format(f.container, f.subtype)]
    if lacking:
        yield Check("soundfile", "warn", f"{library.__libsndfile_version__} cannot write {', '.join(lacking)}")
    else:
        yield Check("soundfile", "ok", f"libsndfile {library.__libsndfile_version__} writes {', '.join(FORMATS)}")


def plotting() -> Iterator[Check]:
    version = _version("matplotlib")
    detail = f"matplotlib {version}" if version else "no matplotlib; --plot needs it: pip install 'utter-tts[plot]'"
    yield Check("plots", "ok" if version else "warn", detail)


def clusters() -> Iterator[Check]:
    version = _version("ray")
    missing = "no Ray; tts batch --engine ray needs it: pip install 'utter-tts[cluster]'"
    yield Check("clusters", "ok" if version else "warn", f"Ray {version}" if version else missing)


def documents() -> Iterator[Check]:
    """What reads books, and what makes audiobooks."""
    from tts.documents.sources import LIBRARIES

    versions = {name: _version(name) for name in LIBRARIES.values()}
    found = [f"{name} {version}" for name, version in versions.items() if version]
    missing = [f"no {name}, which {suffix} needs" for suffix, name in LIBRARIES.items() if not versions[name]]
    advice = ["pip install 'utter-tts[documents]'"] if missing else []
    ffmpeg = shutil.which("ffmpeg")
    books = f"ffmpeg at {ffmpeg}" if ffmpeg else "no ffmpeg, which audiobooks (.m4b) need"
    yield Check("documents", "ok" if ffmpeg and not missing else "warn", "; ".join([*found, *missing, *advice, books]))


def player() -> Iterator[Check]:
    from tts.audio.playback import find_player

    try:
        yield Check("player", "ok", find_player().program)
    except TtsError as error:
        yield Check("player", "warn", str(error))


def voices() -> Iterator[Check]:
    from tts.cli.voices import voice_problems
    from tts.voice.store import DEFAULT_VOICE, voice_folders

    folders = voice_folders()
    for name, folder in folders.items():
        problems = voice_problems(name)
        yield Check(f"voice {name}", "fail" if problems else "ok", "; ".join(problems) or f"whole, in {folder}")
    if DEFAULT_VOICE not in folders:
        yield Check(f"voice {DEFAULT_VOICE}", "fail", "the embedded voice is missing; install utter-tts again")


def folders() -> Iterator[Check]:
    from tts.cli.settings import config_file, load_settings
    from tts.voice.store import voices_folder

    folder = voices_folder()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    low = "; little is left" if free < _LEAST_FREE_BYTES else ""
    state = "" if folder.is_dir() else " (none yet)"
    yield Check("voices folder", "warn" if low else "ok", f"{folder}{state}, {free / 1e9:.1f} GB free{low}")
    yield _config_check(config_file(), load_settings)


def lexicons() -> Iterator[Check]:
    """The user's own, of every language that there is one for."""
    from tts.text.lexicon import NO_USER_LEXICON_VARIABLE, load_lexicon, user_lexicon_path, user_lexicons_disabled

    path = user_lexicon_path()
    files = sorted([*path.parent.glob(path.name), *path.parent.glob("lexicon.*.tsv")])
    if not files:
        yield Check("lexicon", "ok", f"{path} (none)")
    unused = f"; left out, as {LEFT_OUT_VARIABLE} says" if user_lexicons_disabled() else ""
    for file in files:
        name = " ".join(file.stem.split("."))
        try:
            yield Check(name, "ok", f"{file}, {len(load_lexicon(file))} entries{unused}")
        except TtsError as error:
            yield Check(name, "fail", str(error))


def network(*, offline: bool) -> Iterator[Check]:
    setting = "forbidden by --offline or TTS_OFFLINE" if offline else "allowed"
    yield Check("network", "ok", f"{setting}; only tts voices install uses it")


def _config_check(path: Path, load: Callable[[Path], object]) -> Check:
    try:
        load(path)
    except TtsError as error:
        return Check("config file", "fail", str(error))
    return Check("config file", "ok", f"{path}{'' if path.exists() else ' (none)'}")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
