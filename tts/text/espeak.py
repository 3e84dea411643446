"""espeak-ng: the library by ctypes, and the phonemizer that turns spoken words into IPA by it."""

from __future__ import annotations

import ctypes
import functools
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence

from tts.errors import TtsError
from tts.text.characters import cut_at_marks, plain_punctuation, splits_character
from tts.text.language_codes import espeak_code, is_english, nearest_codes
from tts.text.passage import Pronunciation
from tts.text.spelled import Chunk, Spelled, spell
from tts.text.spoken import SpokenText

# From espeak-ng's speak_lib.h: no sound device and no threads; an error where its data are missing, instead of an exit.
_SYNCHRONOUS, _DO_NOT_EXIT = 0x02, 0x8000
_UTF8, _IPA = 1, 0x02
# Versions up to 1.48 have another mode for IPA.
_OLD, _OLD_IPA = (1, 48, 3), 0x13
# espeak-ng 1.52 ends the process if a letter that it does not know, or a mark, precedes a hyphen and another script
# ("Ꭹ-नम", "①-नम"). Only hyphens after a space, a Latin digit, or a letter of a script that it knows are passed on.
_FATAL_HYPHEN = re.compile(
    r"(?<![\s0-9A-Za-z\u00c0-\u065f\u066e-\u06ef\u06fa-\u0965\u0970-\u137c\u1e00-\u1fff\u3041-\u9fff\uac00-\ud7a3])-"
    r"|(?<![0-9])(?<=\d)-"
)
# It truncates a clause beyond some 160 Korean syllables, each of which is three letters for it, or 300 Chinese
# characters; in letters its limit is far longer than a sentence.
_DENSE = ((re.compile("[가-힣]"), 100), (re.compile("[\u3400-\u9fff]"), 200))


class _Voice(ctypes.Structure):
    """The beginning of espeak_VOICE in speak_lib.h."""

    _fields_ = (("name", ctypes.c_char_p), ("languages", ctypes.c_char_p), ("identifier", ctypes.c_char_p))


class EspeakLibrary:
    """A loaded espeak-ng; its state is global, so one thread calls it at a time.

    Raises:
        OSError: it cannot be loaded or started.
    """

    def __init__(self, path: str, data: str | None) -> None:
        library = ctypes.CDLL(path)
        text, number = ctypes.c_char_p, ctypes.c_int
        try:
            library.espeak_Initialize.argtypes = [number, number, text, number]
            library.espeak_Info.argtypes = [ctypes.c_void_p]
            library.espeak_Info.restype = text
            library.espeak_ListVoices.argtypes = [ctypes.POINTER(_Voice)]
            library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
            library.espeak_SetVoiceByName.argtypes = [text]
            library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(text), number, number]
            library.espeak_TextToPhonemes.restype = text
        except AttributeError as error:
            raise OSError(f"{path} is not espeak-ng: {error}") from error
        if library.espeak_Initialize(_SYNCHRONOUS, 0, data.encode() if data else None, _DO_NOT_EXIT) <= 0:
            raise OSError(f"{path} does not find its data{f' in {data}' if data else ''}")
        self._library = library
        self._lock = threading.Lock()
        self._language: str | None = None
        # Some builds write "-dev" or a date after the version.
        written = library.espeak_Info(None).decode("utf-8", "replace").split()[0].split("-")[0]
        self.version = tuple(int(part) for part in written.split(".") if part.isdigit())
        self._mode = _IPA if self.version > _OLD else _OLD_IPA

    @functools.cached_property
    def languages(self) -> Mapping[str, str]:
        """The language codes of the library, each with its first voice."""
        with self._lock:
            listed = self._library.espeak_ListVoices(None)
            found: dict[str, str] = {}
            i = 0
            while listed[i]:
                voice = listed[i].contents
                # A byte before the code is its priority. The voices of MBROLA need another program.
                code = (voice.languages or b"")[1:].decode("utf-8", "replace")
                identifier = os.fsdecode(voice.identifier)
                if not identifier.replace("\\", "/").startswith("mb/"):
                    found.setdefault(code, identifier)
                i += 1
            return found

    def code(self, language: str) -> str:
        """Return espeak-ng's code for a language.

        Raises:
            TtsError: it does not have the language; names the most similar codes.
        """
        code = espeak_code(language, self.languages)
        if code is None:
            nearest = nearest_codes(language, self.languages)
            similar = f"similar codes: {', '.join(map(repr, nearest))}; " if nearest else ""
            raise TtsError(
                f"espeak-ng does not speak the language {language!r}; {similar}English is 'en-us' or 'en-gb'"
            )
        return code

    def clauses(self, code: str, text: str) -> list[str]:
        """Return the IPA of each clause of a text without zero bytes, as espeak-ng writes it; `code` is its own code.

        Raises:
            TtsError: the voice of the language cannot be loaded.
        """
        voice = self.languages[code]
        if not text.isascii():
            text = _FATAL_HYPHEN.sub(" ", text)
        # Cut it, at spaces if there are any, into parts that espeak-ng does not truncate.
        parts = []
        most = len(text) if text.isascii() else min((n for dense, n in _DENSE if dense.search(text)), default=len(text))
        while len(text) > most:
            cut = text.rfind(" ", most // 2, most) + 1 or most
            parts.append(text[:cut])
            text = text[cut:]
        parts.append(text)

        found: list[str] = []
        with self._lock:
            if code != self._language:
                self._language = None
                if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                    raise TtsError(f"espeak-ng cannot load its voice {voice!r} for the language {code!r}; reinstall it")
                self._language = code
            for part in parts:
                rest = ctypes.c_char_p(part.encode())
                # espeak-ng moves the pointer behind each clause, and finally to null.
                while rest:
                    ipa = self._library.espeak_TextToPhonemes(ctypes.byref(rest), _UTF8, self._mode)
                    if ipa:
                        found.append(ipa.decode("utf-8", "ignore"))
        return found


def espeak_library(system: bool = False) -> EspeakLibrary:
    """Return the bundled espeak-ng of the espeakng-loader package, or the system's own, loaded once per process.

    phonemizer finds the system's library, also by PHONEMIZER_ESPEAK_LIBRARY and PHONEMIZER_ESPEAK_DATA_PATH.

    Raises:
        TtsError: it cannot be found or loaded.
    """
    path: str
    data: str | None
    if system:
        missing = "no espeak-ng on this machine can be loaded ({}); install espeak-ng or use the bundled one"
        try:
            from phonemizer.backend.espeak.wrapper import EspeakWrapper

            path, data = str(EspeakWrapper.library()), os.environ.get("PHONEMIZER_ESPEAK_DATA_PATH")
        except ImportError as error:
            raise TtsError(f"the phonemizer package cannot be imported ({error}); install utter-tts again") from error
        except RuntimeError as error:
            raise TtsError(missing.format(error)) from error
    else:
        missing = "the bundled espeak-ng cannot be loaded ({}); install espeakng-loader again"
        try:
            import espeakng_loader

            path, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
        except (ImportError, RuntimeError) as error:
            raise TtsError(
                f"the espeak-ng of the espeakng-loader package cannot be found ({error}); install espeakng-loader again"
            ) from error
    try:
        return _loaded(os.path.realpath(path) if os.path.exists(path) else path, data)
    except OSError as error:
        raise TtsError(missing.format(error)) from error


@functools.cache
def _loaded(path: str, data: str | None) -> EspeakLibrary:
    return EspeakLibrary(path, data)


def espeak_version(system: bool = False) -> str:
    """Return the version of the bundled or the system's espeak-ng, as "1.52.0".

    Raises:
        TtsError: espeak-ng cannot be loaded.
    """
    return ".".join(str(part) for part in espeak_library(system).version)


# Chunks between two marks recur (names, "he said"); longer ones hardly do.
_CACHED_CHUNKS = 8192
_LONGEST_CACHED = 200
# espeak-ng marks words of another language with that language and its own: "lə (en)wiːkɛnd(fr)".
_LANGUAGE_FLAG = re.compile(r"\(.+?\)")
# It separates the z of some possessives and plurals ("nˈaɪnti z"), which belongs to its word.
_SEPARATE_Z = re.compile(r" z(?=[ ]|\Z)")
# The voices with this inventory say "ninety" with a flapped, voiced t, and "hundred" as a word of its own.
_NINETY = re.compile(r"(?<=nˈaɪn)ti(?!ː)")
_JOINED_HUNDRED = re.compile(r"(?<=[a-zɹː])(?=hˈʌndɹɪd)")
# It writes a few sounds with letters that have another meaning in the inventory, or none.
_ENGLISH_IPA = str.maketrans({"ʲ": "j", "r": "ɹ", "x": "k", "ɬ": "l", "\u0329": None, "\u0303": None})


class Phonemizer:
    """Turns text into IPA with stress marks and punctuation, one character per symbol.

    `language` is espeak-ng's code ("en-us", "fr-fr", "cmn") or another common one ("fr", "zh-CN"); English is written
    in the inventory of `tts.text.symbols.ENGLISH_IPA`. With `system_espeak` the system's own library is used instead
    of the bundled one. With `initialisms` English words in capitals are distinguished from initialisms also among few
    words, where espeak-ng by itself reads "FAQ" as a word. Without `own_inventory` English is written as espeak-ng
    writes it, for voices that were trained on that. The library is loaded on first use. Calls from several
    threads wait for each other.
    """

    def __init__(
        self,
        language: str = "en-us",
        *,
        system_espeak: bool = False,
        initialisms: bool = False,
        own_inventory: bool = True,
    ) -> None:
        self.language = language
        self.own_inventory = own_inventory
        self.initialisms = initialisms
        self.system_espeak = system_espeak

    def __call__(self, text: str) -> str:
        """Return the IPA of a text on one line, with single spaces.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        return self._chunks(plain_punctuation(text))[0]

    def words(self, spoken: str, said: Sequence[Pronunciation] = ()) -> Spelled:
        """Return the IPA of a text with each word's own span of it; `said` are pronunciations of some words.

        Their spans are those of `spoken`, in order and without overlaps.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        return spell(spoken, said, self._chunks, lambda word: self._phonemize(word))

    @functools.cached_property
    def code(self) -> str:
        """espeak-ng's own code of the language.

        Raises:
            TtsError: espeak-ng cannot be loaded or does not speak the language.
        """
        return espeak_library(self.system_espeak).code(self.language)

    @functools.cached_property
    def _phonemize(self) -> Callable[[str], str]:
        return _chunk_phonemizer(espeak_library(self.system_espeak), self.code, self.initialisms, self.own_inventory)

    def _chunks(self, plain: str) -> tuple[str, list[Chunk]]:
        """Return the phonemes of a text with plain punctuation, and its chunks between marks."""
        if not plain:
            return "", []
        phonemize = self._phonemize
        phonemes, chunks, position = "", [], 0
        pieces = cut_at_marks(plain)
        pieces.append("")
        for i in range(0, len(pieces), 2):
            text, mark = pieces[i], pieces[i + 1]
            if text:
                said = phonemize(text)
                # A quotation mark that espeak-ng does not speak keeps the space behind it ("back.' and"), or before it.
                if phonemes and not phonemes.endswith(" ") and _SPACE_IN_FRONT.match(text):
                    phonemes += " "
                if mark and _SPACE_AT_END.search(text) and not mark.startswith(" "):
                    mark = f" {mark}"
                    position -= 1
                if said[:1] == "z" and said[1:2] in {"", " "} and is_english(self.language):
                    phonemes = phonemes.removesuffix(" ")
                chunks.append(Chunk(position, text, len(phonemes), said))
                phonemes += said
            if mark:
                # If there are no phonemes between two marks, one space is enough.
                phonemes = phonemes.removesuffix(" ") + mark
            position += len(text) + len(mark)
        return phonemes, chunks


_SPACE_IN_FRONT = re.compile("'+ ")
_SPACE_AT_END = re.compile(" '+\\Z")


@functools.cache
def _chunk_phonemizer(
    library: EspeakLibrary, code: str, initialisms: bool, own_inventory: bool
) -> Callable[[str], str]:
    """Return a function that returns the phonemes of words without marks between them, and caches them."""
    english = is_english(code)

    def phonemize(chunk: str) -> str:
        # Among few words in small letters espeak-ng reads an initialism as a word in capitals; it is shown more of
        # them, behind the chunk, or before one whose last word would lose its stress.
        n_capitals = len(_CAPITALS.findall(chunk)) if initialisms and english else 0
        if not n_capitals or len(_SMALL_WORD.findall(chunk)) >= max(2, n_capitals + 1):
            return plain(chunk)
        context = cached(_SMALL_WORDS)
        if _CAPITALS.search(chunk.rpartition(" ")[2]):
            ipa = plain(f"{chunk} {_SMALL_WORDS}")
            return ipa.removesuffix(context).rstrip() if ipa.endswith(f" {context}") else plain(chunk)
        ipa = plain(f"{_SMALL_WORDS} {chunk}")
        return ipa.removeprefix(context).lstrip() if ipa.startswith(f"{context} ") else plain(chunk)

    def plain(chunk: str) -> str:
        ipa = " ".join(library.clauses(code, chunk)).strip().replace("\n", " ").replace("  ", " ")
        if "(" in ipa:
            ipa = _LANGUAGE_FLAG.sub("", ipa)
        ipa = ipa.replace("_", "")
        if not english:
            return ipa
        if " z" in ipa:
            ipa = _SEPARATE_Z.sub("z", ipa)
        if not own_inventory:
            return ipa
        ipa = ipa.translate(_ENGLISH_IPA)
        if "hˈʌndɹɪd" in ipa:
            ipa = _JOINED_HUNDRED.sub(" ", ipa)
        return _NINETY.sub("di", ipa) if "nˈaɪnti" in ipa else ipa

    cached = functools.lru_cache(_CACHED_CHUNKS)(phonemize)
    return lambda chunk: cached(chunk) if len(chunk) <= _LONGEST_CACHED else phonemize(chunk)


# Of a word with more than some 200 bytes of phonemes, espeak-ng drops the rest. The longest words that people write
# have some 60 letters; scripts without capitals write syllables, or phrases where there are no spaces.
_LONGEST_WORD = 64
_LONGEST_PHRASE = 48
# Letters that are spelled ("bgwhp") have several sounds each.
_LONGEST_SPELLED = 24
_FEWEST_VOWELS = 0.2
_CAPITALS = re.compile(r"[A-Z]{2,}")
_SMALL_WORD = re.compile(r"\b[A-Za-z]?[a-z]+\b")
_SMALL_WORDS = "then they said so"
_VOWELS = frozenset("aeiouyäëïöüáéíóúàèìòùâêîôûãõåæøœąęаеёиоуыэюяіїєαεηιουωάέήίόύώ")
_WORD = re.compile(r"[^\s!-/:-@\[-`{-~…—–。！？，、；：]+")


def split_long_words(text: SpokenText) -> SpokenText:
    """Insert spaces into words that are too long for espeak-ng."""
    if max(map(len, text.text.split()), default=0) <= _LONGEST_SPELLED:
        return text
    spaces = []
    for found in _WORD.finditer(text.text):
        word = found.group()
        if "가" <= word[:1] <= "힣":
            longest = _LONGEST_SPELLED  # each of these is three letters
        elif not word[:1].isascii() and not word[:1].islower() and not word[:1].isupper():
            longest = _LONGEST_PHRASE
        else:
            n_vowels = sum(letter in _VOWELS for letter in word.lower())
            longest = _LONGEST_WORD if n_vowels >= _FEWEST_VOWELS * len(word) else _LONGEST_SPELLED

        start = found.start()
        while found.end() - start > longest:
            cut = start + longest
            while cut > start + 1 and splits_character(text.text, cut):
                cut -= 1
            spaces.append((cut, cut, " "))
            start = cut
    return text.changed(spaces) if spaces else text
