"""Where settings come from: environment variables, the user's config file, and the folders of this machine.

A flag has priority over the environment, the environment over the config file, and the config file over the default.
The folders are named `utter`, because another program with the command `tts` owns the folders of that name.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tts.errors import TtsError
from tts.options import OPTIONS, nearest

CONFIG_VARIABLE = "TTS_CONFIG"


@dataclass(frozen=True)
class Setting:
    """What can be set for this program beside the options of `tts.options`."""

    variable: str
    """In the environment; empty: only the config file has it."""
    help: str
    key: str | None = None
    """In the config file; None: only the environment has it."""
    kind: type = str


VOICES_DIR = Setting("TTS_VOICES_DIR", "Folder of the installed voices", "voices-dir")
MIRROR = Setting("TTS_MIRROR", "Download from URL/HOST/PATH instead of https://HOST/PATH", "mirror")
OFFLINE = Setting("TTS_OFFLINE", "Forbid all use of the network", "offline", bool)
NO_USER_LEXICON = Setting("TTS_NO_USER_LEXICON", "Ignore the lexicons in the config folder")
API_KEY = Setting("TTS_API_KEY", "Key that tts serve requires of its clients")
VOICE_ALIASES = Setting("", "Table of other names for voices, in tts serve and tts mcp", "voice-aliases", dict)
CONFIG = Setting(CONFIG_VARIABLE, "Path of the config file")
SETTINGS = (CONFIG, VOICES_DIR, MIRROR, OFFLINE, NO_USER_LEXICON, API_KEY, VOICE_ALIASES)

KEYS: dict[str, type] = {option.key: option.kind for option in OPTIONS.values() if option.is_config_key}
KEYS |= {setting.key: setting.kind for setting in SETTINGS if setting.key}
"""The keys of the config file, and the type of their values."""

FORMER_KEYS = {"engine": "runtime"}
"""Keys of version 0.1 and their present names."""

# By the type of a setting: the types that TOML may give, and their description. In Python, True is an int too.
_TOML_TYPES: dict[type, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a string"),
    Path: ((str,), "a string"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
    dict: ((dict,), "a table"),
}


def config_file() -> Path:
    """TTS_CONFIG, or config.toml in the platform's config folder."""
    if path := os.environ.get(CONFIG_VARIABLE):
        return Path(path).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("utter", appauthor=False)) / "config.toml"


def config_folder() -> Path:
    """The folder of the config file, where the user's lexicons are too."""
    return config_file().parent


def voices_folder() -> Path:
    """The folder of the user's voices: TTS_VOICES_DIR, or in the platform's data folder."""
    if folder := os.environ.get(VOICES_DIR.variable):
        return Path(folder).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("utter", appauthor=False)) / "voices"


def cache_folder() -> Path:
    """The platform's cache folder for what can be made again: Matplotlib's list of fonts, compiled kernels."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("utter", appauthor=False))


def ignores_user_lexicons() -> bool:
    return os.environ.get(NO_USER_LEXICON.variable, "") not in ("", "0")


def is_offline(settings: dict[str, Any]) -> bool:
    """Whether the environment, or else the settings of the config file, forbid the network."""
    value = os.environ.get(OFFLINE.variable)
    if value is None:
        return bool(settings.get("offline"))
    return value.strip().lower() in ("1", "true", "t", "yes", "y", "on")


def load_settings(path: Path) -> dict[str, Any]:
    """The keys and values of the config file; empty where there is no file.

    Raises:
        TtsError: it cannot be read, or has an unknown key or a value of the wrong type.
    """
    # In a home that is a file, or another user's, there is no config file either.
    if not os.path.exists(path):
        return {}
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TtsError(f"The config file {path} cannot be read ({error}).") from error

    settings = {FORMER_KEYS.get(key, key): value for key, value in _parsed(content, path).items()}
    for key, value in settings.items():
        if key not in KEYS:
            hint = nearest(key, KEYS) or f"; the keys are {', '.join(KEYS)}."
            raise TtsError(f"The config file {path} has an unknown key {key!r}{hint}")
        types, description = _TOML_TYPES[KEYS[key]]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise TtsError(f"In the config file {path}, {key} must be {description}, not {value!r}.")
    for alias, name in settings.get("voice-aliases", {}).items():
        if not isinstance(name, str):
            raise TtsError(f"In the config file {path}, the alias {alias!r} must be the name of a voice, not {name!r}.")
    return settings


def voice_aliases() -> dict[str, str]:
    """The user's other names for voices; raises TtsError if the config file cannot be read."""
    aliases: dict[str, str] = load_settings(config_file()).get("voice-aliases", {})
    return aliases


def write_setting(path: Path, key: str, value: str) -> None:
    """Set a key of the config file. Everything else in it stays as it is, comments too.

    Raises:
        TtsError: the file cannot be read or written, or has the key in a form that cannot be edited automatically.
    """
    import json

    from tts.files import write_text

    load_settings(path)
    text = path.read_text(encoding="utf-8-sig") if os.path.exists(path) else ""
    before, lines = _parsed(text, path), text.splitlines(keepends=True)
    # A JSON string is a TOML string.
    line, pattern = f"{key} = {json.dumps(value, ensure_ascii=False)}\n", re.compile(rf"\s*{re.escape(key)}\s*=")
    index = next((number for number, old in enumerate(lines) if pattern.match(old)), None)
    changed = [line, *lines] if index is None else [*lines[:index], line, *lines[index + 1 :]]
    content = "".join(changed)

    try:
        is_right = _parsed(content, path) == {**before, key: value}
    except TtsError:
        is_right = False
    if not is_right:
        raise TtsError(f"Could not edit {path} automatically. Add this line yourself: {line.strip()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TtsError(f"The folder {path.parent} cannot be created: {error.strerror}.") from error
    write_text(path, content)


def _parsed(content: str, path: Path) -> dict[str, Any]:
    # Imported only where there is a file to parse.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise TtsError(f"The config file {path} is not valid TOML ({error}).") from error
