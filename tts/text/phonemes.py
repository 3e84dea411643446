"""Spoken words to IPA: espeak-ng through the phonemizer package, in the alphabet of `tts.text.symbols`."""

import functools
import logging
import re
import shutil
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

from tts.errors import TtsError

if TYPE_CHECKING:
    from phonemizer.backend.espeak.espeak import EspeakBackend

# Characters that phonemizer keeps as punctuation but the alphabet lacks become their nearest in it. Done before
# espeak: it reads an unknown quote as nothing and a dash inside a word as part of the word.
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
    loaded on first use, once a process and language. Calls from several threads wait for each other.
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
            ipa = " ".join(_backend(self.language, self.system_espeak).phonemize([plain], strip=True))
        for written, ours in _ALPHABET:
            ipa = ipa.replace(written, ours)
        ipa = _JOINED_HUNDRED.sub(" ", _LONE_Z.sub("z", ipa))
        return _NINETY.sub("di", ipa)


def espeak_version(system: bool = False) -> str:
    """Give the version of espeak-ng that would speak, as "1.52.0".

    Raises:
        TtsError: espeak-ng cannot be loaded.
    """
    with _ESPEAK_LOCK:
        return ".".join(str(part) for part in _backend("en-us", system)._espeak.version)


def plain_punctuation(text: str) -> str:
    """Give a text on one line with the marks that voices know: straight quotes, round brackets, commas for dashes."""
    # Half a surrogate pair has no UTF-8, and a zero byte ends a C string.
    text = text.encode("utf-8", "ignore").decode().replace("\0", " ").translate(_PUNCTUATION)
    text = _IDLE_DASH.sub(" ", _DASH.sub(", ", text))
    text = _ELLIPSIS.sub(".", text)
    return _BLANKS.sub(" ", text).strip()


@functools.cache
def _backend(language: str, system: bool) -> "EspeakBackend":
    """Load espeak-ng for a language, once."""
    library, data = (None, None) if system else _bundled_espeak()
    try:
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        backend_class = _single_wrapper_backend()
    except ImportError as error:
        raise TtsError(f"the phonemizer package cannot be imported ({error}); install utter-tts again") from error
    before = EspeakWrapper._ESPEAK_LIBRARY, EspeakWrapper._ESPEAK_DATA_PATH
    EspeakWrapper.set_library(library)
    EspeakWrapper.set_data_path(data)
    try:
        backend = backend_class(
            language,
            preserve_punctuation=True,
            with_stress=True,
            language_switch="remove-flags",
            logger=_silent_logger(),
        )
    except RuntimeError as error:
        raise TtsError(_explanation(str(error), language, system)) from error
    except OSError as error:
        why = f"cannot be copied to a temporary folder ({error.strerror})"
        raise TtsError(f"espeak-ng's library {why}: make room there, or name another by TMPDIR") from error
    finally:
        # The settings are global to phonemizer: another user of it in this process keeps its own.
        EspeakWrapper.set_library(before[0])
        EspeakWrapper.set_data_path(before[1])
    _remove_copy(backend)
    return backend


def _remove_copy(backend: "EspeakBackend") -> None:
    """Remove the copy that phonemizer made of the library: it is loaded, and who is killed would leave it behind."""
    espeak: Any = getattr(getattr(backend, "_espeak", None), "_espeak", None)
    # Another version may not have one, or elsewhere; on Windows a file in use stays.
    folder = getattr(espeak, "_tempdir", None)
    if folder is None or sys.platform == "win32":
        return
    for reference in weakref.getweakrefs(espeak):
        # Else it would be missed at the end.
        if isinstance(reference.__callback__, weakref.finalize):
            reference.__callback__.detach()
    shutil.rmtree(folder, ignore_errors=True)


def _bundled_espeak() -> tuple[str, str]:
    """Give the paths of the library and of its data in the espeakng-loader package."""
    try:
        import espeakng_loader

        return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError) as error:
        raise TtsError(
            f"the espeak-ng of the espeakng-loader package cannot be found ({error}); install espeakng-loader again"
        ) from error


def _single_wrapper_backend() -> "type[EspeakBackend]":
    """Make a backend class that opens the library once.

    phonemizer's constructor opens it three times more, only to ask whether it is there, its version (for a log line)
    and its languages; each opening copies the library and reads its data.
    """
    from phonemizer.backend.espeak.espeak import EspeakBackend

    class SingleWrapperBackend(EspeakBackend):  # type: ignore[misc]
        @classmethod
        def is_available(cls) -> bool:
            return True  # if it is not, the wrapper says so itself

        @classmethod
        def is_supported_language(cls, language: str) -> bool:
            return True  # the wrapper refuses an unknown language itself

        @classmethod
        def version(cls) -> tuple[int, ...]:
            return ()

    return SingleWrapperBackend


def _silent_logger() -> logging.Logger:
    """Give a logger that says nothing: phonemizer warns whenever espeak joins two words, which is not a fault."""
    logger = logging.getLogger("tts.text.phonemizer")
    logger.propagate = False
    logger.setLevel(logging.CRITICAL)
    return logger


def _explanation(error: str, language: str, system: bool) -> str:
    if "voice code" in error or "load voice" in error:
        return f"espeak-ng does not speak the language {language!r}; English is 'en-us' or 'en-gb'"
    if system:
        return f"no espeak-ng on this machine can be loaded ({error}); install espeak-ng or use the bundled one"
    return f"the bundled espeak-ng cannot be loaded ({error}); install espeakng-loader again"
