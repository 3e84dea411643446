""" """

from __future__ import annotations

import io
import json
from concurrent.futures import Future

import numpy as np
import pytest

from tts.audio.audio import Audio
from tts.batch.folders import FolderFullError
from tts.batch.jobs import BatchResult
from tts.batch.run import run_batch
from tts.batch.settings import BatchDefaults, BatchRequest, RunSettings, WorkerSetup
from tts.batch.workers import Workers
from tts.errors import UsageError


class Clerks(Workers):
    """One worker, which writes a sample a character for speech; what says "fail" fails, and "full" fills the disk."""

    def __init__(self, folder):
        self._folder = folder
        self.texts = []

    @property
    def count(self):
        return 1

    def submit(self, worker, jobs):
        future = Future()
        try:
            future.set_result([self._row(job) for job in jobs])
        except FolderFullError as error:
            future.set_exception(error)
        return future

    def _row(self, job):
        self.texts.append(job.text)
        if "full" in job.text:
            raise FolderFullError("The disk is full.")
        if "fail" in job.text:
            return BatchResult(job.id, job.line, job.key, error="It failed.")
        size = self._folder.write(job.file, Audio(np.zeros(len(job.text), np.float32), 22050), None)
        if job.timings is not None:
            self._folder.write_text(job.timings, job.text)
        return BatchResult(job.id, job.line, job.key, job.file, size, len(job.text) / 22050, 0.01, timings=job.timings)

    def replace(self, worker):
        raise AssertionError

    def close(self):
        pass


class Batch:
    """Runs over texts; keeps what was spoken and watched."""

    def __init__(self, folder, voice):
        self.folder, self._voice = folder, str(voice)
        self.spoken, self.watched, self.warnings = [], [], []

    def __call__(self, sentences, timings=None, format="wav", **pace):
        clerks = []

        def start(folder):
            clerks.append(Clerks(folder))
            return clerks[0]

        self.watched.clear()
        defaults = BatchDefaults(voice=self._voice, format=format, timings=timings)
        request = BatchRequest(
            str(self.folder), None, "auto", WorkerSetup(), defaults, RunSettings(**{"batch_size": 2, **pace})
        )
        try:
            return run_batch(
                io.BytesIO(sentences.encode()),
                "lines.txt",
                request,
                start,
                lambda summary, row: self.watched.append(row and row.id),
                self.warnings.append,
            )
        finally:
            self.spoken = sorted(clerks[0].texts) if clerks else None

    @property
    def rows(self):
        return [json.loads(line) for line in (self.folder / "manifest.jsonl").read_text("utf-8").splitlines()]

    @property
    def files(self):
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def batch(tmp_path, pulse_voice):
    return Batch(tmp_path / "deep" / "out", pulse_voice)


def test_every_line_becomes_a_file_and_a_row(batch):
    summary = batch("a|One.\nb|Two three.\n")
    assert (summary.done, summary.skipped, summary.failed) == (2, 0, 0)
    assert summary.seconds == pytest.approx(14 / 22050)
    assert batch.files == ["a.wav", "b.wav", "manifest.jsonl"]
    assert [(row["id"], row["line"], row["file"], row["size"], row["error"]) for row in batch.rows] == [
        ("a", 1, "a.wav", 44 + 2 * 4, None),
        ("b", 2, "b.wav", 44 + 2 * 10, None),
    ]
    assert sorted(batch.watched) == ["a", "b"]


def test_what_is_there_is_skipped_and_no_worker_starts(batch):
    batch("a|One.\nb|Two.\n")
    summary = batch("a|One.\nb|Two.\n")
    assert (summary.done, summary.skipped) == (0, 2)
    assert batch.spoken is None
    assert batch.watched == [None, None]


def test_what_changed_and_what_is_new_is_made(batch):
    batch("a|One.\nb|Two.\nc|Three.\n")
    before = batch.rows
    summary = batch("x|New.\na|One.\nb|Two, changed.\nc|Three.\n")
    assert batch.spoken == ["New.", "Two, changed."]
    assert (summary.done, summary.skipped) == (2, 2)
    # In the order of the lines as they stand now.
    assert [(row["id"], row["line"]) for row in batch.rows] == [("x", 1), ("a", 2), ("b", 3), ("c", 4)]
    assert batch.rows[1] == {**before[0], "line": 2}


def test_an_utterance_with_timings_is_finished_if_both_files_are_there(batch):
    lines = "a|One.\nb|Two.\n"
    batch(lines)
    assert [row["timings"] for row in batch.rows] == [None, None]
    # Timings that are requested later are made, and are no reason to make anything again where they are not.
    assert batch(lines, timings="srt").done == 2
    assert batch.files == ["a.srt", "a.wav", "b.srt", "b.wav", "manifest.jsonl"]
    assert [row["timings"] for row in batch.rows] == ["a.srt", "b.srt"]
    assert (batch(lines, timings="srt").skipped, batch(lines).skipped) == (2, 2)
    assert [row["timings"] for row in batch.rows] == ["a.srt", "b.srt"]
    (batch.folder / "b.srt").unlink()
    assert batch(lines, timings="srt").skipped == 1
    assert batch.spoken == ["Two."]
    assert batch(lines, timings="vtt").done == 2
    assert [row["timings"] for row in batch.rows] == ["a.vtt", "b.vtt"]


def test_timings_of_an_earlier_text_are_not_taken_for_those_of_this_one(batch):
    batch("a|One.\n", timings="srt")
    # The new file replaces the timings beside the old one, and the run ends before its result is written.
    with pytest.raises(FolderFullError):
        batch("a|One, full.\n", timings="srt", format="flac")
    assert batch("a|One.\n", timings="srt").done == 1


@pytest.mark.parametrize("damage", ["gone", "short", "torn", "foreign"])
def test_what_was_lost_is_made_again(batch, damage):
    batch("a|One.\nb|Two.\n")
    file, manifest = batch.folder / "b.wav", batch.folder / "manifest.jsonl"
    if damage == "gone":
        file.unlink()
    elif damage == "short":
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "torn":
        manifest.write_bytes(manifest.read_bytes()[:-10])
    else:
        lines = manifest.read_text().splitlines()
        manifest.write_text(f"{lines[0]}\nno row\n")
    batch("a|One.\nb|Two.\n")
    assert batch.spoken == ["Two."]
    assert [row["id"] for row in batch.rows] == ["a", "b"]
    assert file.stat().st_size == 44 + 2 * 4
    assert len(batch.warnings) == (damage == "foreign")


def test_failures_are_counted_kept_and_tried_again(batch):
    summary = batch("a|One.\nb|This will fail.\nc|\na|Twice.\n")
    assert (summary.done, summary.failed) == (1, 3)
    assert sorted((row.line, row.id) for row in summary.failures) == [(2, "b"), (3, "c"), (4, "line 4")]
    assert [row["error"] for row in batch.rows] == [
        None,
        "It failed.",
        "The text is empty.",
        "The id 'a' is the id of line 1 already: give each line its own.",
    ]
    assert batch("a|One.\nb|This will not.\nc|Now it says something.\nd|Twice.\n").failed == 0
    assert [(row["id"], row["error"]) for row in batch.rows] == [("a", None), ("b", None), ("c", None), ("d", None)]


def test_no_resume_makes_all(batch):
    batch("a|One.\nb|Two.\n")
    summary = batch("a|One.\nb|Two.\n", resume=False)
    assert (summary.done, summary.skipped) == (2, 0)
    assert len(batch.rows) == 2


def test_fail_fast_stops_and_leaves_what_was_there(batch):
    batch("a|One.\nz|Two.\n")
    summary = batch(
        "a|One.\nb|This will fail.\nz|Two.\n" + "".join(f"n{i}|Never.\n" for i in range(50)), fail_fast=True
    )
    assert summary.failed == 1
    assert summary.done < 50
    assert batch("a|One.\nz|Two.\n").skipped == 2


def test_a_full_disk_ends_it_and_the_next_run_goes_on(batch):
    with pytest.raises(FolderFullError):
        batch("a|One.\nb|Now it is full.\nc|Two.\n", batch_size=1)
    made = [row["id"] for row in batch.rows]
    batch("a|One.\nb|Now it is not.\nc|Two.\n")
    assert [row["id"] for row in batch.rows] == ["a", "b", "c"]
    assert len(batch.spoken) == 3 - len(made)


def test_rows_of_other_files_into_the_same_folder_stay(batch):
    batch("a|One.\n")
    batch("b|Two.\n")
    assert [row["id"] for row in batch.rows] == ["b", "a"]
    assert batch("a|One.\nb|Two.\n").skipped == 2


def test_what_cannot_be_right_is_refused_before_anything_is_written(batch):
    with pytest.raises(UsageError):
        batch("id,txet\n1,One.\n".replace("txet", "text,sped"))
    assert not batch.folder.exists()


def test_leftovers_of_a_killed_run_are_swept(batch):
    batch("a|One.\n")
    (batch.folder / ".tts-0123456789ab.wav").write_bytes(b"half")
    batch("a|One.\n")
    assert batch.files == ["a.wav", "manifest.jsonl"]
