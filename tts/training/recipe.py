"""Recipes: small TOML files that say what is trained, of which sizes and how; named by what they change.

A recipe has a `description`, a `kind` ("acoustic", "vocoder" or "align"), the name of its `network`, and the tables
`[options]` (the network's dimensions), `[settings]` (its trainer's) and `[schedule]`. With `base` it is another recipe,
overlaid key by key.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from tts.errors import TtsError, UsageError
from tts.voice.store import suggestion

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = Path(__file__).parent / "recipes"
KINDS = ("acoustic", "vocoder", "align")
TABLES = ("options", "settings", "schedule")
_HEAD = ("description", "kind", "network")
Settings = TypeVar("Settings")
Table = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """A recipe with its bases and overrides in it; the tables hold what differs from the defaults."""

    name: str
    description: str
    kind: str
    network: str
    options: Table
    settings: Table
    schedule: Table

    @property
    def table(self) -> Table:
        """As TOML holds it."""
        return {key: getattr(self, key) for key in (*_HEAD, *TABLES)}


def recipe_files() -> dict[str, Path]:
    """Name → file of the recipes that ship."""
    return dict(sorted((path.stem, path) for path in RECIPES.glob("*.toml")))


def all_recipes() -> list[Recipe]:
    return [load_recipe(name) for name in recipe_files()]


def load_recipe(name_or_path: str, overrides: Iterable[str] = ()) -> Recipe:
    """A recipe by its name, or from a file; `overrides` are like "schedule.steps=2000", their values TOML.

    Raises:
        UsageError: there is no such recipe, or it or an override names what does not exist.
        TtsError: the file cannot be read.
    """
    path = _find(name_or_path)
    table = _with_bases(path, ())
    for override in overrides:
        _apply(table, override)
    missing = [key for key in _HEAD if not isinstance(table.get(key), str)]
    if missing:
        raise UsageError(f"The recipe {path} does not say its {' and '.join(missing)}.")
    if table["kind"] not in KINDS:
        known = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
        raise UsageError(f"The recipe {path} is of no known kind: it is {known}, not {table['kind']!r}.")
    return Recipe(path.stem, **{key: table[key] for key in _HEAD}, **{key: table.get(key, {}) for key in TABLES})


def typed(cls: Callable[..., Settings], table: Mapping[str, Any], where: str) -> Settings:
    """The dataclass `cls` from a table; `where` names the table in refusals.

    Raises:
        UsageError: a key is unknown or missing, or its value is of the wrong kind.
    """
    hints = get_type_hints(cls)
    known = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in known:
            raise UsageError(f"There is no {where}.{key}; {suggestion(key, known)}")
        if not _fits(value, hints[key]):
            raise UsageError(f"{where}.{key} must be {_in_words(hints[key])}, not {value!r}.")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    try:
        return cls(**values)
    except TypeError as error:
        raise UsageError(f"The table [{where}] is not whole: {error}.") from None


def parse_table(path: Path) -> Table:
    """A TOML file.

    Raises:
        TtsError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TtsError(f"{path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise TtsError(f"{path} is not TOML: {error}.") from error


def _find(name_or_path: str, beside: Path | None = None) -> Path:
    known = recipe_files()
    if name_or_path in known:
        return known[name_or_path]
    path = Path(name_or_path).expanduser()
    path = beside.parent / path if beside is not None else path
    if path.suffix == ".toml" and path.is_file():
        return path
    raise UsageError(f"There is no recipe {name_or_path!r}; {suggestion(name_or_path, known)}")


def _with_bases(path: Path, above: tuple[Path, ...]) -> Table:
    if path in above:
        raise UsageError(f"The recipe {path} is its own base.")
    own = parse_table(path)
    for key, value in own.items():
        if key not in (*_HEAD, *TABLES, "base"):
            raise UsageError(f"The recipe {path} has an unknown key; {suggestion(key, (*_HEAD, *TABLES, 'base'))}")
        if isinstance(value, dict) != (key in TABLES):
            raise UsageError(f"In the recipe {path}, {key} must be {'a table' if key in TABLES else 'a string'}.")
    base = own.pop("base", None)
    table = _with_bases(_find(str(base), path), (*above, path)) if base is not None else {}
    overlaid = {key: {**table.get(key, {}), **own.get(key, {})} for key in TABLES}
    return {**table, **own, **overlaid}


def _apply(table: Table, override: str) -> None:
    place, equals, value = override.partition("=")
    name, _, key = place.strip().partition(".")
    if not equals or not key:
        raise UsageError(f"An override is like schedule.steps=2000, not {override!r}.")
    if name not in TABLES:
        raise UsageError(f"There is no table {name!r} in a recipe; {suggestion(name, TABLES)}")
    table[name] = {**table[name], key: _value(value.strip())}


def _value(text: str) -> Any:
    """A TOML value; what is none is a string, so that a shell needs no quotes in quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in arguments)
    if origin in (tuple, list):
        if not isinstance(value, list | tuple):
            return False
        if origin is list or arguments[-1] is Ellipsis:
            return all(_fits(each, arguments[0]) for each in value)
        return len(value) == len(arguments) and all(map(_fits, value, arguments))
    if origin is not None:  # Literal
        return value in arguments
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, (int, float) if hint is float else hint)


def _in_words(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(_in_words(each) for each in arguments)
    if origin in (tuple, list):
        return f"a list ({', '.join('…' if each is Ellipsis else _in_words(each) for each in arguments)})"
    if origin is not None:
        return " or ".join(map(repr, arguments))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}.get(hint, str(hint))
