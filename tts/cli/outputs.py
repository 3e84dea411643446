"""Everything that one `tts say` may write: audio, playback, timings and a plot, checked before any work is done."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from tts import extras
from tts.cli.streams import is_output_closed
from tts.dependencies import prepare_matplotlib
from tts.errors import TtsError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes

    from tts.audio.audio import Audio
    from tts.audio.m4b import BookTags, BookWriter
    from tts.audio.playback import PlayerStream
    from tts.audio.writer import AudioFormat, AudioWriter
    from tts.synthesis.timing import TimedSentence
    from tts.synthesis.voice import Piece
    from tts.voice.manifest import VoiceManifest

STANDARD_OUTPUT = "-"

# A longer picture is too wide to look at, and the spectrogram of a book too large for memory.
MAX_PLOT_SECONDS = 60.0
_INCHES_PER_SECOND = 3.0


@dataclass(frozen=True)
class Outputs:
    """The requested outputs; without a file and without `play`, the audio is played."""

    file: str | None = None
    format: str | None = None
    sample_rate: int | None = None
    play: bool = False
    timings: Path | None = None
    plot: Path | None = None
    json: bool = False
    tags: BookTags | None = None
    """Title, author and cover of an audiobook."""

    @property
    def is_book(self) -> bool:
        """Whether the file is an audiobook, which ffmpeg writes."""
        from tts.audio.m4b import is_book

        return self.file is not None and self.format is None and is_book(self.file)

    @property
    def plays(self) -> bool:
        return self.play or self.file is None

    def audio_format(self) -> AudioFormat:
        """The format of the file; of an audiobook, the one that it is encoded from."""
        from tts.audio.writer import FORMATS, format_of

        return FORMATS["flac"] if self.is_book else format_of(self.file or STANDARD_OUTPUT, self.format)

    def rate(self, voice_rate: int) -> int:
        """The sample rate of the file.

        Raises:
            UsageError: its format is unknown, or does not support the requested rate.
        """
        from tts.audio.writer import output_rate

        return output_rate(self.audio_format(), voice_rate, self.sample_rate)

    def check(self, voice_rate: int) -> None:
        """Refuse what cannot work.

        Raises:
            UsageError: the flags contradict each other, or name something unknown.
            TtsError: a file cannot be written, or there is no player, plotting library or ffmpeg where one is needed.
        """
        if self.file == STANDARD_OUTPUT and self.json:
            raise UsageError(
                "Standard output cannot have both the audio (-o -) and the report (--json): write the audio to a file."
            )
        if self.file == STANDARD_OUTPUT and is_output_closed():
            raise TtsError("Standard output is closed: name a file with -o.")
        if self.file == STANDARD_OUTPUT and sys.stdout.isatty():
            raise UsageError("Audio is not written to a terminal: redirect the output of -o -, or name a file.")
        if self.file is None and (self.format or self.sample_rate):
            flag = "--format" if self.format else "--sample-rate"
            raise UsageError(f"{flag} needs an output file: add -o FILE.")

        from tts.files import check_destination

        if self.file is not None:
            self.rate(voice_rate)
        if self.is_book:
            from tts.audio.m4b import find_ffmpeg

            find_ffmpeg()
        if self.timings is not None:
            from tts.synthesis.subtitles import timing_format

            timing_format(self.timings)
        if self.plot is not None:
            check_plot(self.plot)
        files = [self.file if self.file != STANDARD_OUTPUT else None, self.timings, self.plot]
        targets = [check_destination(file) for file in files if file is not None]
        if len(set(targets)) < len(targets):
            raise UsageError("Two outputs have the same file name: give each its own.")

        if self.plays:
            from tts.audio.playback import find_player

            find_player()

    def sinks(self) -> list[AudioWriter | BookWriter | PlayerStream | PlayerBesideFile]:
        """What receives the audio, as context managers."""
        from tts.audio.m4b import BookWriter
        from tts.audio.writer import AudioWriter

        sinks: list[AudioWriter | BookWriter | PlayerStream | PlayerBesideFile] = []
        if self.file is not None and self.is_book:
            sinks.append(BookWriter(self.file, self.tags, self.sample_rate))
        elif self.file is not None:
            sinks.append(AudioWriter(self.file, self.audio_format(), self.sample_rate))
        if self.plays:
            from tts.audio.playback import PlayerStream, find_player

            stream = PlayerStream(find_player())
            sinks.append(stream if self.file is None else PlayerBesideFile(stream))
        return sinks


class PlayerBesideFile:
    """A player whose failure does not take the file, the timings and the plot with it: it is in `failure`."""

    def __init__(self, stream: PlayerStream) -> None:
        self._stream = stream
        self.failure: TtsError | None = None

    def __enter__(self) -> PlayerBesideFile:
        return self

    def write(self, audio: Audio) -> None:
        if self.failure is None:
            try:
                self._stream.write(audio)
            except TtsError as error:
                self.failure = error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._stream.__exit__(kind, error, traceback)
        except TtsError as failure:
            self.failure = self.failure or failure


def check_plot(path: Path) -> None:
    """Refuse a plot that cannot be drawn.

    Raises:
        UsageError: its name is not that of a PNG.
        TtsError: there is no plotting library.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"A plot is a PNG file: its name must end in .png, not {path.name!r}.")
    extras.require("plot", "A plot")


class TimelineFiles:
    """Records when each sentence is spoken, if timings or a plot are requested, and writes them at the end."""

    def __init__(self, voice: VoiceManifest, outputs: Outputs) -> None:
        from tts.synthesis.timing import Timeline

        self._outputs = outputs
        self._timeline = Timeline(voice.sample_rate)
        self._plot: MelPlot | None = None
        if outputs.plot is not None:
            sample_rate = voice.sample_rate
            self._plot = MelPlot(sample_rate, voice.mel["hop_length"] / sample_rate if voice.mel else 0.0)

    def add(self, piece: Piece) -> None:
        if self._outputs.timings is None and self._plot is None:
            return
        if not piece.goes_on:
            sentence = self._timeline.add(piece.text, piece.phonemes, piece.times)
            if self._plot is not None and sentence is not None:
                self._plot.add(sentence, piece.mel)
        if self._plot is not None:
            self._plot.add_audio(piece.audio.samples)
        self._timeline.add_audio(len(piece.audio.samples))

    def write(self) -> tuple[str, ...]:
        """Write the files; returns warnings. If one fails, the other is written all the same."""
        from tts.files import write_text

        try:
            if self._outputs.timings is not None:
                from tts.synthesis.subtitles import timing_format, timings_text

                suffix, times = timing_format(self._outputs.timings), self._timeline
                text = timings_text(times.sentences, times.seconds, suffix, times.bookmarks)
                write_text(self._outputs.timings, text)
        finally:
            if self._plot is not None and self._outputs.plot is not None:
                self._plot.save(self._outputs.plot)
        if self._plot is not None and self._plot.is_cut:
            return (f"the plot ends after {self._plot.seconds:.0f} s; the audio is longer",)
        return ()


class MelPlot:
    """Collects sentences up to `MAX_PLOT_SECONDS`, then draws their mel spectrograms on one time axis.

    A mel has frames of `frame_seconds`. Where a network makes none, it is that of the audio, in Hz `sample_rate`.
    """

    def __init__(self, sample_rate: int, frame_seconds: float) -> None:
        self.seconds = 0.0
        self.is_cut = False
        self._sample_rate, self._frame_seconds = sample_rate, frame_seconds
        self._sentences: list[tuple[TimedSentence, npt.NDArray[np.float32]]] = []
        # The audio of each sentence without a mel.
        self._audio: dict[int, list[npt.NDArray[np.float32]]] = {}

    def add(self, sentence: TimedSentence, mel: npt.NDArray[np.float32]) -> None:
        """Add a sentence, timed in the complete audio; mel [n_mels, T], whose last frame ends with its audio."""
        if self._sentences and (self.is_cut or sentence.audio_end > MAX_PLOT_SECONDS):
            self.is_cut = True
            return
        self._sentences.append((sentence, mel))
        if not mel.size:
            self._audio[len(self._sentences) - 1] = []
        self.seconds = sentence.audio_end

    def add_audio(self, samples: npt.NDArray[np.float32]) -> None:
        """Add samples of the last sentence."""
        if not self.is_cut and len(self._sentences) - 1 in self._audio:
            self._audio[len(self._sentences) - 1].append(samples)

    def _mel(self, index: int) -> tuple[npt.NDArray[np.float32], float]:
        """The mel of a sentence, and the duration of its frames in seconds."""
        if index not in self._audio:
            return self._sentences[index][1], self._frame_seconds
        import numpy as np

        from tts.audio.mel import numpy_mel_spectrogram
        from tts.audio.mel_settings import MelSettings

        settings = MelSettings(sample_rate=self._sample_rate, f_max=min(MelSettings.f_max, self._sample_rate / 2))
        samples = np.concatenate(self._audio[index])
        mel = numpy_mel_spectrogram(samples, settings)
        return mel, len(samples) / self._sample_rate / mel.shape[1]

    def save(self, path: Path) -> None:
        # Its own figure object, not pyplot: that would look for a display.
        prepare_matplotlib()
        from matplotlib.figure import Figure

        from tts.files import atomic_write

        figure = Figure(figsize=(max(6.0, _INCHES_PER_SECOND * self.seconds), 4.0), layout="constrained")
        axes = figure.add_subplot(xlim=(0, self.seconds), xlabel="seconds", ylabel="mel band")
        for index, (sentence, _) in enumerate(self._sentences):
            mel, frame_seconds = self._mel(index)
            n_mels, n_frames = mel.shape
            start, end = sentence.audio_end - n_frames * frame_seconds, sentence.audio_end
            axes.imshow(mel, origin="lower", aspect="auto", extent=(start, end, 0, n_mels))
            axes.set_xlim(0, self.seconds)
            for mark in sentence.marks:
                axes.axvline(mark.start, color="white", linewidth=0.4)
                _label(axes, mark.symbol, (mark.start + mark.end) / 2, n_mels * 0.94)
            for word in sentence.words:
                _label(axes, word.text, (word.start + word.end) / 2, n_mels * 0.02)
        with atomic_write(path) as temporary, warnings.catch_warnings():
            # A word in a script that the font lacks is drawn as boxes; that needs no warning.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            figure.savefig(temporary, format="png", dpi=100, metadata={"Software": None})


def _label(axes: Axes, text: str, seconds: float, height: float) -> None:
    # "$5 to $6" is not a formula.
    axes.text(seconds, height, text, color="white", ha="center", fontsize=8, clip_on=True, parse_math=False)
