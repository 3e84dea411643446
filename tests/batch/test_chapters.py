from __future__ import annotations

import numpy as np
import pytest

from tests.batch.jobs import job
from tests.batch.test_worker import Noted
from tts.audio.audio import Audio
from tts.batch.chapters import chapter_entries
from tts.batch.entry import Entry
from tts.batch.job import Setup
from tts.batch.local_folder import LocalFolder
from tts.batch.worker import Worker
from tts.documents.document import Chapter, Document
from tts.errors import TtsError
from tts.synthesis.pipeline import load_voice
from tts.text.markup.inline import read_markup
from tts.text.markup.ssml import read_ssml
from tts.text.passage import Passage, Spoken


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
    notes = (Spoken(8, 13, language="fr"), Spoken(23, 34, language="de"))
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
    worker = Worker(Setup(), folder)
    (row,) = worker.make(jobs[:1])
    expected = load_voice(str(random_voice)).say(jobs[0].text, jobs[0].options)
    n_pieces, audio = folder.files["001.wav"]
    assert n_pieces == 3
    np.testing.assert_array_equal(audio.samples, expected.samples)
    assert (row.id, row.line, row.key, row.file, row.size, row.error) == ("001", 1, "key 1", "001.wav", 7, None)
    assert row.seconds == pytest.approx(expected.seconds)
    assert row.rtf > 0
    assert any("too loud" in warning for warning in row.warnings)
    worker.make(jobs)
    assert isinstance(folder.files["002.wav"], Audio)


def test_a_long_text_that_cannot_be_spoken_leaves_no_file(random_voice, tmp_path, monkeypatch):
    monkeypatch.setattr("tts.batch.worker.MAX_CHARACTERS", 20)
    worker = Worker(Setup(), LocalFolder(tmp_path))
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
