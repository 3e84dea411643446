"""Where the stages meet: text → sentences → phonemes → mel spectrogram → waveform."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tts.audio.audio import Audio, apply_gain
from tts.errors import TtsError, UsageError
from tts.kernels.execution import one_compute_thread, set_compute_threads
from tts.models.base import AcousticModel, Floats
from tts.synthesis.bookmarks import timed_bookmarks
from tts.synthesis.level import gain_for
from tts.synthesis.manners import changes_pitch, frame_gains, louder, takes_in_manners, unheeded
from tts.synthesis.many import Utterance, speak_all
from tts.synthesis.options import SynthesisOptions
from tts.synthesis.reader import passage_of, read_sentences
from tts.synthesis.sentence import Script, Sentence, heard, wave_request
from tts.synthesis.steady import speak_all_steadily
from tts.synthesis.timing import Mark, TimedBookmark, TimedWord, symbol_marks, timed_words
from tts.synthesis.vocoding import Vocoding
from tts.text.frontend import Frontend, frontend_for
from tts.text.lexicon import lexicon_for
from tts.text.passage import Level, Passage
from tts.voice.load import ENGINES, Computing, choose_computing, load_acoustic_stage, load_vocoder_stage
from tts.voice.manifest import VoiceManifest, mel_settings
from tts.voice.store import DEFAULT_VOICE, check_acoustic, find_vocoder, find_voice


@dataclass(frozen=True)
class Piece:
    """One spoken sentence: `audio` holds the silence before it too, `mel` [n_mels, T] not.

    Times count from the start of `audio`. What comes after the last sentence, a pause that the text ends with, is a
    piece without words. Of a long sentence it may be the first stretch of the audio, and tells everything else of the
    whole; what follows then `goes_on`, and has the rest of the audio and nothing else. `seconds` is how long the
    sentence is in all.
    """

    text: str
    phonemes: str
    audio: Audio
    marks: tuple[Mark, ...]
    warnings: tuple[str, ...]
    mel: npt.NDArray[np.float32]
    seconds: float
    words: tuple[TimedWord, ...] = ()
    bookmarks: tuple[TimedBookmark, ...] = ()
    opens: Level = ""
    goes_on: bool = False


@dataclass(frozen=True)
class Stages:
    """The two networks that speak one text."""

    acoustic: AcousticModel
    vocoder: Vocoding

    @property
    def engines(self) -> str:
        """What computes them, in words."""
        return " and ".join(dict.fromkeys(ENGINES[stage.engine] for stage in (self.acoustic, self.vocoder)))

    def wait(self) -> None:
        """Until both can speak at once."""
        self.acoustic.wait()
        self.vocoder.wait()


class Voice:
    """A voice that speaks: `say` gives the whole, `stream` a sentence at a time, `speak_all` several texts at a time.

    Its networks load when first asked for.
    """

    def __init__(
        self,
        manifest: VoiceManifest,
        frontend: Frontend,
        computing: Computing,
        load: Callable[[str], Voice] | None = None,
    ) -> None:
        """`load` gives another voice that a text may name (SSML), None: none can be had."""
        self.manifest = manifest
        self.computing = computing
        self._frontend = frontend
        self._load = load
        self._others: dict[str, Voice] = {}
        self._acoustics: dict[str, AcousticModel] = {}
        self._vocoders: dict[str, Vocoding] = {}

    @property
    def device(self) -> str:
        return self.computing.device

    def say(self, text: str | Passage, options: SynthesisOptions | None = None) -> Audio:
        """Speak a text.

        Raises:
            TtsError: nothing in the text can be spoken.
            UsageError: the voice has no such vocoder or acoustic model, or this model no such control.
        """
        pieces = [piece.audio.samples for piece in self.stream(text, options)]
        return Audio(np.concatenate(pieces), self.manifest.sample_rate)

    def stream(self, text: str | Passage, options: SynthesisOptions | None = None) -> Iterator[Piece]:
        """The same, a sentence at a time, or a stretch of a long one; raises like `say`, at the first piece.

        With `options.loudness` all pieces come after the last is spoken: loudness is a property of the whole.
        """
        options = options or SynthesisOptions()
        return at_level(self._pieces(text, options), options)

    def read(self, text: str | Passage, options: SynthesisOptions | None = None) -> Script:
        """A text ready to be spoken with these options; no network is asked, or loaded.

        Raises:
            TtsError: nothing in the text can be spoken.
        """
        options = options or SynthesisOptions()
        return Script(tuple(self._sentences(text, options)), options)

    def speak_all(self, scripts: Sequence[Script]) -> list[Utterance | TtsError]:
        """Speak what was read, in its order, together where that is faster: each comes out as it does alone.

        What cannot be spoken has its error in its place. No text is read: another thread may do that meanwhile.
        """

        def stages_for(options: SynthesisOptions, name: str | None) -> Stages:
            stages = self._stages_of(name, options)
            stages.wait()
            return stages

        return speak_all(scripts, stages_for)

    def _pieces(self, text: str | Passage, options: SynthesisOptions) -> Iterator[Piece]:
        self.prepare(options)
        for sentence in self._sentences(text, options):
            if sentence.is_silent:
                yield self._silence(sentence)
            else:
                yield from _on_one_thread(self._speak(sentence, self._stages_of(sentence.voice, options), options))

    def prepare(self, options: SynthesisOptions) -> Stages:
        """Load the acoustic model and the vocoder that these options ask for, so that they speak at once.

        Raises:
            UsageError: there is none such, or this voice cannot do what they ask.
            TtsError: a file of theirs is missing or damaged.
        """
        is_first = not self._acoustics
        stages = self._stages(options)
        if is_first and options.input != "phonemes":
            # What reads it opens while the networks get ready, and not within the first sentence.
            self._frontend.phonemize("a")
        stages.wait()
        return stages

    def _stages(self, options: SynthesisOptions) -> Stages:
        name = options.acoustic or self.manifest.default_acoustic
        acoustic = self.acoustic(name)
        self._check_controls(name, acoustic, options)
        vocoder = self.vocoder(options.vocoder or self.manifest.default_vocoder)
        vocoder.check(options.denoise, options.streams)
        stages = Stages(acoustic, vocoder)
        self._check_precision(name, stages)
        return stages

    def acoustic(self, name: str) -> AcousticModel:
        """An acoustic model of this voice, loaded when first asked for."""
        if name not in self._acoustics:
            check_acoustic(self.manifest, name)
            self._acoustics[name] = load_acoustic_stage(self.manifest, name, self.computing)
        return self._acoustics[name]

    def vocoder(self, name: str) -> Vocoding:
        """A vocoder of this voice, or an installed one that fits it, loaded when first asked for."""
        if name not in self._vocoders:
            manifest, key = find_vocoder(self.manifest, name)
            loaded = load_vocoder_stage(manifest, key, self.computing)
            self._vocoders[name] = Vocoding(name, loaded, mel_settings(self.manifest))
        return self._vocoders[name]

    def _check_controls(self, name: str, acoustic: AcousticModel, options: SynthesisOptions) -> None:
        several = len(self.manifest.acoustics) > 1
        who = f"The voice {self.manifest.name}{f' with --acoustic {name}' if several else ''}"
        for control in ("pitch", "energy"):
            asked = getattr(options, control) != getattr(SynthesisOptions, control)
            if asked and control not in acoustic.controls:
                raise UsageError(f"{who} has no control over its {control}: leave --{control} out.")

    def _check_precision(self, name: str, stages: Stages) -> None:
        """One of the networks must have it; the other then stays in float32."""
        formats = {name: stages.acoustic.precisions, stages.vocoder.name: stages.vocoder.precisions}
        if not any(self.computing.precision in each for each in formats.values()):
            told = "; ".join(f"{who} speaks in {' or '.join(each)}" for who, each in formats.items())
            raise UsageError(f"Nothing here speaks in {self.computing.precision}: {told}.")

    def _sentences(self, text: str | Passage, options: SynthesisOptions) -> Iterator[Sentence]:
        """Those in which there is something to speak, one after the other."""
        return read_sentences(
            passage_of(text, options.input, self.manifest.language), options, lambda name: self._other(name)._frontend
        )

    def _other(self, name: str | None) -> Voice:
        """The voice that speaks where a text names one; None is this one.

        Raises:
            TtsError: there is no such voice, or it has another sample rate.
        """
        if name is None or name == self.manifest.name:
            return self
        if name not in self._others:
            if self._load is None:
                raise TtsError("no other voice can be had here.")
            other = self._load(name)
            if other.manifest.sample_rate != self.manifest.sample_rate:
                rates = f"{other.manifest.sample_rate} Hz, this one at {self.manifest.sample_rate}"
                raise TtsError(f"its sample rate is {rates}.")
            self._others[name] = other
        return self._others[name]

    def _stages_of(self, name: str | None, options: SynthesisOptions) -> Stages:
        """Those of the voice that a text names: its own, since what the options name belongs to this voice."""
        other = self._other(name)
        return self._stages(options) if other is self else other.prepare(replace(options, vocoder=None, acoustic=None))

    def _speak(self, sentence: Sentence, stages: Stages, options: SynthesisOptions) -> Iterator[Piece]:
        vocoder, rate = stages.vocoder, self.manifest.sample_rate
        generator, controls = sentence.draws(options.seed), stages.acoustic.controls
        (spoken,) = speak_all_steadily(stages.acoustic, [takes_in_manners(sentence, options, controls, generator)])
        result = heard(spoken, vocoder.mel, options.clause_silence, sentence.cut)
        request = wave_request(result, generator, shifted=changes_pitch(sentence, options), streams=options.streams)
        gains = frame_gains(sentence, spoken.places, result.durations)
        hop_length = vocoder.mel.hop_length
        stretches = _with_gains(vocoder.stretches(request, options.denoise), gains, hop_length)
        silence = sentence.n_silent(rate)
        frame_seconds = hop_length / rate
        marks = symbol_marks(spoken.symbols, spoken.places, result.durations.tolist(), silence / rate, frame_seconds)
        words = timed_words(sentence.text, sentence.reading.words, marks)
        seconds = silence / rate + result.mel.shape[1] * frame_seconds
        told = (*vocoder.warnings(sentence.index), *sentence.warnings, *unheeded(sentence, controls), *spoken.warnings)
        yield Piece(
            text=" ".join(sentence.text.split()),
            phonemes=sentence.phonemes,
            audio=Audio(np.concatenate([np.zeros(silence, np.float32), next(stretches)]), rate),
            marks=marks,
            warnings=told,
            mel=result.mel,
            seconds=seconds,
            words=words,
            bookmarks=timed_bookmarks(sentence.bookmarks, sentence.reading.words, words, seconds),
            opens=sentence.opens,
        )
        for samples in stretches:
            yield Piece("", "", Audio(samples, rate), (), (), result.mel[:, :0], 0.0, goes_on=True)

    def _silence(self, sentence: Sentence) -> Piece:
        """What comes after the last sentence."""
        rate = self.manifest.sample_rate
        audio = Audio(np.zeros(sentence.n_silent(rate), np.float32), rate)
        bookmarks = timed_bookmarks(sentence.bookmarks, (), (), audio.seconds)
        no_mel = np.zeros((mel_settings(self.manifest).n_mels, 0), np.float32)
        return Piece("", "", audio, (), sentence.warnings, no_mel, audio.seconds, bookmarks=bookmarks)


def _with_gains(stretches: Iterator[Floats], gains: Floats | None, hop_length: int) -> Iterator[Floats]:
    start = 0
    for samples in stretches:
        yield louder(samples, start, gains, hop_length)
        start += len(samples)


def _on_one_thread(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces, each made on one thread of PyTorch, which has its threads back in between."""
    while True:
        with one_compute_thread():
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def load_voice(
    name_or_folder: str = DEFAULT_VOICE,
    *,
    device: str = "auto",
    engine: str | None = None,
    precision: str = "float32",
    threads: int | None = None,
    lexicon: Path | None = None,
    system_espeak: bool = False,
) -> Voice:
    """A voice by name, or from a folder that holds one, on `device`: auto, cpu, cuda or cuda:N.

    `engine` is auto, torch or onnx (None: as TTS_ENGINE says), `precision` float32, bfloat16 or int8. `threads` is how
    many cores compute, for all voices of this process (None: as TTS_THREADS says, or all).

    Raises:
        UsageError: there is no such voice, device, engine or precision.
        TtsError: the voice's manifest is broken, or this version cannot read its text; its networks are loaded, and
            their files checked, when they are first asked for.
    """
    if threads is not None:
        set_compute_threads(threads)
    computing = choose_computing(device, engine, precision)

    def load(name: str) -> Voice:
        manifest = find_voice(name)
        assert manifest.frontend is not None
        frontend = frontend_for(
            manifest.frontend.kind,
            manifest.language,
            manifest.frontend.symbols,
            # Letters cannot be overruled by sounds: only who asks for a lexicon by name is refused.
            lexicon=lexicon_for(manifest.language, lexicon, user=manifest.frontend.kind != "characters"),
            system_espeak=system_espeak,
        )
        return Voice(manifest, frontend, computing, load)

    return load(name_or_folder)


def at_level(pieces: Iterable[Piece], options: SynthesisOptions) -> Iterator[Piece]:
    """The pieces of one text at the volume and loudness asked for."""
    gain = options.volume
    if options.loudness is not None:
        pieces = list(pieces)
        whole = Audio(np.concatenate([piece.audio.samples for piece in pieces]), pieces[0].audio.sample_rate)
        gain = gain_for(whole, options)
    for piece in pieces:
        yield replace(piece, audio=apply_gain(piece.audio, gain))
