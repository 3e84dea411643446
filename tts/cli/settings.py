"""The user's config file: defaults for flags, under the flags and the environment."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import typer

from tts.cli.failures import nearest
from tts.errors import TtsError
from tts.text.lexicon import CONFIG_VARIABLE, config_folder

_VOICES_VARIABLE = "TTS_VOICES_DIR"
_NUMBER = (int, float)

# Key → what its value may be. The keys are the long flags; voices-dir is TTS_VOICES_DIR.
_KINDS: dict[str, tuple[type, ...]] = {
    "voice": (str,),
    "vocoder": (str,),
    "acoustic": (str,),
    "device": (str,),
    "engine": (str,),
    "precision": (str,),
    "format": (str,),
    "lexicon": (str,),
    "voices-dir": (str,),
    "mirror": (str,),
    "seed": (int,),
    "streams": (int,),
    "threads": (int,),
    "sample-rate": (int,),
    "speed": _NUMBER,
    "pitch": _NUMBER,
    "energy": _NUMBER,
    "volume": _NUMBER,
    "loudness": _NUMBER,
    "sentence-silence": _NUMBER,
    "denoise": _NUMBER,
    "system-espeak": (bool,),
    "offline": (bool,),
}


def config_file() -> Path:
    """TTS_CONFIG, or config.toml in the platform's config folder of `utter`."""
    if path := os.environ.get(CONFIG_VARIABLE):
        return Path(path).expanduser()
    return config_folder() / "config.toml"


def load_settings(path: Path) -> dict[str, Any]:
    """The config file's keys and values; nothing where there is no file.

    Raises:
        TtsError: it cannot be read, or holds an unknown key or a value of the wrong kind.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise TtsError(f"The config file {path} cannot be read ({error}).") from error
    settings = _parsed(content, path)
    for key, value in settings.items():
        if key not in _KINDS:
            hint = nearest(key, _KINDS) or f"; the keys are {', '.join(_KINDS)}."
            raise TtsError(f"The config file {path} has an unknown key {key!r}{hint}")
        # In Python, True is an int too.
        if not isinstance(value, _KINDS[key]) or (isinstance(value, bool) and bool not in _KINDS[key]):
            wanted = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}[_KINDS[key][-1]]
            raise TtsError(f"In the config file {path}, {key} must be {wanted}, not {value!r}.")
    return settings


def apply_settings(context: typer.Context) -> None:
    """Make the config file the default of every command's flags; `doctor` reports a broken file instead of failing."""
    try:
        settings = load_settings(config_file())
    except TtsError:
        if context.invoked_subcommand == "doctor":
            return
        raise
    if folder := settings.pop("voices-dir", None):
        _set_voices_folder(context, folder)
    defaults = {key.replace("-", "_"): value for key, value in settings.items()}
    # Typer asks the map of the command's own name; groups hand it on to the commands in them.
    spoken = dict.fromkeys(("normalize", "phonemes", "segment"), defaults)
    installing = {"install": {key: value for key, value in defaults.items() if key in ("offline", "mirror")}}
    # Not the vocoder: an evaluation compares several, and without any takes the voice's own.
    evaluating = {key: value for key, value in defaults.items() if key != "vocoder"}
    # There --engine says on which machines it runs.
    batch = {"runtime" if key == "engine" else key: value for key, value in defaults.items()}
    context.default_map = {
        "say": defaults,
        "batch": batch,
        "doctor": defaults,
        "text": spoken,
        "voices": installing,
        "evaluate": evaluating,
        "bench": defaults,
    }


def write_setting(path: Path, key: str, value: str) -> None:
    """Set a key of the config file and leave everything else in it as it is, comments too.

    Raises:
        TtsError: the file cannot be read or written, or holds the key in a way that only a person should change.
    """
    import json

    from tts.files import write_text

    before = load_settings(path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    # A JSON string is a TOML string.
    line, pattern = f"{key} = {json.dumps(value, ensure_ascii=False)}\n", re.compile(rf"\s*{re.escape(key)}\s*=")
    place = next((number for number, old in enumerate(lines) if pattern.match(old)), None)
    changed = [line, *lines] if place is None else [*lines[:place], line, *lines[place + 1 :]]
    content = "".join(changed)
    try:
        right = _parsed(content, path) == {**before, key: value}
    except TtsError:
        right = False
    if not right:
        raise TtsError(f"The config file {path} is laid out too cleverly: write {line.strip()} into it by hand.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TtsError(f"The folder {path.parent} cannot be made: {error.strerror}.") from error
    write_text(path, content)


def is_from_config(context: typer.Context, parameter: str) -> bool:
    """Whether the value of a flag is the config file's."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "DEFAULT_MAP"


def _set_voices_folder(context: typer.Context, folder: str) -> None:
    if not os.environ.get(_VOICES_VARIABLE):
        os.environ[_VOICES_VARIABLE] = folder
        context.call_on_close(lambda: os.environ.pop(_VOICES_VARIABLE, None))


def _parsed(content: str, path: Path) -> dict[str, Any]:
    # Loaded only where there is a file to parse.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise TtsError(f"The config file {path} is not TOML ({error}).") from error
