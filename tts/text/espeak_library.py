"""The library espeak-ng through its C interface (speak_lib.h): words to IPA, punctuation left out of it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
from typing import Any

LIBRARY_VARIABLE = "PHONEMIZER_ESPEAK_LIBRARY"
"""Names the machine's own library where it is not found by itself; the variable is known from phonemizer."""

_SYNCHRONOUS = 0x02
# Otherwise it ends the whole process where its data is missing.
_DO_NOT_EXIT = 0x8000
_UTF8, _IPA = 1, 0x02
# "(fr)" stands before words that are read by another language's rules, "(en)" behind them.
_LANGUAGE_FLAG = re.compile(r"\(.+?\)")


class _Voice(ctypes.Structure):
    """The head of espeak_VOICE. `languages`: a byte of priority before each code."""

    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_char_p), ("identifier", ctypes.c_char_p))

    def speaks(self, language: str) -> bool:
        return self.languages is not None and bytes(self.languages)[1:] == language.encode()


class Espeak:
    """espeak-ng at a path, with its data; None: the data it was built with.

    It keeps its state in global variables: one call at a time, and every call says its language.

    Raises:
        OSError: the library cannot be loaded.
        RuntimeError: it does not find its data.
    """

    def __init__(self, library: str, data: str | None) -> None:
        self._library = ctypes.CDLL(library)
        _declare(self._library)
        self._language = ""
        if self._library.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(data) if data else None, _DO_NOT_EXIT) <= 0:
            raise RuntimeError("it does not find its data")

    @property
    def version(self) -> str:
        """As "1.52.0"."""
        told: bytes = self._library.espeak_Info(None)
        return told.decode().split()[0].removesuffix("-dev")

    def ipa(self, text: str, language: str) -> str:
        """Text without punctuation, in UTF-8 and without zero bytes → IPA with stress marks, blanks between words.

        Raises:
            LookupError: it does not speak the language.
        """
        if language != self._language:
            self._use(language)
        rest = ctypes.c_char_p(text.encode())
        clauses = []
        while rest.value is not None:
            clauses.append((self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, _IPA) or b"").decode())
        line = " ".join(filter(None, clauses)).strip().replace("\n", " ").replace("  ", " ")
        return _LANGUAGE_FLAG.sub("", line)

    def _use(self, language: str) -> None:
        name = language.encode()
        # By name it is quick, where there is a voice of that name and it speaks this very language.
        if self._library.espeak_SetVoiceByName(name) or not self._current().speaks(language):
            name = self._voice_for(language)
            if self._library.espeak_SetVoiceByName(name):
                raise LookupError(language)
        self._language = language

    def _voice_for(self, language: str) -> bytes:
        """The first voice for a language; those of MBROLA need another program."""
        voices, i = self._library.espeak_ListVoices(None), 0
        while voices[i]:
            voice = voices[i].contents
            if voice.speaks(language) and not voice.identifier.replace(b"\\", b"/").startswith(b"mb/"):
                return bytes(voice.identifier)
            i += 1
        raise LookupError(language)

    def _current(self) -> _Voice:
        voice: _Voice = self._library.espeak_GetCurrentVoice().contents
        return voice


def system_library() -> str:
    """The machine's own espeak-ng.

    Raises:
        OSError: there is none.
    """
    if path := os.environ.get(LIBRARY_VARIABLE):
        return path
    for name in ("espeak-ng", "libespeak-ng"):
        if found := ctypes.util.find_library(name):
            return found
    raise OSError("there is none")


def _declare(library: Any) -> None:
    library.espeak_Initialize.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
    library.espeak_Info.argtypes, library.espeak_Info.restype = (ctypes.c_void_p,), ctypes.c_char_p
    library.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
    library.espeak_GetCurrentVoice.restype = ctypes.POINTER(_Voice)
    library.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
    library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    library.espeak_TextToPhonemes.argtypes = (ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_int)
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
