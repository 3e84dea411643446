"""`tts say`: speak one text."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tts.cli import flags
from tts.cli.app import is_from_config
from tts.cli.arriving import FLUSH_SECONDS, ArrivingText, arrives_slowly
from tts.cli.console import print_json, progress, report, warn
from tts.cli.inputs import STANDARD_INPUT, read_text, refuse_terminal
from tts.cli.outputs import Outputs, PlayerBesideFile, TimelineFiles
from tts.errors import UsageError
from tts.kernels.execution import when_compiling
from tts.options import InputOptions, OutputOptions, SynthesisOptions, VoiceOptions

if TYPE_CHECKING:
    from tts.synthesis.voice import Piece, Voice
    from tts.text.passage import Passage

File = Annotated[
    Path | None,
    typer.Option(
        "--file", "-f", metavar="FILE", help="Read a document instead of TEXT: .txt, .md, .html, .epub or .pdf."
    ),
]
Chapters = Annotated[
    str | None,
    typer.Option(
        "--chapter", metavar="N|N-M", help="Only these chapters of --file; tts text chapters FILE lists them."
    ),
]
OutputFile = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE | -",
        help="Write the audio to a file, in the format of its suffix; - is standard output.",
        rich_help_panel="Output",
    ),
]
Play = Annotated[
    bool,
    typer.Option("--play", help="Play the audio, also with -o; the default without -o.", rich_help_panel="Output"),
]


FlushAfter = Annotated[
    float,
    typer.Option(
        "--flush-after",
        metavar="SEC",
        min=0.0,
        help="Standard input that stays open: after a pause this long, what has arrived is spoken as a sentence.",
    ),
]


@flags.option_flags()
def say(
    context: typer.Context,
    *,
    text: flags.Text = None,
    file: File = None,
    chapter: Chapters = None,
    flush_after: FlushAfter = FLUSH_SECONDS,
    input_options: InputOptions,
    output: OutputFile = None,
    play: Play = False,
    output_options: OutputOptions,
    plot: flags.Plot = None,
    voice_options: VoiceOptions,
    options: SynthesisOptions,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Speak a text: into a file, to standard output, or through the speakers."""
    # Everything that can be refused is refused before the networks are loaded.
    started = time.perf_counter()
    encoding = input_options.encoding
    from tts.synthesis.voice import load_voice

    voice = load_voice(**vars(voice_options))
    seconds = time.perf_counter() - started
    # The format in the config file yields to a file's own suffix, and is no mistake where nothing is written.
    format, sample_rate = output_options.format, output_options.sample_rate
    if is_from_config(context, "format") and (output is None or Path(output).suffix):
        format = None
    if is_from_config(context, "sample_rate") and output is None:
        sample_rate = None
    timings = None if output_options.timings is None else Path(output_options.timings)
    outputs = Outputs(output, format, sample_rate, play, timings, plot, json)
    outputs.check(voice.manifest.sample_rate)

    content: str | Passage | ArrivingText
    if str(file) == STANDARD_INPUT and text is None:
        file = None
    if file is not None:
        if text is not None:
            raise UsageError("There are two texts: give TEXT or --file, not both.")
        from tts.cli.inputs import read_book

        book = read_book(file, chapter, options.input, voice.manifest, encoding)
        content, outputs = book.content, replace(outputs, tags=book.tags)
    elif chapter is not None:
        raise UsageError("--chapter is for documents: name one with --file.")
    elif text in (None, STANDARD_INPUT) and options.input == "text" and options.loudness is None and arrives_slowly():
        refuse_terminal(text)
        content = ArrivingText(voice.manifest.language, flush_after, encoding)
    else:
        content = read_text(text, encoding)

    started = time.perf_counter()
    stages = voice.prepare(options)
    seconds += time.perf_counter() - started
    if verbose:
        report(f"voice {voice.manifest.name} on {voice.device} by {stages.runtimes}, loaded in {seconds:.2f} s")
    spoken = speak_with_progress(voice, content, options, outputs, quiet=quiet)
    if verbose:
        report(
            f"{spoken.seconds:.2f} s of audio in {spoken.synthesis_seconds:.2f} s (real-time factor {spoken.rtf:.3f}), "
            f"the first after {spoken.first_audio_ms:.0f} ms"
        )
    if json:
        print_json(spoken.document())


@dataclass
class Report:
    """The result of speaking one text. `seconds` is the duration of the audio; `synthesis_seconds` is the computing
    time without loading and writing.
    """

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
        """Seconds of computing per second of audio."""
        return self.synthesis_seconds / self.seconds if self.seconds else math.nan

    def add_warnings(self, *warnings: str) -> None:
        self.warnings += [warning for warning in dict.fromkeys(warnings) if warning not in self.warnings]

    def document(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "seconds": round(self.seconds, 6),
            "rtf": round(self.rtf, 6),
            "first_audio_ms": round(self.first_audio_ms, 3),
            "voice": self.voice,
            "acoustic": self.acoustic or None,
            "vocoder": self.vocoder or None,
            "device": self.device,
            "sample_rate": self.sample_rate,
            "warnings": self.warnings,
        }


def speak_with_progress(
    voice: Voice, text: str | Passage | ArrivingText, options: SynthesisOptions, outputs: Outputs, *, quiet: bool
) -> Report:
    """Speak a text into all its outputs, and show progress and warnings."""
    compiling = "compiling for this machine, which happens once and needs some seconds"
    when_compiling(None if quiet else lambda: report(compiling))
    # Of a text that still arrives, nobody knows how much is left.
    length = 0 if isinstance(text, ArrivingText) else len(text if isinstance(text, str) else text.text)
    try:
        with progress(length, quiet=quiet) as on_characters:
            spoken = speak(voice, text, options, outputs, on_characters)
    finally:
        when_compiling(None)
    for warning in spoken.warnings:
        warn(warning)
    return spoken


def speak(
    voice: Voice,
    text: str | Passage | ArrivingText,
    options: SynthesisOptions,
    outputs: Outputs,
    on_characters: Callable[[int], None],
) -> Report:
    """Speak a text into all its outputs. No sentence waits for the next one, unless the text is normalized in loudness.

    `on_characters` is called with the number of characters of each sentence that is done.
    """
    from tts.audio.audio import clipped_samples
    from tts.audio.m4b import BookWriter

    rate = voice.manifest.sample_rate
    if outputs.file is not None:
        rate = outputs.rate(rate)
    result = Report(
        outputs.file,
        voice.manifest.name,
        voice.acoustic_name,
        voice.vocoder_name,
        voice.device,
        rate,
    )
    timeline = TimelineFiles(voice.manifest, outputs)
    n_clipped = 0
    with ExitStack() as stack:
        sinks = outputs.sinks()
        for sink in sinks:
            stack.enter_context(sink)
        arriving = text if isinstance(text, ArrivingText) else None
        pieces: Iterator[Piece | None]
        if isinstance(text, ArrivingText):
            pieces = voice.stream_parts(text.parts(), options)
        else:
            pieces = voice.stream(text, options)
        while True:
            started, waited = time.perf_counter(), arriving.waited_seconds if arriving else 0.0
            piece = next(pieces, None)
            waited = arriving.waited_seconds - waited if arriving else 0.0
            result.synthesis_seconds += time.perf_counter() - started - waited
            if piece is None:
                break
            if math.isnan(result.first_audio_ms):
                result.first_audio_ms = 1000 * result.synthesis_seconds
            result.add_warnings(*piece.warnings)
            result.seconds += piece.audio.seconds
            timeline.add(piece)
            n_clipped += clipped_samples(piece.audio)
            for sink in sinks:
                if isinstance(sink, BookWriter):
                    for mark in piece.bookmarks:
                        sink.begin_chapter(mark.name)
                sink.write(piece.audio)
            # A space follows most sentences in the text; the bar need not be exact.
            on_characters(len(piece.text) + 1)
    result.add_warnings(*timeline.write())
    for sink in sinks:
        if isinstance(sink, PlayerBesideFile) and sink.failure is not None:
            raise sink.failure
    if n_clipped:
        result.add_warnings(f"{n_clipped} samples are too loud and were clipped: lower --volume or --loudness")
    return result
