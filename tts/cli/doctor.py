"""`tts doctor`: what works on this machine, and what to do where something does not."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Literal

import typer

from tts import extras
from tts.cli import flags
from tts.cli.console import print_json, print_table
from tts.config import NO_USER_LEXICON, config_file, ignores_user_lexicons, is_offline, load_settings, voices_folder
from tts.errors import TtsError

Status = Literal["ok", "warn", "fail"]
_PACKAGES = (
    *("numpy", "onnxruntime", "safetensors", "soxr", "typer", "rich", "platformdirs"),
    *("phonemizer", "espeakng-loader"),
)
_MIN_FREE_BYTES = 500_000_000


@dataclass(frozen=True)
class Check:
    """One row: what was checked, the result ("warn": not needed to speak), and what to know or do."""

    check: str
    status: Status
    detail: str


def doctor(json: flags.Json = False, system_espeak: flags.SystemEspeak = False) -> None:
    """Check what works here. The exit code is 1 if something necessary fails."""
    rows = list(all_checks(system_espeak=system_espeak))
    if json:
        print_json([{"check": row.check, "status": row.status, "detail": row.detail} for row in rows])
    else:
        print_table(("check", "", "detail"), [(row.check, row.status, row.detail) for row in rows])
    if any(row.status == "fail" for row in rows):
        raise typer.Exit(1)


def all_checks(*, system_espeak: bool) -> Iterator[Check]:
    yield from basics()
    yield from torch()
    yield from torchaudio()
    yield espeak(system=False)
    if system_espeak:
        yield espeak(system=True)
    yield from text_and_audio()
    yield from optional_packages()
    yield from voices()
    yield from folders()


def basics() -> Iterator[Check]:
    """Python, this package, and the packages that it always needs."""
    import tts

    is_tested = (3, 10) <= sys.version_info[:2] <= (3, 13)
    system = f"{platform.system()} {platform.machine()}"
    advice = "" if is_tested else "; this package is tested with Python 3.10 to 3.13"
    yield Check("Python", "ok" if is_tested else "warn", f"{platform.python_version()} on {system}{advice}")

    found = {name: _version(name) for name in _PACKAGES}
    missing = [name for name, version in found.items() if version is None]
    versions = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    yield Check("utter-tts", "ok", tts.__version__)
    if missing:
        yield Check("packages", "fail", f"missing: {', '.join(missing)}; install utter-tts again")
    else:
        yield Check("packages", "ok", versions)


def torch() -> Iterator[Check]:
    """PyTorch is optional: the default of the embedded voice runs on ONNX Runtime."""
    if problem := extras.missing("torch", "All but the default of the embedded voice"):
        yield Check("torch", "warn", problem)
        return
    try:
        import torch as library
    except (ImportError, OSError) as error:
        yield Check("torch", "fail", f"cannot be imported ({_first_line(error)}); install torch again")
        return
    yield Check("torch", "ok", f"{library.__version__}, {library.get_num_threads()} threads; Numba {_version('numba')}")
    names = [library.cuda.get_device_name(i) for i in range(library.cuda.device_count())]
    listed = ", ".join(f"cuda:{i} {name}" for i, name in enumerate(names))
    yield Check("CUDA", "ok", listed or "no device; everything runs on the CPU")


def torchaudio() -> Iterator[Check]:
    """Only reported: beside a CPU torch its wheels need CUDA libraries, and other programs show that message too."""
    needless = "not needed: no command uses it"
    if _version("torchaudio") is None:
        yield Check("torchaudio", "ok", f"not installed; {needless}")
        return
    try:
        import torchaudio as library
    except (ImportError, OSError, RuntimeError) as error:
        reason = f"its build needs CUDA libraries, which a CPU torch does not include: {_first_line(error)}"
        yield Check("torchaudio", "warn", f"cannot be imported ({reason}); {needless}")
    else:
        yield Check("torchaudio", "ok", f"{library.__version__}; {needless}")


def espeak(*, system: bool) -> Check:
    from tts.text.espeak import espeak_version

    name, source = ("espeak-ng (system)", "of this machine") if system else ("espeak-ng", "bundled")
    try:
        return Check(name, "ok", f"{espeak_version(system)}, {source}")
    except TtsError as error:
        return Check(name, "fail", str(error))


def text_and_audio() -> Iterator[Check]:
    """Phonemes, and the library of audio formats; WAV and raw are written without it."""
    from tts.audio.writer import FORMATS
    from tts.text.frontend import EspeakFrontend

    try:
        yield Check("phonemes", "ok", f"Hello → {EspeakFrontend().phonemize('Hello')}")
    except TtsError as error:
        yield Check("phonemes", "fail", str(error))

    try:
        import soundfile as library
    except (ImportError, OSError) as error:
        yield Check("soundfile", "fail", f"cannot be imported ({_first_line(error)}); install soundfile again")
        return
    missing = [f.name for f in FORMATS.values() if not library.check_format(f.container, f.subtype)]
    if missing:
        yield Check("soundfile", "warn", f"{library.__libsndfile_version__} cannot write {', '.join(missing)}")
    else:
        yield Check("soundfile", "ok", f"libsndfile {library.__libsndfile_version__} writes {', '.join(FORMATS)}")


def optional_packages() -> Iterator[Check]:
    """What is needed only for plots, clusters, the server, documents, audiobooks and playback."""
    from tts.audio.playback import find_player
    from tts.documents.sources import LIBRARIES

    version = _version("matplotlib")
    missing = "no matplotlib; --plot needs it: pip install 'utter-tts[plot]'"
    yield Check("plots", "ok" if version else "warn", f"matplotlib {version}" if version else missing)

    version = _version("ray")
    missing = "no Ray; tts batch --engine ray needs it: pip install 'utter-tts[cluster]'"
    yield Check("clusters", "ok" if version else "warn", f"Ray {version}" if version else missing)

    versions = {name: _version(module.replace("_", "-")) for module, name in extras.EXTRAS["server"].items()}
    lacking = [name for name, version in versions.items() if not version]
    missing = f"no {', '.join(lacking)}; tts serve and tts mcp need it: pip install 'utter-tts[server]'"
    found = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield Check("server", "warn" if lacking else "ok", missing if lacking else found)

    versions = {name: _version(name) for name in LIBRARIES.values()}
    details = [f"{name} {version}" for name, version in versions.items() if version]
    lacking = [f"no {name}, which {suffix} needs" for suffix, name in LIBRARIES.items() if not versions[name]]
    if lacking:
        details += [*lacking, "pip install 'utter-tts[documents]'"]
    if version := _version("cryptography"):
        details.append(f"cryptography {version}")
    else:
        details.append("no cryptography, which PDFs encrypted with AES need: pip install 'utter-tts[documents]'")
    ffmpeg = shutil.which("ffmpeg")
    details.append(f"ffmpeg at {ffmpeg}" if ffmpeg else "no ffmpeg, which audiobooks (.m4b) need")
    yield Check("documents", "ok" if ffmpeg and not lacking else "warn", "; ".join(details))

    try:
        yield Check("player", "ok", find_player().program)
    except TtsError as error:
        yield Check("player", "warn", str(error))


def voices() -> Iterator[Check]:
    from tts.cli.voices import voice_problems
    from tts.voice.store import DEFAULT_VOICE, voice_folders

    installed = voice_folders()
    for name, folder in installed.items():
        problems = voice_problems(name)
        yield Check(f"voice {name}", "fail" if problems else "ok", "; ".join(problems) or f"complete, in {folder}")
    if DEFAULT_VOICE not in installed:
        yield Check(f"voice {DEFAULT_VOICE}", "fail", "the embedded voice is missing; install utter-tts again")


def folders() -> Iterator[Check]:
    """The folder of voices, the config file, the user's lexicons of every language, and the network."""
    from tts.text.lexicon import load_lexicon, user_lexicon_path

    folder = voices_folder()
    existing = next(parent for parent in (folder, *folder.parents) if os.path.exists(parent))
    free = shutil.disk_usage(existing).free
    low = "; the disk is nearly full" if free < _MIN_FREE_BYTES else ""
    state = "" if os.path.isdir(folder) else " (none yet)"
    yield Check("voices folder", "warn" if low else "ok", f"{folder}{state}, {free / 1e9:.1f} GB free{low}")

    path, settings = config_file(), {}
    try:
        settings = load_settings(path)
        yield Check("config file", "ok", f"{path}{'' if os.path.exists(path) else ' (none)'}")
    except TtsError as error:
        yield Check("config file", "fail", str(error))

    path = user_lexicon_path()
    files = sorted([*path.parent.glob(path.name), *path.parent.glob("lexicon.*.tsv")])
    if not files:
        yield Check("lexicon", "ok", f"{path} (none)")
    unused = f"; ignored because of {NO_USER_LEXICON.variable}" if ignores_user_lexicons() else ""
    for file in files:
        name = " ".join(file.stem.split("."))
        try:
            yield Check(name, "ok", f"{file}, {len(load_lexicon(file))} entries{unused}")
        except TtsError as error:
            yield Check(name, "fail", str(error))

    allowed = "forbidden by TTS_OFFLINE or the config file" if is_offline(settings) else "allowed"
    yield Check("network", "ok", f"{allowed}; only tts voices install and update use it")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
