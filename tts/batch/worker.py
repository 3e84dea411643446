"""What one worker does with a batch: read the texts, synthesize them, write the files."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from tts.batch.folders import FolderFullError, OutputFolder
from tts.batch.jobs import MAX_CHARACTERS, BatchJob, BatchResult
from tts.batch.settings import WorkerSetup
from tts.errors import TtsError

if TYPE_CHECKING:
    from tts.audio.audio import Audio
    from tts.synthesis.many import Utterance
    from tts.synthesis.sentences import Script
    from tts.synthesis.timing import TimedBookmark, TimedSentence
    from tts.synthesis.voice import Voice

MOST_VOICES = 4
"""In memory: a voice with its networks needs 100 MB and more."""


@dataclass
class _Task:
    """A job in progress; `failure` says why it cannot be finished."""

    job: BatchJob
    voice: Voice | None = None
    script: Script | None = None
    utterance: Utterance | None = None
    compute_seconds: float = 0.0
    failure: str | None = None


class Worker:
    """Synthesizes batches for two threads at a time: while one computes, the other reads texts or writes files."""

    def __init__(self, setup: WorkerSetup, folder: OutputFolder) -> None:
        self._setup = setup
        self._folder = folder
        self._voices: OrderedDict[str, Voice | TtsError] = OrderedDict()
        # espeak-ng is not thread-safe, and two threads that compute would share the worker's one core.
        self._reading, self._computing = Lock(), Lock()

    def make(self, jobs: Sequence[BatchJob]) -> list[BatchResult]:
        """Synthesize jobs into the folder; one result for each, in their order.

        Raises:
            FolderFullError: nothing more can be written there.
        """
        if len(jobs) == 1 and len(jobs[0].text) > MAX_CHARACTERS:
            return [self._result(_Task(jobs[0]), self._stream)]
        tasks = [_Task(job) for job in jobs]
        with self._reading:
            for task in tasks:
                _attempt(task, self._read)
        by_voice: dict[str, list[_Task]] = {}
        for task in tasks:
            if task.script is not None:
                by_voice.setdefault(task.job.voice, []).append(task)
        with self._computing:
            for together in by_voice.values():
                self._synthesize(together)
        for task in tasks:
            task.script = None
        return [self._result(task, self._write) for task in tasks]

    def _read(self, task: _Task) -> None:
        task.voice = self._voice(task.job.voice)
        task.script = task.voice.read(task.job.text, task.job.options)

    def _synthesize(self, tasks: Sequence[_Task]) -> None:
        """Synthesize tasks of one voice together; if that fails, one by one, so that only the faulty one fails."""
        started = time.perf_counter()
        voice = tasks[0].voice
        assert voice is not None
        try:
            utterances = voice.speak_all([task.script for task in tasks if task.script is not None])
        except Exception as error:
            if len(tasks) == 1:
                tasks[0].failure = _message(error)
                return
            for task in tasks:
                self._synthesize([task])
            return
        seconds = time.perf_counter() - started
        audio_seconds = sum(each.audio.seconds for each in utterances if not isinstance(each, TtsError)) or 1.0
        for task, each in zip(tasks, utterances, strict=True):
            if isinstance(each, TtsError):
                task.failure = str(each)
            else:
                task.utterance, task.compute_seconds = each, seconds * each.audio.seconds / audio_seconds

    def _result(self, task: _Task, write: Callable[[_Task], BatchResult]) -> BatchResult:
        """The result of writing a task, unless it has failed."""
        results: list[BatchResult] = []
        if task.failure is None:
            _attempt(task, lambda task: results.append(write(task)))
        return results[0] if results else BatchResult(task.job.id, task.job.line, task.job.key, error=task.failure)

    def _write(self, task: _Task) -> BatchResult:
        from tts.audio.audio import clipped_samples

        assert task.utterance is not None
        job, utterance = task.job, task.utterance
        task.utterance = None
        audio = utterance.audio
        size = self._folder.write(job.file, audio, job.sample_rate)
        self._write_timings(job, utterance.sentences, audio.seconds, utterance.bookmarks)
        warnings = (*utterance.warnings, *_clipping_warning(clipped_samples(audio)))
        rtf = task.compute_seconds / audio.seconds if audio.seconds else 0.0
        return _done(job, size, audio.seconds, rtf, warnings)

    def _write_timings(
        self, job: BatchJob, sentences: Sequence[TimedSentence], seconds: float, bookmarks: Sequence[TimedBookmark]
    ) -> None:
        if job.timings is not None:
            from tts.synthesis.subtitles import timing_format, timings_text

            text = timings_text(sentences, seconds, timing_format(job.timings), bookmarks)
            self._folder.write_text(job.timings, text)

    def _stream(self, task: _Task) -> BatchResult:
        """Write the audio of a long text as it is synthesized: in memory it would need gigabytes."""
        from tts.audio.audio import clipped_samples
        from tts.synthesis.timing import Timeline

        job = task.job
        seconds, compute_seconds, n_clipped = 0.0, 0.0, 0
        warnings: list[str] = []

        def audio_pieces() -> Iterator[Audio]:
            nonlocal seconds, compute_seconds, n_clipped
            pieces = voice.stream(job.text, job.options)
            while True:
                started = time.perf_counter()
                piece = next(pieces, None)
                compute_seconds += time.perf_counter() - started
                if piece is None:
                    return
                seconds += piece.audio.seconds
                n_clipped += clipped_samples(piece.audio)
                warnings.extend(piece.warnings)
                if job.timings is not None:
                    if not piece.goes_on:
                        timeline.add(piece.text, piece.phonemes, piece.times)
                    timeline.add_audio(len(piece.audio.samples))
                yield piece.audio

        # Both, since the text is read while it is synthesized.
        with self._reading, self._computing:
            voice = self._voice(job.voice)
            timeline = Timeline(voice.manifest.sample_rate)
            size = self._folder.write_pieces(job.file, audio_pieces(), job.sample_rate)
            self._write_timings(job, timeline.sentences, timeline.seconds, timeline.bookmarks)
        all_warnings = (*dict.fromkeys(warnings), *_clipping_warning(n_clipped))
        rtf = compute_seconds / seconds if seconds else 0.0
        return _done(job, size, seconds, rtf, all_warnings)

    def _voice(self, name: str) -> Voice:
        from tts.synthesis.voice import load_voice

        if name not in self._voices:
            setup = self._setup
            try:
                self._voices[name] = load_voice(
                    name,
                    device=setup.device,
                    runtime=setup.runtime,
                    precision=setup.precision,
                    lexicon=setup.lexicon,
                    system_espeak=setup.system_espeak,
                )
            except TtsError as error:
                # Cached too: a hundred thousand jobs may need this voice.
                self._voices[name] = error
            if len(self._voices) > MOST_VOICES:
                self._voices.popitem(last=False)
        self._voices.move_to_end(name)
        voice = self._voices[name]
        if isinstance(voice, TtsError):
            raise voice
        return voice


def _attempt(task: _Task, step: Callable[[_Task], None]) -> None:
    """Run one step of one task; an error in it ends this task and no other."""
    try:
        step(task)
    except FolderFullError:
        raise
    except Exception as error:
        task.failure = _message(error)


def _done(job: BatchJob, size: int, seconds: float, rtf: float, warnings: tuple[str, ...]) -> BatchResult:
    return BatchResult(job.id, job.line, job.key, job.file, size, seconds, rtf, warnings, timings=job.timings)


def _clipping_warning(n_samples: int) -> tuple[str, ...]:
    return (f"{n_samples} samples were clipped: lower the volume or loudness",) if n_samples else ()


def _message(error: Exception) -> str:
    return str(error) if isinstance(error, TtsError) else f"This cannot be spoken ({type(error).__name__}: {error})."
