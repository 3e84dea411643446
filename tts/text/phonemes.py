"""Spoken words to IPA by espeak-ng, in the alphabet of `tts.text.symbols`."""

import functools
import re
import threading

from tts.errors import TtsError
from tts.text.espeak_library import Espeak, system_library

# Punctuation that the alphabet lacks becomes its nearest in it. Done before espeak: it reads an unknown quote as
# nothing and a dash inside a word as part of the word.
_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″〝〞", '"'),
        **dict.fromkeys("‘’‚‛′ʼ", "'"),
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        **dict.fromkeys("¡¿", None),
        "\u00a0": " ",
    }
)
# A dash is a comma's pause; next to a mark, or at an end, it adds nothing.
_DASH = re.compile(r"(?<=[\w'\")])\s*[—―–]+\s*(?=[\w'\"(])")
_IDLE_DASH = re.compile(r"\s*[—―–]+\s*")
_ELLIPSIS = re.compile(r"\s*(?:…|\.{2,})+")
_BLANKS = re.compile(r"\s+")
# espeak would drop the marks, so it reads the stretches between them. Those inside a number belong to it.
_MARK = r'[;:!?"()]|(?<![0-9])[.,]|[.,](?![0-9])'
_MARKS = re.compile(rf"(\s*(?:(?:{_MARK})\s*)+)")
# espeak sets the z of some possessives and plurals apart ("nˈaɪnti z"); it belongs to its word.
_LONE_Z = re.compile(r" z(?=[;:,.!? \"()]|\Z)")
# The voices this alphabet comes from say "ninety" with a flapped, voiced t, and "hundred" as a word of its own.
_NINETY = re.compile(r"(?<=nˈaɪn)ti(?!ː)")
_JOINED_HUNDRED = re.compile(r"(?<=[a-zɹː])(?=hˈʌndɹɪd)")
# espeak writes a few sounds with letters that mean something else, or nothing, in the alphabet.
_ALPHABET = (("ʲ", "j"), ("r", "ɹ"), ("x", "k"), ("ɬ", "l"), ("\u0329", ""), ("\u0303", ""), ("ɑ̃", "ɑː"))

# espeak keeps its state in global variables: one call at a time.
_ESPEAK_LOCK = threading.Lock()


class Phonemizer:
    """Turns text into IPA with stress marks and punctuation, one character a symbol.

    espeak-ng comes from the espeakng-loader package; system_espeak asks for the machine's own instead. The library is
    loaded on first use, once a process. Calls from several threads wait for each other.
    """

    def __init__(self, language: str = "en-us", *, system_espeak: bool = False) -> None:
        self.language = language
        self.system_espeak = system_espeak

    def __call__(self, text: str) -> str:
        """Give the IPA of a text; every run of blanks, line breaks too, is one space.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        plain = plain_punctuation(text)
        if not plain:
            return ""
        with _ESPEAK_LOCK:
            ipa = self._marked_ipa(plain)
        for written, ours in _ALPHABET:
            ipa = ipa.replace(written, ours)
        ipa = _JOINED_HUNDRED.sub(" ", _LONE_Z.sub("z", ipa))
        return _NINETY.sub("di", ipa)

    def _marked_ipa(self, text: str) -> str:
        """The IPA of every stretch between marks, and the marks."""
        espeak, ipa = _espeak(self.system_espeak), ""
        # The pattern is a group, so that stretches and marks alternate.
        parts = [*_MARKS.split(text), ""]
        for stretch, mark in zip(parts[::2], parts[1::2], strict=True):
            try:
                heard = espeak.ipa(stretch, self.language) if stretch else ""
            except LookupError:
                english = "English is 'en-us' or 'en-gb'"
                raise TtsError(f"espeak-ng does not speak the language {self.language!r}; {english}") from None
            # Where nothing is said between two marks, they are one.
            ipa = (ipa if heard else ipa.removesuffix(" ")) + heard + mark
        return ipa


def espeak_version(system: bool = False) -> str:
    """Give the version of espeak-ng that would speak, as "1.52.0".

    Raises:
        TtsError: espeak-ng cannot be loaded.
    """
    with _ESPEAK_LOCK:
        return _espeak(system).version


def plain_punctuation(text: str) -> str:
    """Give a text on one line with the marks that voices know: straight quotes, round brackets, commas for dashes."""
    # Half a surrogate pair has no UTF-8, and a zero byte ends a C string.
    text = text.encode("utf-8", "ignore").decode().replace("\0", " ").translate(_PUNCTUATION)
    text = _IDLE_DASH.sub(" ", _DASH.sub(", ", text))
    text = _ELLIPSIS.sub(".", text)
    return _BLANKS.sub(" ", text).strip()


@functools.cache
def _espeak(system: bool) -> Espeak:
    """Load espeak-ng, once."""
    try:
        return Espeak(system_library(), None) if system else Espeak(*_bundled_espeak())
    except (OSError, RuntimeError, AttributeError) as error:
        if system:
            advice = "no espeak-ng on this machine can be loaded ({}); install espeak-ng or use the bundled one"
        else:
            advice = "the bundled espeak-ng cannot be loaded ({}); install espeakng-loader again"
        raise TtsError(advice.format(error)) from error


def _bundled_espeak() -> tuple[str, str]:
    """Give the paths of the library and of its data in the espeakng-loader package."""
    try:
        import espeakng_loader

        return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError) as error:
        raise TtsError(
            f"the espeak-ng of the espeakng-loader package cannot be found ({error}); install espeakng-loader again"
        ) from error
