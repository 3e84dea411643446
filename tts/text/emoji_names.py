"""Emoji by their names; a sequence of characters that shows as one picture has one name."""

from __future__ import annotations

import re
from functools import lru_cache

from tts.text.patterns import Pattern
from tts.text.spoken import SpokenText

_PICTURES = (
    "\u231a-\u23ff\u24c2\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
)
# These are pictures only where the text asks for it, by a selector behind them.
_SIGNS = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u25aa\u25ab\u3030\u303d\u3297\u3299"
_TONES = "\U0001f3fb-\U0001f3ff"
_ONE = f"(?:[{_PICTURES}][\ufe0f\ufe0e{_TONES}]{{0,2}}|[{_SIGNS}]\ufe0f)"
# The number of parts is limited: the work stays linear on any text, and no picture has more than five.
_EMOJI = Pattern(
    "[\U0001f1e6-\U0001f1ff]{2}"  # a flag, by the letters of its country
    "|[0-9#*]\ufe0f?\u20e3"
    f"|\U0001f3f4[\U000e0020-\U000e007e]{{1,8}}\U000e007f|{_ONE}(?:\u200d{_ONE}){{0,9}}"
)
_DINGBATS = {
    **dict.fromkeys("★☆✩✪✭✯✰", "star"),
    **dict.fromkeys("✓🗸", "check mark"),
    **dict.fromkeys("✕✗✘🗴", "cross mark"),
    **dict.fromkeys("♩♪♫♬", "music note"),
    **dict.fromkeys("♡♥❥", "heart"),
}
_UNSPOKEN = re.compile("[()“”!:]")


def speak_emoji(text: SpokenText, language: str = "en") -> SpokenText:
    """Replace emoji by their names ("👍🏽" is "thumbs up medium skin tone"), between commas where they touch.

    In a language that has no names for them, and where a picture has none, they stay.
    """
    if text.text.isascii():
        return text
    return text.sub(_EMOJI, lambda found: _said(found, language))


def _said(found: re.Match[str], language: str) -> str:
    written = found.group()
    names = [name for name in (_name(part, language) for part in _parts(written, language)) if name]
    if not names:
        return written
    text = found.string
    before = "" if found.start() == 0 or text[found.start() - 1].isspace() else " "
    following = text[found.end() : found.end() + 1]
    after = "," if _EMOJI.match(text, found.end()) else "" if not following or following in " ,.;:!?…)" else " "
    return f"{before}{', '.join(names)}{after}"


def _parts(written: str, language: str) -> list[str]:
    """The whole where it has a name, else what is joined in it."""
    return [written] if _name(written, language) else written.split("\u200d")


@lru_cache(1024)
def _name(picture: str, language: str) -> str:
    from emoji import EMOJI_DATA, LANGUAGES, config

    code = language.lower().split("-")[0].replace("cmn", "zh")
    if code not in LANGUAGES:
        return ""
    if code != "en":
        config.load_language(code)
    if code == "en" and picture in _DINGBATS:
        return _DINGBATS[picture]
    plain = picture.replace("\ufe0f", "").replace("\ufe0e", "")
    for form in (picture, plain, plain + "\ufe0f"):
        if name := EMOJI_DATA.get(form, {}).get(code, ""):
            flag = " flag" if code == "en" and "\U0001f1e6" <= form[0] <= "\U0001f1ff" else ""
            return _UNSPOKEN.sub("", name).strip("_").replace("_", " ") + flag
    return ""
