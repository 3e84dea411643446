""" """

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.batch.fakes import job
from tests.batch.test_worker import Noted
from tts.audio.audio import Audio
from tts.batch.entry import Entry
from tts.batch.folders import LocalFolder
from tts.batch.layouts import LAYOUTS, chapter_entries, read_entries
from tts.batch.settings import WorkerSetup
from tts.batch.worker import Worker
from tts.documents.document import Chapter, Document
from tts.errors import TtsError, UsageError
from tts.synthesis.voice import load_voice
from tts.text.markup import read_markup
from tts.text.passage import Passage, SpokenAs
from tts.text.ssml import read_ssml


def entries(data, name="a.txt", layout="auto", on_warning=None):
    data = data if isinstance(data, bytes) else data.encode()
    messages = on_warning if on_warning is not None else []
    return list(read_entries(io.BytesIO(data), name, layout, messages.append))


def refusal(*arguments, **named):
    with pytest.raises(UsageError) as refused:
        entries(*arguments, **named)
    return str(refused.value)


HELLO_WORLD = [Entry(1, "a", "Hello."), Entry(2, "b", "World.")]


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        ("Hello.\nWorld.\n", "a.txt", [Entry(1, None, "Hello."), Entry(2, None, "World.")]),
        ("a|Hello.\nb | World. \n", "a.txt", HELLO_WORLD),
        ("a|heart|Hello.\nb||World.\n", "a.txt", [Entry(1, "a", "Hello.", "heart"), Entry(2, "b", "World.")]),
        ('{"id": "a", "text": "Hello."}\n{"text": "World.", "id": "b"}', "-", HELLO_WORLD),
        ("id,text\na,Hello.\nb,World.\n", "-", [Entry(2, "a", "Hello."), Entry(3, "b", "World.")]),
        ("Text;ID\nHello, you.;a\n", "a.txt", [Entry(2, "a", "Hello, you.")]),
        ("id\ttext\na\tHello, you.\n", "a.txt", [Entry(2, "a", "Hello, you.")]),
        ('id|voice|text\na||"Hello\n', "a.txt", [Entry(2, "a", '"Hello')]),
        ("text\nHello, you.\n", "a.csv", [Entry(2, None, "Hello, you.")]),
        ("text\nHello, you.\n", "a.txt", [Entry(1, None, "text"), Entry(2, None, "Hello, you.")]),
        ("1.|Hello.\n2.|World.\n", "-", [Entry(1, "1.", "Hello."), Entry(2, "2.", "World.")]),
        ("sep=\t\nid\ttext\na\tHello.\n", "a.csv", [Entry(3, "a", "Hello.")]),
        ("sep=;\nid;text\na;Hello.\n", "A.CSV", [Entry(3, "a", "Hello.")]),
        ("a|Hello, you.\nb|World.\n", "metadata.csv", [Entry(1, "a", "Hello, you."), Entry(2, "b", "World.")]),
        ("{laughs} Hello.\n", "a.txt", [Entry(1, None, "{laughs} Hello.")]),
        ("Text, she said, is text.\n", "a.txt", [Entry(1, None, "Text, she said, is text.")]),
        (
            "| one | two |\n| three | four |\n",
            "-",
            [Entry(1, None, "| one | two |"), Entry(2, None, "| three | four |")],
        ),
        ("He came, he saw. | He left.\n", "-", [Entry(1, None, "He came, he saw. | He left.")]),
        ("", "a.txt", []),
        ("\n \r\n\n", "a.txt", []),
        ("", "a.csv", []),
        ("\n", "a.jsonl", []),
    ],
)
def test_recognises_a_layout(data, name, expected):
    assert entries(data, name) == expected


def test_lj_speech_is_recognised_by_texts_where_a_voice_would_stand_with_a_warning():
    messages = []
    lines = "LJ1|It cost $5 then.|It cost five dollars then.\nLJ2|For although it|\nLJ3|No|No\nLJ4|One field more\n"
    read = entries(lines, "metadata.csv", on_warning=messages)
    assert [entry.text for entry in read] == ["It cost five dollars then.", "For although it", "No", "One field more"]
    assert messages == [
        "the lines are read as LJ Speech's id|text|normalized text, of which the last is spoken; "
        "use --layout voice if their second field is a voice"
    ]


def test_a_voice_may_be_a_folder_whose_name_has_blanks():
    assert entries("a|/my voices/one|Hello.\n") == [Entry(1, "a", "Hello.", "/my voices/one")]


def test_one_layout_holds_for_all_lines():
    plain = entries("One.\nTwo.\nThree|four.\nFive.\n")
    assert [entry.text for entry in plain] == ["One.", "Two.", "Three|four.", "Five."]
    with_ids = entries("a|One.\nb|Two.\nThree.\nd|Four|five.\n|Six.\nf|Seven.\ng|Eight.\n")
    assert [(entry.id, entry.problem) for entry in with_ids] == [
        ("a", None),
        ("b", None),
        (None, "The line has no |, unlike id|text: use --layout text to speak complete lines."),
        (None, "The line has 2 |, unlike id|text: if it belongs to the text, use --layout id."),
        (None, "There is no id before the |, as in id|text: add one."),
        ("f", None),
        ("g", None),
    ]
    (_, _, short) = entries("a|heart|One.\nb|heart|Two.\nc|Three.\n")
    assert short.problem == "The line has 1 |, unlike id|voice|text: leave a field empty rather than out."


def test_what_was_asked_for_is_not_guessed():
    assert entries("a|heart|One.\n", layout="text") == [Entry(1, None, "a|heart|One.")]
    assert entries("a|heart|One.\n", layout="id") == [Entry(1, "a", "heart|One.")]
    assert entries("a|heart|One|two.\n", layout="voice") == [Entry(1, "a", "One|two.", "heart")]
    assert entries("a|One.|1.\n", layout="ljspeech") == [Entry(1, "a", "1.")]
    assert entries('{"text": "x"}\n', "a.jsonl", "text") == [Entry(1, None, '{"text": "x"}')]
    (strange,) = entries("a|b|c|d\n", layout="ljspeech")
    assert strange.problem == "The line has 3 |, unlike id|text|normalized text: remove it from the text."


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (
            "One.\nb|Two.\n",
            "a.txt",
            "a.txt fits two layouts, line 1 as plain text and line 2 as id|text: "
            "say which with --layout text, id, voice or ljspeech.",
        ),
        (
            "a|b|c|d\n",
            "-",
            "Standard input has too many | in line 1: say how to read it with --layout text, id, voice or ljspeech.",
        ),
        (
            '[\n{"text": "Hello."}\n]\n',
            "a.json",
            "a.json is one JSON document, but must have one object per line: convert it with jq -c '.[]' or the like.",
        ),
        ("id,txt\n1,Hello.\n", "a.csv", "a.csv has a column 'txt'; did you mean text?"),
        (
            "1,Hello.\n",
            "a.csv",
            "a.csv has no header with a column text: name the columns in its first line, like id,text, "
            "or say what its lines are with --layout.",
        ),
    ],
)
def test_refuses_a_file_that_can_be_read_in_two_ways_or_in_none(data, name, sentence):
    assert refusal(data, name) == sentence


def test_an_unknown_layout_is_refused_before_anything_is_read():
    assert refusal("x", layout="jsn") == "There is no layout 'jsn'; did you mean json?"


def test_blank_lines_fail_between_others_and_are_nothing_at_the_end():
    assert entries("\nOne.\n \n\nFour.\n\n\n") == [
        Entry(1),
        Entry(2, None, "One."),
        Entry(3),
        Entry(4),
        Entry(5, None, "Four."),
    ]
    _, blank, _ = entries("a|One.\n\nc|Three.\n\n")
    assert blank == Entry(2, problem="The line is empty.")


def test_what_cannot_be_read_is_the_problem_of_its_line():
    first, latin, enormous, last = entries(b"One.\ncaf\xe9\n" + b"x" * 1_500_000 + b"\nFour.")
    assert (first.text, last.text, last.line) == ("One.", "Four.", 4)
    assert (
        latin.problem
        == "The line is not UTF-8 (byte 4 cannot be read): save the file as UTF-8, or try --encoding windows-1252."
    )
    assert enormous.problem == "The line has more than 1,000,000 bytes: split it."


def test_lines_of_a_pipe_are_read_no_further_ahead_than_needed():
    stream = io.BytesIO(b"One more.\n" * 1000)
    first = next(read_entries(stream, "-"))
    assert (first.text, stream.tell()) == ("One more.", 500)


def test_what_stands_empty_in_json_is_not_given():
    (entry,) = entries('{"id": "", "voice": "", "vocoder": "", "speed": null, "text": ""}', "-")
    assert entry == Entry(1)


def test_json_lines_say_anything_by_name():
    (entry,) = entries(
        '{"id": 7, "voice": "heart", "text": "a\\r\\nb", "Sample-Rate": 8000, "seed": null, "input": "text"}', "-"
    )
    assert entry == Entry(1, "7", "a\nb", "heart", {"sample_rate": 8000, "input": "text"})


EXAMPLE = '{"id": "intro", "text": "Hello."}'


@pytest.mark.parametrize(
    ("line", "id", "sentence"),
    [
        (
            '{"id": "a", ',
            None,
            f"The line is broken JSON at its character 13 (Expecting property name enclosed in double quotes): "
            f"it should be an object like {EXAMPLE}.",
        ),
        ('["a"]', None, f"The line is not an object like {EXAMPLE}."),
        ('"a"', None, f"The line is not an object like {EXAMPLE}."),
        ('{"id": "a"}', "a", f"The object has no text: it should be like {EXAMPLE}."),
        ('{"id": "a", "text": 3}', "a", "The text must be a string, not 3."),
        ('{"id": "a", "text": "x", "voice": ["heart"]}', "a", "The voice must be a string, not a list."),
        (
            '{"id": true, "text": "x"}',
            None,
            "The id must be a string that is not empty, or a whole number, not true.",
        ),
        ('{"id": " ", "text": "x"}', None, "The id must be a string that is not empty, or a whole number, not ' '."),
        ('{"id": "a", "txt": "x"}', "a", "There is no option 'txt'; did you mean text?"),
        ('{"text": "x", "sample-rte": 8000}', None, "There is no option 'sample-rte'; did you mean sample_rate?"),
        ('{"text": "x", "Text": "y"}', None, "The object has two keys with the same meaning: keep one."),
        ("[" * 100_000, None, f"The line is broken JSON: it should be an object like {EXAMPLE}."),
    ],
)
def test_a_broken_object_is_the_problem_of_its_line(line, id, sentence):
    broken, good = entries(f'{line}\n\n{{"text": "Hello."}}\n', "a.jsonl", "json")
    assert broken == Entry(1, id, problem=sentence)
    assert good == Entry(3, None, "Hello.")


def test_an_unknown_key_is_left_out_and_told_once():
    messages = []
    lines = '{"text": "x", "mood": "glad", "weather": 1}\n' * 3
    assert entries(lines, "-", on_warning=messages) == [Entry(line, None, "x") for line in (1, 2, 3)]
    assert messages == ["the key 'mood' is no option and is ignored", "the key 'weather' is no option and is ignored"]
    messages.clear()
    lines = "".join(f'{{"text": "x", "stranger {number}": 1}}\n' for number in range(1000))
    assert len(entries(lines, "-", on_warning=messages)) == 1000
    assert len(messages) == 21
    assert messages[-1] == "there are more keys that are no options; they are ignored too"


BITS = [
    b"\n",
    b"\r",
    b"\r\n",
    b'"',
    b"|",
    b",",
    b";",
    b"\t",
    b"id",
    b"text",
    b"{",
    b"}",
    b":",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
]


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(), st.lists(st.sampled_from([*BITS, b"Hello. ", b'"text"', b"\xff\xfe", b"sep="])).map(b"".join)
    ),
    st.sampled_from(["-", "a.txt", "a.csv", "a.tsv", "a.jsonl"]),
    st.sampled_from(LAYOUTS),
)
@example(b'text,id\n"', "a.csv", "auto")
@example(b"\xff\xfe\x00", "-", "auto")
def test_any_bytes_are_entries_or_refused(data, name, layout):
    try:
        read = entries(data, name, layout)
    except UsageError:
        return
    numbers = [entry.line for entry in read]
    assert numbers == sorted(set(numbers))
    assert all(1 <= number <= data.count(b"\n") + data.count(b"\r") + 1 for number in numbers)


WORDS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|{")).map(lambda text: f"so {text}.")


@settings(deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS, TEXTS), min_size=1), st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_in_a_layout_is_read_in_it(rows, end):
    numbered = list(enumerate(rows, 1))
    assert entries(end.join(f"{id}|{text}" for id, _, text in rows)) == [
        Entry(line, id, text) for line, (id, _, text) in numbered
    ]
    assert entries(end.join(f"{id}|{voice}|{text}" for id, voice, text in rows)) == [
        Entry(line, id, text, voice) for line, (id, voice, text) in numbered
    ]


def document(*chapters):
    return Document("A book", None, None, chapters)


def test_chapters_are_entries_by_their_number_and_title():
    chapters = [
        Chapter("The Sea!", Passage("One.")),
        Chapter("§", Passage("Two.")),
        Chapter("Größe", Passage("Three.")),
    ]
    assert list(chapter_entries(document(*chapters))) == [
        Entry(1, "01-the-sea", "One."),
        Entry(2, "02", "Two."),
        Entry(3, "03-größe", "Three."),
    ]
    many = document(*(Chapter("x", Passage("y")) for _ in range(100)))
    assert [entry.id for entry in chapter_entries(many)][::99] == ["001-x", "100-x"]


@pytest.mark.parametrize("text", ["See [[a]] and [word](/wɜːd/), [pause] and \\[.", "[1] Plain."])
def test_what_looks_like_markup_is_text_but_in_plain_text(text):
    chapter = Chapter("x", Passage(text))
    (entry,) = chapter_entries(document(chapter))
    assert read_markup(entry.text) == Passage(text)
    (entry,) = chapter_entries(document(chapter), has_markup=True)
    assert entry.text == text


def test_languages_travel_as_ssml():
    text = "He said <mot> & left.\n\nEin [Wort]."
    notes = (SpokenAs(8, 13, language="fr"), SpokenAs(23, 34, language="de"))
    (entry,) = chapter_entries(document(Chapter("x", Passage(text, notes))))
    assert entry.options == {"input": "ssml"}
    assert entry.text == (
        '<speak><p>He said <lang xml:lang="fr">&lt;mot&gt;</lang> &amp; left.</p>\n'
        '<p><lang xml:lang="de">Ein [Wort].</lang></p></speak>'
    )
    passage = read_ssml(entry.text)
    spoken = [(passage.text[note.start : note.end], note.language) for note in passage.notes if note.end > note.start]
    assert spoken == [("<mot>", "fr"), ("Ein [Wort].", "de")]
    assert passage.text.split() == text.split()
    assert passage.warnings == ()


class Pieced(Noted):
    """A folder that notes how many pieces a file came in."""

    def write_pieces(self, name, pieces, sample_rate):
        parts = list(pieces)
        self.files[name] = (len(parts), Audio(np.concatenate([part.samples for part in parts]), parts[0].sample_rate))
        return 7


def test_a_long_text_goes_to_its_file_as_it_is_spoken(random_voice, monkeypatch):
    monkeypatch.setattr("tts.batch.worker.MAX_CHARACTERS", 20)
    folder = Pieced()
    jobs = [job(1, "One two. Three four! Five six?", voice=str(random_voice), volume=30.0)]
    jobs += [job(2, "Short.", voice=str(random_voice))]
    worker = Worker(WorkerSetup(), folder)
    (row,) = worker.make(jobs[:1])
    expected = load_voice(str(random_voice)).say(jobs[0].text, jobs[0].options)
    n_pieces, audio = folder.files["001.wav"]
    assert n_pieces == 3
    np.testing.assert_array_equal(audio.samples, expected.samples)
    assert (row.id, row.line, row.key, row.file, row.size, row.error) == ("001", 1, "key 1", "001.wav", 7, None)
    assert row.seconds == pytest.approx(expected.seconds)
    assert row.rtf > 0
    assert any("clipped" in warning for warning in row.warnings)
    worker.make(jobs)
    assert isinstance(folder.files["002.wav"], Audio)


def test_a_long_text_that_cannot_be_spoken_leaves_no_file(random_voice, tmp_path, monkeypatch):
    monkeypatch.setattr("tts.batch.worker.MAX_CHARACTERS", 20)
    worker = Worker(WorkerSetup(), LocalFolder(tmp_path))
    (row,) = worker.make([job(1, "… " * 20, voice=str(random_voice))])
    assert row.error is not None
    assert row.error.startswith("There is nothing to speak in this text")
    assert list(tmp_path.iterdir()) == []


def test_pieces_become_one_file(tmp_path):
    folder = LocalFolder(tmp_path)
    whole = Audio(np.linspace(-1, 1, 1000, dtype=np.float32), 16000)
    parts = (Audio(whole.samples[start : start + 300], 16000) for start in range(0, 1000, 300))
    assert folder.write_pieces("a.wav", parts, None) == folder.write("b.wav", whole, None) == 2044
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()

    def failing():
        yield whole
        raise TtsError("It broke.")

    with pytest.raises(TtsError, match="It broke"):
        folder.write_pieces("c.wav", failing(), None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "b.wav"]


def test_an_odd_first_line_before_json_objects_is_its_own_problem():
    content = b'clips\n{"id": "a", "text": "A"}\n{"id": "b", "text": "B"}\n'
    entries = list(read_entries(io.BytesIO(content), "-"))
    assert [(entry.id, entry.text, entry.problem is None) for entry in entries] == [
        (None, "", False), ("a", "A", True), ("b", "B", True),
    ]  # fmt: skip
