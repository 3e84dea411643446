"""The espeak-ng library by ctypes: only what turns text into IPA."""

from __future__ import annotations

import ctypes
import functools
import os
import re
import threading
from collections.abc import Iterator, Mapping

from tts.errors import TtsError
from tts.text.language_codes import espeak_code, nearest_codes

# From espeak-ng's speak_lib.h: no sound device and no threads; an error where its data lack, instead of an exit.
_SYNCHRONOUS, _DO_NOT_EXIT = 0x02, 0x8000
_UTF8, _IPA = 1, 0x02
# Up to 1.48 a letter of IPA was asked for in another way.
_OLD, _OLD_IPA = (1, 48, 3), 0x13
# espeak-ng 1.52 ends the process where a letter that it does not know, or a mark, has a hyphen and then another script
# behind it ("Ꭹ-नम", "①-नम"). Kept are hyphens behind a blank, a Latin digit, and a letter of a script that it knows.
_FATAL_HYPHEN = re.compile(
    r"(?<![\s0-9A-Za-z\u00c0-\u065f\u066e-\u06ef\u06fa-\u0965\u0970-\u137c\u1e00-\u1fff\u3041-\u9fff\uac00-\ud7a3])-"
    r"|(?<![0-9])(?<=\d)-"
)

# Of a clause it drops what is beyond some 160 Korean syllables, each of which is three letters for it, or 300 Chinese
# characters; in letters it takes far more than a sentence has.
_DENSE = ((re.compile("[가-힣]"), 100), (re.compile("[\u3400-\u9fff]"), 200))


class _Voice(ctypes.Structure):
    """The beginning of espeak_VOICE in speak_lib.h."""

    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_char_p), ("identifier", ctypes.c_char_p))


class EspeakLibrary:
    """An espeak-ng that is loaded: its state is global to it, so that one thread calls it at a time.

    Raises:
        OSError: it cannot be loaded or started; says why.
    """

    def __init__(self, path: str, data: str | None) -> None:
        library = ctypes.CDLL(path)
        try:
            _declare(library)
        except AttributeError as error:
            raise OSError(f"{path} is not espeak-ng: {error}") from error
        if library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode() if data else None, _DO_NOT_EXIT) <= 0:
            raise OSError(f"{path} does not find its data{f' in {data}' if data else ''}")
        self._library = library
        self._lock = threading.Lock()
        self._language: str | None = None
        self.version = _version(library)
        self._mode = _IPA if self.version > _OLD else _OLD_IPA

    @functools.cached_property
    def languages(self) -> Mapping[str, str]:
        """The codes that it speaks, each with the first voice of that language."""
        with self._lock:
            listed = self._library.espeak_ListVoices(None)
            found: dict[str, str] = {}
            place = 0
            while listed[place]:
                voice = listed[place].contents
                # Before the code stands a byte, its priority. The voices of MBROLA need another program.
                code, identifier = (
                    (voice.languages or b"")[1:].decode("utf-8", "replace"),
                    os.fsdecode(voice.identifier),
                )
                if not identifier.replace("\\", "/").startswith("mb/"):
                    found.setdefault(code, identifier)
                place += 1
            return found

    def code(self, language: str) -> str:
        """Its own code for a language.

        Raises:
            TtsError: it does not speak the language; names the nearest.
        """
        code = espeak_code(language, self.languages)
        if code is None:
            nearest = nearest_codes(language, self.languages)
            alike = f"the nearest that it knows: {', '.join(map(repr, nearest))}; " if nearest else ""
            raise TtsError(f"espeak-ng does not speak the language {language!r}; {alike}English is 'en-us' or 'en-gb'")
        return code

    def clauses(self, code: str, text: str) -> list[str]:
        """The IPA of each clause of a text without zero bytes, as espeak-ng writes it, in a language by its own code.

        Raises:
            TtsError: the voice of the language cannot be loaded.
        """
        voice = self.languages[code]
        if not text.isascii():
            text = _FATAL_HYPHEN.sub(" ", text)
        with self._lock:
            if code != self._language:
                self._set(code, voice)
            return [clause for bite in _bites(text) for clause in self._clauses(bite)]

    def _clauses(self, text: str) -> Iterator[str]:
        rest = ctypes.c_char_p(text.encode())
        # espeak-ng moves the pointer behind each clause, and at last to nowhere.
        while rest:
            ipa = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, self._mode)
            if ipa:
                yield ipa.decode("utf-8", "ignore")

    def _set(self, code: str, voice: str) -> None:
        self._language = None
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise TtsError(f"espeak-ng cannot load its voice {voice!r} for the language {code!r}; install it again")
        self._language = code


def _bites(text: str) -> Iterator[str]:
    """Cut a text, at blanks where there are any, into what espeak-ng says whole."""
    most = len(text) if text.isascii() else min((n for dense, n in _DENSE if dense.search(text)), default=len(text))
    while len(text) > most:
        cut = text.rfind(" ", most // 2, most) + 1 or most
        yield text[:cut]
        text = text[cut:]
    yield text


def espeak_library(system: bool = False) -> EspeakLibrary:
    """The bundled espeak-ng, of the espeakng-loader package, or the machine's own, loaded once a process.

    Raises:
        TtsError: it cannot be found or loaded.
    """
    path, data = _system_paths() if system else _bundled_paths()
    try:
        return _loaded(os.path.realpath(path) if os.path.exists(path) else path, data)
    except OSError as error:
        if system:
            raise _no_system_espeak(error) from error
        raise TtsError(f"the bundled espeak-ng cannot be loaded ({error}); install espeakng-loader again") from error


@functools.cache
def _loaded(path: str, data: str | None) -> EspeakLibrary:
    return EspeakLibrary(path, data)


def _bundled_paths() -> tuple[str, str]:
    try:
        import espeakng_loader

        return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
    except (ImportError, RuntimeError) as error:
        raise TtsError(
            f"the espeak-ng of the espeakng-loader package cannot be found ({error}); install espeakng-loader again"
        ) from error


def _system_paths() -> tuple[str, str | None]:
    """Where phonemizer finds this machine's espeak-ng, also by its variables PHONEMIZER_ESPEAK_LIBRARY, …_DATA_PATH."""
    try:
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        return str(EspeakWrapper.library()), os.environ.get("PHONEMIZER_ESPEAK_DATA_PATH")
    except ImportError as error:
        raise TtsError(f"the phonemizer package cannot be imported ({error}); install utter-tts again") from error
    except RuntimeError as error:
        raise _no_system_espeak(error) from error


def _no_system_espeak(error: Exception) -> TtsError:
    return TtsError(f"no espeak-ng on this machine can be loaded ({error}); install espeak-ng or use the bundled one")


def _declare(library: ctypes.CDLL) -> None:
    """Tell ctypes the functions' types; raises AttributeError where one is missing."""
    text, number = ctypes.c_char_p, ctypes.c_int
    library.espeak_Initialize.argtypes = [number, number, text, number]
    library.espeak_Info.argtypes = [ctypes.c_void_p]
    library.espeak_Info.restype = text
    library.espeak_ListVoices.argtypes = [ctypes.POINTER(_Voice)]
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    library.espeak_SetVoiceByName.argtypes = [text]
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(text), number, number]
    library.espeak_TextToPhonemes.restype = text


def _version(library: ctypes.CDLL) -> tuple[int, ...]:
    """Its version; some builds write "-dev" or a date behind."""
    written = library.espeak_Info(None).decode("utf-8", "replace").split()[0].split("-")[0]
    return tuple(int(part) for part in written.split(".") if part.isdigit())
