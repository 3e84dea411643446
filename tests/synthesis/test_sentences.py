"""What lies between the sentences of a text, and how each is said, with a frontend that reads letters as they are."""

import re
from dataclasses import dataclass, field

import pytest

from tts import SynthesisOptions
from tts.errors import TtsError, UsageError
from tts.synthesis.sentences import passage_of, read_sentences
from tts.synthesis.timing import BookmarkPosition
from tts.text.passage import Bookmark, Passage, Pause, Prosody, SpokenAs
from tts.text.reading import Reading, ReadWord
from tts.text.segment import segments
from tts.text.symbols import Encoded

OPTIONS = SynthesisOptions(sentence_silence=0.2, paragraph_silence=0.7, clause_silence=0.05)


@dataclass
class Letters:
    """Letters are phonemes; a "~" has no words."""

    name: str = "usual"
    read_by_it: list[str] = field(default_factory=list)

    def segments(self, passage):
        return segments(passage)

    def read(self, passage):
        self.read_by_it.append(passage.text)
        phonemes = passage.text.replace("~", "")
        words = tuple(ReadWord(*word.span(), *word.span()) for word in re.finditer(r"\w+", phonemes))
        return Reading(phonemes, words, ("left out: ~",) if "~" in passage.text else ())

    def encode(self, phonemes):
        return Encoded([ord(letter) for letter in phonemes], list(phonemes), (), list(range(len(phonemes))))

    def speakable(self, phonemes):
        return any(letter.isalpha() for letter in phonemes)


def sentences(text, *notes, options=OPTIONS, frontends=None):
    frontends = frontends or {None: Letters()}

    def frontend_for(name):
        if name not in frontends:
            raise TtsError("there is none.")
        return frontends[name]

    passage = text if isinstance(text, Passage) else Passage(text, notes)
    return list(read_sentences(passage, options, frontend_for))


def test_boundaries_have_their_silence():
    made = sentences("One is here. Two is here.\n\nThree is here.")
    assert [(each.text, each.opens, each.silence) for each in made] == [
        ("One is here.", "", 0.0),
        ("Two is here.", "sentence", 0.2),
        ("Three is here.", "paragraph", 0.7),
    ]
    assert [each.index for each in made] == [0, 1, 2]


def test_pauses_stand_in_place_of_the_silence_and_add_up():
    made = sentences("One is here. Two is here.", Pause(13, 0.5), Pause(13, 1.0))
    assert [each.silence for each in made] == [0.0, 1.5]
    made = sentences("One is here. Two is here.", Pause(0, 0.5), Pause(13, 0.0))
    assert [each.silence for each in made] == [0.5, 0.0]


def test_a_pause_within_a_sentence_cuts_it():
    made = sentences("One or two.", Pause(4, 0.5))
    assert [(each.text, each.silence, each.cut) for each in made] == [
        ("One", 0.0, (False, False)),
        ("or two.", 0.5, (False, False)),
    ]


def test_a_pause_of_a_level_has_the_silence_of_that_level():
    made = sentences("One is here. Two is here.", Pause(13, None, "paragraph"))
    assert [each.silence for each in made] == [0.0, 0.7]


def test_what_comes_after_the_last_sentence_is_a_sentence_of_silence():
    first, last = sentences("One is here. ", Pause(13, 2.0), Bookmark(13, "end"))
    assert not first.is_silent
    assert last.is_silent
    assert (last.silence, last.bookmarks, last.index) == (2.0, (BookmarkPosition("end", 0),), 1)


def test_a_sentence_that_cannot_be_spoken_leaves_its_boundary_and_warnings_to_the_next():
    first, second = sentences("One is here.\n\n~~~\nTwo is here.")
    assert (second.text, second.opens, second.silence, second.notices) == (
        *("~~~ Two is here." if "~" in second.text else "Two is here.", "paragraph", 0.7),
        ("left out: ~",),
    )
    assert first.notices == ()


def test_warnings_of_the_text_belong_to_the_first_sentence():
    first, second = sentences(Passage("One is here. Two is here.", (), ("no such tag",)))
    assert (first.notices, second.notices) == (("no such tag",), ())


def test_bookmarks_stand_before_or_within_a_sentence():
    first, second = sentences("One is here. Two is here.", Bookmark(0, "a"), Bookmark(4, "b"), Bookmark(12, "c"))
    assert first.bookmarks == (BookmarkPosition("a", 0), BookmarkPosition("b", 4))
    assert second.bookmarks == (BookmarkPosition("c", 0),)


def test_prosody_is_that_of_words_and_nests():
    loud, high = Prosody(volume=6.0), Prosody(pitch=2.0)
    (made,) = sentences("One is two, or three.", SpokenAs(4, 21, loud), SpokenAs(7, 10, high))
    assert [(made.phonemes[each.first : each.last], each.prosody) for each in made.prosody] == [
        ("is ", loud),
        ("two, ", Prosody(pitch=2.0, volume=6.0)),
        ("or three.", loud),
    ]


def test_another_voice_reads_what_is_its_own():
    usual, other = Letters(), Letters()
    made = sentences("One is. Two is.", SpokenAs(8, 15, voice="eve"), frontends={None: usual, "eve": other})
    assert [each.voice for each in made] == [None, "eve"]
    assert (usual.read_by_it, other.read_by_it) == (["One is."], ["Two is."])


def test_where_another_voice_begins_the_ends_are_short():
    made = sentences("One is two.", SpokenAs(4, 6, voice="eve"), frontends={None: Letters(), "eve": Letters()})
    assert [(each.text, each.cut) for each in made] == [
        ("One", (False, True)),
        ("is", (True, True)),
        ("two.", (True, False)),
    ]


def test_where_another_voice_cannot_be_had_this_one_speaks_and_says_so():
    (sentence,) = sentences("One is.", SpokenAs(0, 7, voice="eve"))
    assert sentence.voice is None
    assert sentence.notices == ("the text asks for the voice 'eve', and another speaks: there is none.",)


def test_phonemes_are_one_sentence_per_line():
    made = sentences("a b\n\n  c \n", options=SynthesisOptions(input="phonemes"))
    assert [each.phonemes for each in made] == ["a b", "c"]


def test_a_text_without_a_word_is_refused():
    with pytest.raises(TtsError, match="nothing to speak"):
        sentences(" ~ ")


def test_each_kind_of_input_is_read_as_what_it_is():
    assert passage_of("a [pause 1s] b", "text").notes == (Pause(2, 1.0),)
    assert passage_of("<speak>a<mark name='x'/></speak>", "ssml").notes == (Bookmark(1, "x"),)
    assert passage_of("a [pause 1s] b", "phonemes") == Passage("a [pause 1s] b")
    with pytest.raises(UsageError):
        passage_of("<speak>", "ssml")
