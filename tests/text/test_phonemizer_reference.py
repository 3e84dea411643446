"""Our phonemes against those of the phonemizer package, with which the voices' texts were phonemized."""

import logging
import re
from collections.abc import Callable, Iterator

import espeakng_loader
import pytest
from phonemizer.backend.espeak.espeak import EspeakBackend
from phonemizer.backend.espeak.wrapper import EspeakWrapper

from tests.text.languages.english.cases import CASES
from tts.text.normalize import normalize
from tts.text.phonemes import Phonemizer
from tts.text.punctuation import plain_punctuation

ENGLISH = [
    *(
        '"Why?" he asked; "why now?"',
        "(It is.) Is it?!",
        "Wait... what?!",
        "... and then?",
        '"\'Tis," she said',
        "- no -",
    ),
    *("It's the dogs' dinner: John's, not the Joneses'.", "rock 'n' roll", "'quoted' words", "o'clock", "'", '"', "()"),
    *(
        "One hundred and ninety-nine nineties.",
        "nine hundred hundreds",
        "the 1990's",
        "Ninety z",
        "a z. z",
        "A, b, c; z!",
    ),
    *("e-mail, co-operate, well-being — or so", "x – y", "a—b", "word -- word", "semi;colon:here", "a , b ,c", "!?.,"),
    *("I could have gone out of the house to be with her.", "There were a few of them at a time.", "I am; you are."),
    *(
        "The déjà vu of a naïve café in Zürich.",
        "Bach at Loch Ness",
        "rendezvous, croissant, Weltanschauung",
        "Ångström",
    ),
    *("Read the lead record in the wind.", "NASA and the FBI met the U.N.", "C-3-P-O", "A-M", "an MP3", "B2B", "H2O"),
    *("Москва и 日本", "☃ snow", "tab\there", "line\nbreak", "[brackets] {braces}", "«guillemets»", "„low“", "1, 2, 3"),
    *('This sentence is rather long, and has (as some do) brackets, "quotes", and a dash—or two—before it ends!',),
]
OTHERS = {
    "en-gb": [
        "Hello, world!",
        "Ninety-nine baths, half past one.",
        "She can't dance; won't she?",
        '"Rather," he said.',
    ],
    "de": [
        *(
            "Guten Morgen, wie geht es dir?",
            "Er sagte: „Das Wochenende war schön“ – und ging.",
            "Straße, Übung (laut).",
        ),
        *(
            "Das Meeting mit dem Team im Computer Shop, na ja…",
            "Neunundneunzig Luftballons!",
            "3,5 Prozent",
            "z. B. so",
        ),
    ],
    "fr-fr": [
        *("Bonjour, comment ça va ?", "« Le week-end, j'aime le football », dit-il.", "Les amis ont eu un parking…"),
        *("Aujourd'hui, l'été est là.", "N'est-ce pas ?! Si !", "Le shopping (en ville) coûte douze euros."),
    ],
    "es": [
        "¿Qué tal? ¡Muy bien!",
        "El niño dijo: «mañana iré», y se fue.",
        "Un software muy bueno — según él.",
        "rojo",
    ],
    "it": ["Ciao, come stai?", "Perché no? È già tardi!", "Il computer di Gianni (nuovo) non va."],
    "pt-br": ["Olá, tudo bem?", "A informação não está aqui.", "Coração, amanhã — talvez."],
    "cmn": ["你好,世界!", "我今天去北京。你呢?", "一二三 四五六", "他说:“好”。"],
    "ja": ["こんにちは。", "これはペンです、はい", "ありがとう ございます!"],
}
LANGUAGES = ["en-us", *OTHERS]


@pytest.fixture(scope="module")
def reference() -> Iterator[Callable[[str], EspeakBackend]]:
    """Makes phonemizer's backend for a language, with the bundled espeak-ng."""
    before = EspeakWrapper._ESPEAK_LIBRARY, EspeakWrapper._ESPEAK_DATA_PATH
    EspeakWrapper.set_library(espeakng_loader.get_library_path())
    EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
    silent = logging.getLogger("tests.phonemizer")
    silent.setLevel(logging.CRITICAL)

    def made(language: str) -> EspeakBackend:
        options = {"preserve_punctuation": True, "with_stress": True, "language_switch": "remove-flags"}
        return EspeakBackend(language, logger=silent, **options)

    yield made
    EspeakWrapper.set_library(before[0])
    EspeakWrapper.set_data_path(before[1])


def expected(backend: EspeakBackend, text: str, *, english: bool) -> str:
    """What phonemizer says, with our alphabet's letters for English."""
    plain = plain_punctuation(text)
    ipa = " ".join(backend.phonemize([plain], strip=True)) if plain else ""
    if not english:
        return ipa
    for written, ours in (("ʲ", "j"), ("r", "ɹ"), ("x", "k"), ("ɬ", "l"), ("\u0329", ""), ("\u0303", "")):
        ipa = ipa.replace(written, ours)
    ipa = re.sub(r' z(?=[;:,.!? "()]|\Z)', "z", ipa)
    ipa = re.sub("(?<=[a-zɹː])(?=hˈʌndɹɪd)", " ", ipa)
    return re.sub("(?<=nˈaɪn)ti(?!ː)", "di", ipa)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_phonemes_are_phonemizers(language: str, reference: Callable[[str], EspeakBackend]) -> None:
    ours, backend = Phonemizer(language), reference(language)
    texts = OTHERS.get(language, ENGLISH)
    assert [ours(text) for text in texts] == [
        expected(backend, text, english=language.startswith("en")) for text in texts
    ]


def test_the_phonemes_of_normalized_english_are_phonemizers(reference: Callable[[str], EspeakBackend]) -> None:
    written = [text for cases in CASES.values() for case in cases for text in case]
    texts = sorted({*written, *map(normalize, written), *(f"It said: {text}, {text}?" for text in written)})
    # phonemizer takes the stop of "9.5. " for that within the number; those are not compared.
    texts = [text for text in texts if not re.search(r"[0-9][.,][0-9]", text)]
    assert len(texts) > 500
    ours, backend = Phonemizer(), reference("en-us")
    assert [text for text in texts if ours(text) != expected(backend, text, english=True)] == []
