import pytest

from tts.text.espeak import Phonemizer
from tts.text.passage import Pronunciation

SAY = Phonemizer()


def spelled(text: str, *said: tuple[str, str], language: Phonemizer = SAY) -> tuple[str, str]:
    """The phonemes, and `word=phonemes` of each; `said` are words of the text with their pronunciations."""
    given, position = [], 0
    for word, ipa in said:
        position = text.index(word, position)
        given.append(Pronunciation(position, position + len(word), ipa))
        position += len(word)
    result = language.words(text, given)
    words = (f"{text[w.start : w.end]}={result.phonemes[w.first : w.last]}" for w in result.words)
    return result.phonemes, "|".join(words)


@pytest.mark.parametrize(
    "text", ["Hello, world!", 'He said, "no" (twice)…', "It is one of the best — ‘out’ of\nten.", "…", "", " - ' a"]
)
def test_the_phonemes_are_those_of_the_text(text: str) -> None:
    assert SAY.words(text).phonemes == SAY(text).strip()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("One of the best, to be sure.", "One=wˈʌn|of=ʌv|the=ðə|best=bˈɛst|to=tə|be=bi|sure=ʃˈʊɹ"),
        ("“Wait”—out of  it…", "Wait=wˈeɪt|out=ˌaʊɾ|of=əv|it=ɪt"),
        ("the CNN's well-known hundred", "the=ðə|CNN's=sˌiːˌɛnˈɛnz|well-known=wˈɛlnˈoʊn|hundred=hˈʌndɹɪd"),
        ("no - yes", "no=nˈoʊ|yes=jˈɛs"),
    ],
)
def test_every_word_has_its_own_phonemes(text: str, words: str) -> None:
    assert spelled(text)[1] == words


def test_chinese_characters_are_words() -> None:
    assert spelled("我去。你呢?", language=Phonemizer("cmn"))[1] == "我=wˈo2|去=tɕhˈy5|你=nˈi2|呢=nˈə1"


def test_a_pronunciation_leaves_its_neighbours_as_they_are() -> None:
    plain = SAY("Did you read the book of the year?")
    assert spelled("Did you read the book of the year?", ("read", "ɹˈɛd"))[0] == plain.replace("ɹˈiːd", "ɹˈɛd")
    assert spelled("Did you read the book of the year?", ("the", "ðˈiː"), ("the", "ðˈiː")) == (
        "dˈɪd juː ɹˈiːd ðˈiː bˈʊk ʌv ðˈiː jˈɪɹ?",
        "Did=dˈɪd|you=juː|read=ɹˈiːd|the=ðˈiː|book=bˈʊk|of=ʌv|the=ðˈiː|year=jˈɪɹ",
    )


@pytest.mark.parametrize(
    ("text", "said", "phonemes"),
    [
        ("Kokoro, (Kokoro) Kokoro!", [("Kokoro", "kˈoʊ")] * 3, "kˈoʊ, (kˈoʊ) kˈoʊ!"),
        ("In New York, NY, now", [("New York, NY", " nuː  jˈɔːɹk ")], "ɪn nuː jˈɔːɹk, nˈaʊ"),
        ("a live-stream here", [("live", "lˈaɪv")], "ɐ lˈaɪvstɹˈiːm hˈɪɹ"),
        ("a read-only, (user)-friendly one", [("read", "ɹˈiːd"), ("user", "ˈʌ")], "ɐ ɹˈiːdˈoʊnli, (ˈʌ)fɹˈɛndli wˌʌn"),
        ("a dual-use one", [("dual", "dˈuː"), ("use", "jˈuːs")], "ɐ dˈuːjˈuːs wˌʌn"),
        ("so ☃ it goes", [("☃", "snˈoʊ")], "sˌoʊ snˈoʊ ɪt ɡˈoʊz"),
        ("say nothing more", [("nothing", "")], "sˈeɪ mˈɔːɹ"),
        ("nothing, more", [("nothing", "")], ", mˈɔːɹ"),
        ("more nothing", [("nothing", "")], "mˈɔːɹ"),
        ("x", [("x", "")], ""),
    ],
)
def test_phonemes_replace_those_of_words(text: str, said: list[tuple[str, str]], phonemes: str) -> None:
    assert spelled(text, *said)[0] == phonemes


def test_a_phrase_with_one_pronunciation_is_one_word() -> None:
    assert spelled("In New York, now", ("New York", "nuː jˈɔːɹk"))[1] == "In=ɪn|New York=nuː jˈɔːɹk|now=nˈaʊ"
