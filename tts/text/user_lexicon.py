"""The lexicons that a user keeps in the config folder, under the one that a command is given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tts.text.lexicon import Lexicon

CONFIG_VARIABLE = "TTS_CONFIG"
LEFT_OUT_VARIABLE = "TTS_NO_USER_LEXICON"


def config_folder() -> Path:
    """The folder of the file that TTS_CONFIG names, or the platform's config folder of `utter`."""
    if path := os.environ.get(CONFIG_VARIABLE):
        return Path(path).expanduser().parent
    import platformdirs

    return Path(platformdirs.user_config_dir("utter", appauthor=False))


def user_lexicon_path(language: str = "") -> Path:
    """Where the user's lexicon of a language lies, if there is one; without a language, that of every voice."""
    return config_folder() / (f"lexicon.{language}.tsv" if language else "lexicon.tsv")


def is_left_out() -> bool:
    """Whether TTS_NO_USER_LEXICON keeps the user's lexicons out."""
    return os.environ.get(LEFT_OUT_VARIABLE, "") not in ("", "0")


def user_lexicon_files(language: str) -> list[Path]:
    """The user's lexicons for a voice's language that are there; the later go before the earlier.

    For "en-us" they are lexicon.tsv, lexicon.en.tsv and lexicon.en-us.tsv. With TTS_NO_USER_LEXICON=1 there are none.
    """
    if is_left_out():
        return []
    return [path for path in map(user_lexicon_path, _languages(language)) if path.is_file()]


def lexicon_for(language: str, file: Path | None = None, *, user: bool = True) -> Lexicon | None:
    """All lexicons of a voice as one, or None where there are none: the user's own, and over them that in `file`.

    `user` is False for a voice that cannot speak IPA: it refuses a lexicon, and the user's is not meant for it.

    Raises:
        TtsError: one of them cannot be read, or a line is not an entry.
    """
    # Here, so that a command that asks where the folder is loads nothing.
    from tts.text.lexicon import load_lexicon

    files = [*(user_lexicon_files(language) if user else []), *([file] if file else [])]
    lexicon: Lexicon | None = None
    for path in files:
        more = load_lexicon(path)
        lexicon = lexicon.overruled_by(more) if lexicon else more
    return lexicon


def _languages(language: str) -> Iterator[str]:
    """Nothing, "en", "en-us": ever more of a language's code."""
    yield ""
    parts = language.lower().split("-")
    yield from ("-".join(parts[:n]) for n in range(1, len(parts) + 1) if language)
