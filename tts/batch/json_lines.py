"""Sentences as JSON lines: an object a line, with any option by its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tts.batch.entry import KNOWN_NAMES, Entry, plain_name, slip_among
from tts.batch.lines import Line, with_plain_breaks

_EXAMPLE = '{"id": "intro", "text": "Hello."}'
_KNOWN = frozenset(KNOWN_NAMES)
_LONGEST_SHOWN = 60
# More of them tell nobody anything, and a file could have a new one in every line.
_MOST_WARNINGS = 20


def read_json_lines(lines: Iterable[Line], on_warning: Callable[[str], None]) -> Iterator[Entry]:
    """An entry an object; blank lines are none."""
    strangers = _Strangers(on_warning)
    for line in lines:
        if line.problem is not None:
            yield Entry(line.number, problem=line.problem)
        elif line.text.strip():
            yield _entry(line, strangers)


def _entry(line: Line, strangers: _Strangers) -> Entry:
    try:
        found = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        place = f" at its character {error.pos + 1} ({error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        return Entry(line.number, problem=f"The line is broken JSON{place}: it should be an object like {_EXAMPLE}.")
    if not isinstance(found, dict):
        return Entry(line.number, problem=f"The line is no object like {_EXAMPLE}.")
    named = {plain_name(key): value for key, value in found.items()}
    # What stands empty is not given, as in a CSV; only a text is then missed.
    known = {name: value for name, value in named.items() if name in _KNOWN and value is not None}
    known = {name: value for name, value in known.items() if value != "" or name == "text"}
    id = known.pop("id", None)
    # A number is what many give for an id; true and 1.5 are slips.
    id = str(id) if type(id) is int else id
    problem = _keys_problem(found, named, strangers) or _values_problem(known, id)
    if problem is not None:
        return Entry(line.number, id if isinstance(id, str) and id.strip() else None, problem=problem)
    text, voice = known.pop("text"), known.pop("voice", None)
    return Entry(line.number, id.strip() if id else None, with_plain_breaks(text), voice, known)


def _keys_problem(found: dict[str, Any], named: dict[str, Any], strangers: _Strangers) -> str | None:
    if len(named) < len(found):
        return "The object has two keys that mean the same: keep one."
    if named.keys() <= _KNOWN:
        return None
    unknown = [key for key in found if plain_name(key) not in _KNOWN]
    if slip := slip_among(unknown, frozenset(named) & _KNOWN):
        return f"There is no option {slip}"
    strangers.meet(unknown)
    return None


def _values_problem(known: dict[str, Any], id: Any) -> str | None:
    if id is not None and not (isinstance(id, str) and id.strip()):
        return f"The id must be a string with something in it, or a whole number, not {_shown(id)}."
    if "text" not in known:
        return f"The object has no text: it should be like {_EXAMPLE}."
    wrong = next((name for name in ("text", "voice") if not isinstance(known.get(name, ""), str)), None)
    return f"The {wrong} must be a string, not {_shown(known[wrong])}." if wrong else None


class _Strangers:
    """Keys that mean nothing here: told once each, and left out."""

    def __init__(self, on_warning: Callable[[str], None]) -> None:
        self._tell, self._met = on_warning, set[str]()

    def meet(self, keys: Iterable[str]) -> None:
        for key in keys:
            if key in self._met or len(self._met) > _MOST_WARNINGS:
                continue
            self._met.add(key)
            if len(self._met) > _MOST_WARNINGS:
                self._tell("there are more keys that are no options; they are left out too")
            else:
                self._tell(f"the key {_shown(key)} is no option and is left out")


def _shown(value: Any) -> str:
    """A value as it stands in the line, or what it is where it may be long."""
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    shown = repr(value) if isinstance(value, str) else json.dumps(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
