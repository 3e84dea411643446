"""Whether a number counts things."""

import re

from tts.text.patterns import Pattern

_COUNTED = Pattern(
    r" (?!(?:was|is|has|its|this|as|his|does|us|plus|minus|times|equals|vs|versus)\b)(?:[a-z]+ )?"
    r"(?:[a-z]{2,}s|people|men|women|children|feet|mice|sheep|fish)\b"
)


def things_follow(found: re.Match[str]) -> bool:
    """Tell whether a plural stands behind a number, so that it is a count: "1999 units", not the year."""
    return _COUNTED.match(found.string, found.end()) is not None
