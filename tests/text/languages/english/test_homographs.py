import re
import time
from collections import defaultdict

import pytest

from tests.text.languages.english.homograph_cases import DEVELOPMENT, HELD_OUT
from tts.text.espeak import Phonemizer
from tts.text.languages.english.homographs import find_homographs
from tts.text.passage import Pronunciation

# What is still pronounced wrongly.
MISSES = ["A river and a wall separate the two towns.", "Sun and rain alternate all day."]


@pytest.fixture(scope="module")
def phonemize() -> Phonemizer:
    return Phonemizer("en-us")


def readings() -> dict[str, set[str]]:
    known = defaultdict(set)
    for word, ipa, _ in DEVELOPMENT + HELD_OUT:
        known[word.lower()].add(ipa)
    return known


def by_espeak(word: str, phonemes: str) -> str | None:
    """Which of the readings of a word espeak-ng gave it in a sentence."""
    known = readings()[word.lower()]
    matching = [ipa for ipa in known if ipa in phonemes]
    # In a sentence it may lower a stress.
    plain = re.sub("[ˈˌ]", "", phonemes)
    matching = matching or [ipa for ipa in known if re.sub("[ˈˌ]", "", ipa) in plain]
    return matching[0] if len(matching) == 1 else None


def overruled(word: str, sentence: str) -> str | None:
    found = [said for said in find_homographs(sentence) if sentence[said.start : said.end].lower() == word.lower()]
    return found[0].phonemes if found else None


@pytest.mark.parametrize(("cases", "espeak", "missed"), [(DEVELOPMENT, 59, []), (HELD_OUT, 73, MISSES)])
def test_what_was_measured_is_held(
    cases: tuple[tuple[str, str, str], ...], espeak: int, missed: list[str], phonemize: Phonemizer
) -> None:
    results = [(ipa, by_espeak(word, phonemize(text)), overruled(word, text), text) for word, ipa, text in cases]
    assert sum(ipa == first for ipa, first, _, _ in results) == espeak
    assert [text for ipa, first, second, text in results if ipa != (second or first)] == missed


def test_a_word_is_distinguished_by_its_position() -> None:
    assert find_homographs("Lead? The pipe’s lead paint.") == [Pronunciation(17, 21, "lˈɛd")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Nothing here has two ways to be said.",
        "Read.",
        "Records",
        "Job, Nice and Reading",
        "A Nice Hotel",
        "NICE TO MEET YOU",
        "It was nice to meet you in reading class.",
        "The misread reader's misrecorded reads",
        "lead-in",
    ],
)
def test_what_is_not_sure_is_left_to_espeak(text: str) -> None:
    assert find_homographs(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("They said that it can be read by all.", "ɹˈɛd"),
        ("I've never read it.", "ɹˈɛd"),
        ("Did you ever read it?", "ɹˈiːd"),
        ("Nor did he read it.", "ɹˈiːd"),
        ("She never read it.", "ɹˈɛd"),
        ("There was a sign that read, “Closed”.", "ɹˈɛd"),
        ("They don't use it.", "jˈuːz"),
        ("He uses it twice.", "jˈuːzᵻz"),
        ("It has many other uses.", "jˈuːsᵻz"),
        ("They want to recover and resume.", None),
        ("We will import or export it.", "ɪmpˈɔːɹt"),
        ("To Catherine", None),
        ("He records the birds.", "ɹᵻkˈɔːɹdz"),
        ("The court's records are lost.", "ɹˈɛkɚdz"),
        ("This led to increase in rent.", None),
        ("It came to a close.", "klˈoʊz"),
        ("He offers deliberate insults.", None),
    ],
)
def test_rules(text: str, said: str | None) -> None:
    assert next((found.phonemes for found in find_homographs(text)), None) == said


def test_other_english_gets_only_what_it_says_alike() -> None:
    text = "He read the record of the wind."
    assert [said.phonemes for said in find_homographs(text)] == ["ɹˈɛd", "ɹˈɛkɚd", "wˈɪnd"]
    assert [said.phonemes for said in find_homographs(text, "en-gb")] == ["ɹˈɛd", "wˈɪnd"]
    assert [said.phonemes for said in find_homographs("His aged mother sent her resume.", "en-GB")] == ["ˈeɪdʒɪd"]


@pytest.mark.parametrize(
    "unit", ["the bass ", "never ", "Nice in Reading ", "read ", "'", "close, ", "\u0301read\udc00 "]
)
def test_the_time_grows_with_the_text_and_not_with_its_square(unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit)) + "read"
        started = time.process_time()
        find_homographs(text)
        return time.process_time() - started

    # Ten times the text; a square would take a hundred times as long.
    assert min(seconds(60_000) for _ in range(2)) < 40 * max(max(seconds(6_000) for _ in range(3)), 0.005)
