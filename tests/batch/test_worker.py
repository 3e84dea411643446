from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from tests.batch.fakes import job
from tts.batch.folders import FolderFullError, OutputFolder
from tts.batch.settings import WorkerSetup
from tts.batch.worker import Worker
from tts.synthesis.subtitles import timings_json
from tts.synthesis.timing import Timeline
from tts.synthesis.voice import load_voice


class Noted(OutputFolder):
    """A folder that keeps the samples."""

    def __init__(self, *, is_full=False):
        self.files = {}
        self._is_full = is_full

    def write(self, name, audio, sample_rate):
        if self._is_full:
            raise FolderFullError("The disk is full.")
        self.files[name] = audio
        return 44 + 2 * len(audio.samples)

    def write_text(self, name, text):
        self.files[name] = text

    def size(self, name):
        return None

    def sweep(self):
        pass


@pytest.fixture
def folder():
    return Noted()


def test_each_job_becomes_a_file_and_a_row(folder, random_voice):
    jobs = [job(3, "One two.", voice=str(random_voice)), job(7, "Three! Four?", voice=str(random_voice), speed=1.5)]
    rows = Worker(WorkerSetup(), folder).make(jobs)
    assert [(row.id, row.line, row.key, row.file, row.error) for row in rows] == [
        ("003", 3, "key 3", "003.wav", None),
        ("007", 7, "key 7", "007.wav", None),
    ]
    voice = load_voice(str(random_voice))
    for one, row in zip(jobs, rows, strict=True):
        expected = voice.say(one.text, one.options)
        np.testing.assert_array_equal(folder.files[one.file].samples, expected.samples)
        assert row.seconds == expected.seconds
        assert row.size == 44 + 2 * len(expected.samples)
        assert 0 < row.rtf < 1000


@pytest.mark.parametrize("most_characters", [10_000, 10])
def test_timings_are_those_of_the_voice(folder, random_voice, monkeypatch, most_characters):
    monkeypatch.setattr("tts.batch.worker.MAX_CHARACTERS", most_characters)
    text = '<speak>One two. <break time="1s"/>Three <mark name="here"/>four? <break time="2s"/></speak>'
    ours = replace(job(1, text, voice=str(random_voice), input="ssml"), timings="001.json")
    (row,) = Worker(WorkerSetup(), folder).make([ours])
    assert (row.error, row.timings, sorted(folder.files)) == (None, "001.json", ["001.json", "001.wav"])

    timeline = Timeline(22050)
    for piece in load_voice(str(random_voice)).stream(text, ours.options):
        if not piece.goes_on:
            timeline.add(piece.text, piece.phonemes, piece.times)
        timeline.add_audio(len(piece.audio.samples))
    assert len(timeline.sentences) == 2
    assert [mark.name for mark in timeline.bookmarks] == ["here"]
    assert folder.files["001.json"] == timings_json(timeline.sentences, timeline.seconds, timeline.bookmarks)
    # Words begin where there is sound, behind the pause.
    assert timeline.sentences[1].words[0].start > timeline.sentences[0].end + 1
    assert timeline.seconds == pytest.approx(timeline.sentences[1].audio_end + 2)


def test_what_fails_fails_alone(folder, pulse_voice):
    voice = str(pulse_voice)
    jobs = [
        job(1, "Good.", voice=voice),
        job(2, "…", voice=voice),
        job(3, voice="nobody"),
        job(4, "Fine.", voice=voice),
    ]
    rows = Worker(WorkerSetup(), folder).make(jobs)
    assert [row.error is None for row in rows] == [True, False, False, True]
    assert rows[1].error.startswith("There is nothing to speak in this text")
    assert rows[2].error.startswith("There is no voice 'nobody'")
    assert sorted(folder.files) == ["001.wav", "004.wav"]
    assert (rows[1].file, rows[1].size, rows[1].seconds) == (None, 0, 0.0)


def test_loud_samples_are_reported(folder, pulse_voice):
    row = Worker(WorkerSetup(), folder).make([job(1, "Loud.", voice=str(pulse_voice), volume=30)])[0]
    assert row.error is None
    assert "samples were clipped" in row.warnings[0]


def test_a_full_folder_ends_the_work(pulse_voice):
    with pytest.raises(FolderFullError):
        Worker(WorkerSetup(), Noted(is_full=True)).make([job(1, voice=str(pulse_voice))])


def test_two_threads_at_a_time_make_what_one_makes(folder, random_voice):
    batches = [[job(line, f"Text number {line}.", voice=str(random_voice))] for line in range(8)]
    worker, rows = Worker(WorkerSetup(), folder), []

    def work(batches):
        for batch in batches:
            rows.extend(worker.make(batch))

    threads = [threading.Thread(target=work, args=(batches[start::2],)) for start in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Noted()
    for batch in batches:
        Worker(WorkerSetup(), alone).make(batch)
    assert sorted(row.line for row in rows) == list(range(8))
    for name, audio in alone.files.items():
        np.testing.assert_array_equal(folder.files[name].samples, audio.samples)
