"""Training recipes: small TOML files that describe which network is trained, its dimensions, and how it is trained.

A recipe has a `description`, a `kind` ("acoustic", "vocoder" or "align"), the name of its `network`, and the tables
`[options]` (the network's dimensions), `[settings]` (its trainer's) and `[schedule]`. A recipe with a `base` changes
single keys of that recipe.
"""

from __future__ import annotations

import math
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
# Former names of recipes, which still work in commands and as a `base`.
FORMER_NAMES = {
    "waveglow-small-taught": "waveglow-small-distilled",
    "wavenet-small-taught": "wavenet-small-distilled",
}
# The learning rate at the end of a run, as a share of the highest.
_LAST_SHARE = 0.02
_HEAD = ("description", "kind", "network")
Settings = TypeVar("Settings")
Table = dict[str, Any]


@dataclass(frozen=True)
class Schedule:
    """Length, learning rate and intervals of a run.

    The learning rate rises for `warmup_steps`, then falls over `steps` along half a cosine to a fiftieth. If a run is
    resumed with other `steps`, its learning rate jumps once to the new cosine and follows that from there on.
    """

    steps: int = 10_000
    learning_rate: float = 1e-3
    adversarial_from: int = 1_000_000_000
    """The step from which critics are trained and contribute to the loss."""
    critic_only_steps: int = 0
    """The number of steps from there on that train only the critics: beside a network that is trained already, new ones
    would begin too weak."""
    warmup_steps: int = 300
    betas: tuple[float, float] = (0.9, 0.98)
    max_gradient: float = 1.0
    """Gradients of a larger norm are scaled down to it."""
    critic_learning_rate: float = 5e-4
    critic_last_share: float = 1.0
    """The share of the critics' learning rate to which it falls along the half cosine."""
    critic_betas: tuple[float, float] = (0.8, 0.95)
    average_decay: float = 0.999
    """Of the moving average of the weights, which is validated and becomes the run's voice."""
    seed: int = 1
    log_every: int = 50
    validate_every: int = 500
    sample_every: int = 2_000
    save_every_seconds: float = 240.0

    def rate(self, step: int) -> float:
        """Return the learning rate of a step."""
        rise = min(1.0, (self.n_updates(step) + 1) / max(1, self.warmup_steps))
        return self.learning_rate * rise * self._fall(step, _LAST_SHARE)

    def critic_rate(self, step: int) -> float:
        """Return the critics' learning rate of a step."""
        return self.critic_learning_rate * self._fall(step, self.critic_last_share)

    def _fall(self, step: int, last_share: float) -> float:
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))
        return last_share + (1 - last_share) * cosine

    def trains_network(self, step: int) -> bool:
        """Return whether a step trains the network, and not only the critics."""
        return not 0 <= step - self.adversarial_from < self.critic_only_steps

    def n_updates(self, step: int) -> int:
        """Return how many of the steps before this one train the network."""
        return step - min(max(0, step - self.adversarial_from), self.critic_only_steps)


@dataclass(frozen=True)
class TrainingRecipe:
    """A recipe after its bases and overrides are applied; the tables hold what differs from the defaults."""

    name: str
    description: str
    kind: str
    network: str
    options: Table
    settings: Table
    schedule: Table

    @property
    def table(self) -> Table:
        """The recipe as TOML holds it, without its name."""
        return {key: getattr(self, key) for key in (*_HEAD, *TABLES)}


def recipe_files() -> dict[str, Path]:
    """Return the files of the built-in recipes by name."""
    return dict(sorted((path.stem, path) for path in RECIPES.glob("*.toml")))


def all_recipes() -> list[TrainingRecipe]:
    return [load_recipe(name) for name in recipe_files()]


def load_recipe(name_or_path: str, overrides: Iterable[str] = ()) -> TrainingRecipe:
    """Return a built-in recipe or that of a file, with `overrides` like "schedule.steps=2000" whose values are TOML.

    Raises:
        UsageError: the recipe does not exist, or it or an override contains an unknown or wrong key.
        TtsError: the file cannot be read.
    """
    path = _find(name_or_path)
    table = _with_bases(path, ())
    for override in overrides:
        target, equals, text = override.partition("=")
        name, _, key = target.strip().partition(".")
        if not equals or not key:
            raise UsageError(f"An override is like schedule.steps=2000, not {override!r}.")
        if name not in TABLES:
            raise UsageError(f"There is no table {name!r} in a recipe; {suggestion(name, TABLES)}")
        try:
            value = tomllib.loads(f"value = {text.strip()}")["value"]
        except tomllib.TOMLDecodeError:
            # Other text is a string, so that it needs no quotes within the shell's quotes.
            value = text.strip()
        table[name] = {**table[name], key: value}
    missing = [key for key in _HEAD if not isinstance(table.get(key), str)]
    if missing:
        raise UsageError(f"The recipe {path} lacks its {' and '.join(missing)}.")
    if table["kind"] not in KINDS:
        known = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
        raise UsageError(f"The kind of the recipe {path} must be {known}, not {table['kind']!r}.")
    return TrainingRecipe(
        path.stem, **{key: table[key] for key in _HEAD}, **{key: table.get(key, {}) for key in TABLES}
    )


def typed(cls: Callable[..., Settings], table: Mapping[str, Any], where: str) -> Settings:
    """Return the dataclass `cls` with the values of a table; `where` is the table's name in error messages.

    Raises:
        UsageError: a key is unknown or missing, or its value has the wrong type.
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
        raise UsageError(f"The table [{where}] is incomplete: {error}.") from None


def parse_table(path: Path) -> Table:
    """Read a TOML file.

    Raises:
        TtsError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise TtsError(f"{path} cannot be read: {error}.") from error
    except tomllib.TOMLDecodeError as error:
        raise TtsError(f"{path} is not valid TOML: {error}.") from error


def _find(name_or_path: str, folder: Path = Path()) -> Path:
    known = recipe_files()
    if (name := FORMER_NAMES.get(name_or_path, name_or_path)) in known:
        return known[name]
    path = folder / Path(name_or_path).expanduser()
    if path.suffix == ".toml" and path.is_file():
        return path
    raise UsageError(f"There is no recipe {name_or_path!r}; {suggestion(name_or_path, known)}")


def _with_bases(path: Path, above: tuple[Path, ...]) -> Table:
    """Read a recipe and its bases; `above` are the recipes that lead to it."""
    if path.resolve() in [each.resolve() for each in above]:
        raise UsageError(f"The recipe {path} is its own base.")
    own = parse_table(path)
    for key, value in own.items():
        if key not in (*_HEAD, *TABLES, "base"):
            raise UsageError(f"The recipe {path} has an unknown key; {suggestion(key, (*_HEAD, *TABLES, 'base'))}")
        if isinstance(value, dict) != (key in TABLES):
            raise UsageError(f"In the recipe {path}, {key} must be {'a table' if key in TABLES else 'a string'}.")
    base = own.pop("base", None)
    table = _with_bases(_find(str(base), path.parent), (*above, path)) if base is not None else {}
    overlaid = {key: {**table.get(key, {}), **own.get(key, {})} for key in TABLES}
    return {**table, **own, **overlaid}


def _fits(value: Any, hint: Any) -> bool:
    """Return whether a TOML value has the type of a hint."""
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
    """Describe a type hint for an error message."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return " or ".join(_in_words(each) for each in arguments)
    if origin in (tuple, list):
        return f"a list ({', '.join('…' if each is Ellipsis else _in_words(each) for each in arguments)})"
    if origin is not None:
        return " or ".join(map(repr, arguments))
    return {int: "a whole number", float: "a number", bool: "true or false", str: "a string"}.get(hint, str(hint))
