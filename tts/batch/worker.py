"""What one worker does with a batch: read the texts, speak them, write the files."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from tts.batch.folder import FolderFullError, OutputFolder
from tts.batch.job import Job, Row, Setup
from tts.batch.jobs import MAX_CHARACTERS
from tts.errors import TtsError

if TYPE_CHECKING:
    from tts.audio.audio import Audio
    from tts.synthesis.many import Utterance
    from tts.synthesis.pipeline import Piece, Voice
    from tts.synthesis.sentence import Script

# A voice with its networks takes 100 MB and more.
MOST_VOICES = 4


@dataclass
class _Task:
    """A job on its way: `failure` says where it ended."""

    job: Job
    voice: Voice | None = None
    script: Script | None = None
    utterance: Utterance | None = None
    compute_seconds: float = 0.0
    failure: str | None = None


@dataclass
class _Heard:
    """What is to be told of pieces that are gone."""

    seconds: float = 0.0
    compute_seconds: float = 0.0
    clipped: int = 0
    warnings: list[str] = field(default_factory=list)

    def noted(self, pieces: Iterator[Piece]) -> Iterator[Audio]:
        """The audio of each piece."""
        from tts.audio.audio import clipped_samples

        while True:
            started = time.perf_counter()
            piece = next(pieces, None)
            self.compute_seconds += time.perf_counter() - started
            if piece is None:
                return
            self.seconds += piece.audio.seconds
            self.clipped += clipped_samples(piece.audio)
            self.warnings += piece.warnings
            yield piece.audio


class Worker:
    """Speaks batches for two threads at a time: while one computes, the other reads its texts or writes its files."""

    def __init__(self, setup: Setup, folder: OutputFolder) -> None:
        self._setup = setup
        self._folder = folder
        self._voices: OrderedDict[str, Voice | TtsError] = OrderedDict()
        # espeak-ng serves one at a time, and two computing would share the one core that a worker has.
        self._reading, self._computing = Lock(), Lock()

    def make(self, jobs: Sequence[Job]) -> list[Row]:
        """Speak them into the folder: a row each, in their order.

        Raises:
            FolderFullError: nothing more can be written there.
        """
        if len(jobs) == 1 and len(jobs[0].text) > MAX_CHARACTERS:
            return [self._row(_Task(jobs[0]), self._streamed)]
        tasks = [_Task(job) for job in jobs]
        with self._reading:
            for task in tasks:
                _attempt(task, self._read)
        with self._computing:
            self._speak([task for task in tasks if task.script is not None])
        for task in tasks:
            task.script = None
        return [self._row(task, self._written) for task in tasks]

    def _read(self, task: _Task) -> None:
        task.voice = self._voice(task.job.voice)
        task.script = task.voice.read(task.job.text, task.job.options)

    def _speak(self, tasks: Sequence[_Task]) -> None:
        by_voice: dict[str, list[_Task]] = {}
        for task in tasks:
            by_voice.setdefault(task.job.voice, []).append(task)
        for together in by_voice.values():
            self._speak_together(together)

    def _speak_together(self, tasks: Sequence[_Task]) -> None:
        """Speak these of one voice; what cannot be spoken together is spoken alone, where only the culprit fails."""
        started = time.perf_counter()
        voice = tasks[0].voice
        assert voice is not None
        try:
            spoken = voice.speak_all([task.script for task in tasks if task.script is not None])
        except Exception as error:
            if len(tasks) == 1:
                tasks[0].failure = _told(error)
                return
            for task in tasks:
                self._speak_together([task])
            return
        seconds = time.perf_counter() - started
        audio_seconds = sum(each.audio.seconds for each in spoken if not isinstance(each, TtsError)) or 1.0
        for task, each in zip(tasks, spoken, strict=True):
            if isinstance(each, TtsError):
                task.failure = str(each)
            else:
                task.utterance, task.compute_seconds = each, seconds * each.audio.seconds / audio_seconds

    def _row(self, task: _Task, write: Callable[[_Task], Row]) -> Row:
        """The row of a task that is written, unless it has failed."""
        row: list[Row] = []
        if task.failure is None:
            _attempt(task, lambda task: row.append(write(task)))
        return row[0] if row else Row(task.job.id, task.job.line, task.job.key, error=task.failure)

    def _written(self, task: _Task) -> Row:
        from tts.audio.audio import clipped_samples

        assert task.utterance is not None
        job, audio, warnings = task.job, task.utterance.audio, task.utterance.warnings
        task.utterance = None
        size = self._folder.write(job.file, audio, job.sample_rate)
        warnings = (*warnings, *_told_clipped(clipped_samples(audio)))
        rtf = task.compute_seconds / audio.seconds if audio.seconds else 0.0
        return Row(job.id, job.line, job.key, job.file, size, audio.seconds, rtf, warnings)

    def _streamed(self, task: _Task) -> Row:
        """The row of a long text, whose audio goes into the file as it is spoken: in memory it would take gigabytes."""
        job = task.job
        heard = _Heard()
        # It is read while it is spoken.
        with self._reading, self._computing:
            voice = self._voice(job.voice)
            pieces = heard.noted(voice.stream(job.text, job.options))
            size = self._folder.write_pieces(job.file, pieces, job.sample_rate)
        warnings = (*dict.fromkeys(heard.warnings), *_told_clipped(heard.clipped))
        rtf = heard.compute_seconds / heard.seconds if heard.seconds else 0.0
        return Row(job.id, job.line, job.key, job.file, size, heard.seconds, rtf, warnings)

    def _voice(self, name: str) -> Voice:
        if name not in self._voices:
            self._voices[name] = self._loaded(name)
            if len(self._voices) > MOST_VOICES:
                self._voices.popitem(last=False)
        self._voices.move_to_end(name)
        voice = self._voices[name]
        if isinstance(voice, TtsError):
            raise voice
        return voice

    def _loaded(self, name: str) -> Voice | TtsError:
        """The voice, or why there is none: who asks for it a hundred thousand times is told at once."""
        from tts.synthesis.pipeline import load_voice

        setup = self._setup
        try:
            return load_voice(
                name,
                device=setup.device,
                engine=setup.runtime,
                precision=setup.precision,
                lexicon=setup.lexicon,
                system_espeak=setup.system_espeak,
            )
        except TtsError as error:
            return error


def _attempt(task: _Task, step: Callable[[_Task], None]) -> None:
    """One step of one job: what goes wrong in it ends this job, and none of the others."""
    try:
        step(task)
    except FolderFullError:
        raise
    except Exception as error:
        task.failure = _told(error)


def _told_clipped(n_samples: int) -> tuple[str, ...]:
    advice = "lower the volume or loudness"
    return (f"{n_samples} samples are too loud and were cut off: {advice}",) if n_samples else ()


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, TtsError) else f"This cannot be spoken ({type(error).__name__}: {error})."
