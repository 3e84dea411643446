"""From a loaded voice to every output: pieces as they are spoken, counted and timed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tts.audio.audio import clipped_samples
from tts.audio.m4b import BookWriter
from tts.cli.outputs import Outputs
from tts.cli.plot import MelPlot
from tts.files import write_text
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.timing import TimedBookmark, TimedSentence, timed_sentence
from tts.synthesis.timing_files import timing_format, timings_text

if TYPE_CHECKING:
    from tts.synthesis.pipeline import Piece, Voice
    from tts.text.passage import Passage


@dataclass
class Report:
    """What came of one text; `seconds` is of the audio, `synthesis_seconds` of the work without loading and writing."""

    file: str | None
    voice: str
    acoustic: str
    vocoder: str
    device: str
    sample_rate: int
    seconds: float = 0.0
    synthesis_seconds: float = 0.0
    first_audio_ms: float = math.nan
    warnings: list[str] = field(default_factory=list)

    @property
    def rtf(self) -> float:
        """Seconds of work for a second of audio."""
        return self.synthesis_seconds / self.seconds if self.seconds else math.nan

    def add_warning(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)

    def document(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "seconds": round(self.seconds, 6),
            "rtf": round(self.rtf, 6),
            "first_audio_ms": round(self.first_audio_ms, 3),
            "voice": self.voice,
            "acoustic": self.acoustic,
            "vocoder": self.vocoder,
            "device": self.device,
            "sample_rate": self.sample_rate,
            "warnings": self.warnings,
        }


def speak(
    voice: Voice,
    text: str | Passage,
    options: SynthesisOptions,
    outputs: Outputs,
    on_characters: Callable[[int], None],
) -> Report:
    """Speak a text into all its outputs; no sentence waits for the next, unless a loudness is asked for."""
    report = _report(voice, options, outputs)
    scribe = _Scribe(voice, outputs)
    clipped = 0
    with ExitStack() as stack:
        sinks = outputs.sinks()
        for sink in sinks:
            stack.enter_context(sink)
        for piece in _watched(voice.stream(text, options), report, scribe, on_characters):
            clipped += clipped_samples(piece.audio)
            report.seconds += piece.audio.seconds
            for sink in sinks:
                if isinstance(sink, BookWriter):
                    for mark in piece.bookmarks:
                        sink.begin_chapter(mark.name)
                sink.write(piece.audio)
    scribe.write(report)
    if clipped:
        report.add_warning(f"{clipped} samples are too loud and were cut off: lower --volume or --loudness")
    return report


def _report(voice: Voice, options: SynthesisOptions, outputs: Outputs) -> Report:
    manifest = voice.manifest
    rate = manifest.sample_rate
    if outputs.file is not None:
        rate = outputs.rate(rate)
    acoustic, vocoder = options.acoustic or manifest.default_acoustic, options.vocoder or manifest.default_vocoder
    return Report(outputs.file, manifest.name, acoustic, vocoder, voice.device, rate)


class _Scribe:
    """Notes when what is said, where timings or a plot are asked for, and writes them at the end."""

    def __init__(self, voice: Voice, outputs: Outputs) -> None:
        self._outputs = outputs
        self._sample_rate = voice.manifest.sample_rate
        # Whole samples: what is written of a long text is where it is heard, to the end.
        self._samples = 0
        self._sentences: list[TimedSentence] = []
        self._bookmarks: list[TimedBookmark] = []
        frame_seconds = voice.manifest.mel["hop_length"] / self._sample_rate
        self._plot = MelPlot(frame_seconds) if outputs.plot is not None else None

    @property
    def _seconds(self) -> float:
        return self._samples / self._sample_rate

    def note(self, piece: Piece) -> None:
        is_asked = self._outputs.timings is not None or self._plot is not None
        if is_asked and not piece.goes_on:
            self._note_bookmarks(piece)
            # A pause that the text ends with has no words.
            if piece.text:
                self._note_sentence(piece)
        self._samples += len(piece.audio.samples)

    def _note_sentence(self, piece: Piece) -> None:
        placed = timed_sentence(piece.text, piece.phonemes, piece.marks, piece.words, self._seconds, piece.seconds)
        if self._outputs.timings is not None:
            self._sentences.append(placed)
        if self._plot is not None:
            self._plot.add(placed, piece.mel)

    def _note_bookmarks(self, piece: Piece) -> None:
        self._bookmarks += [TimedBookmark(mark.name, self._seconds + mark.seconds) for mark in piece.bookmarks]

    def write(self, report: Report) -> None:
        if self._outputs.timings is not None:
            suffix = timing_format(self._outputs.timings)
            contents = timings_text(self._sentences, self._seconds, suffix, self._bookmarks)
            write_text(self._outputs.timings, contents)
        if self._plot is not None and self._outputs.plot is not None:
            self._plot.save(self._outputs.plot)
            if self._plot.is_cut:
                report.add_warning(f"the plot ends after {self._plot.seconds:.0f} s; the audio is longer")


def _watched(
    pieces: Iterator[Piece], report: Report, scribe: _Scribe, on_characters: Callable[[int], None]
) -> Iterator[Piece]:
    """The pieces, with the time each took, its warnings, marks and characters noted."""
    while True:
        started = time.perf_counter()
        piece = next(pieces, None)
        report.synthesis_seconds += time.perf_counter() - started
        if piece is None:
            return
        if math.isnan(report.first_audio_ms):
            report.first_audio_ms = 1000 * report.synthesis_seconds
        for warning in piece.warnings:
            report.add_warning(warning)
        scribe.note(piece)
        yield piece
        # A blank follows most sentences in the text; the bar need not be exact.
        on_characters(len(piece.text) + 1)
