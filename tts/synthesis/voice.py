"""A loaded voice, and how it speaks: text → sentences → phonemes → mel spectrogram → waveform, or without the mel."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tts.audio.audio import Audio, apply_gain
from tts.errors import TtsError, UsageError
from tts.kernels.execution import one_compute_thread, set_compute_threads
from tts.models.base import AcousticModel, EndToEnd
from tts.options import SynthesisOptions, VoiceOptions
from tts.synthesis.end_to_end import EndToEndStages
from tts.synthesis.many import Utterance, gain_for, samples_with_gain, sentence_times, speak_all
from tts.synthesis.prosody import unsupported_prosody
from tts.synthesis.sentences import NOTHING_TO_SPEAK, Continued, Script, Sentence, passage_of, read_sentences
from tts.synthesis.stages import Stages
from tts.synthesis.timing import Mark, SentenceTimes, TimedBookmark, TimedWord, with_single_spaces
from tts.synthesis.two_stage import TwoStages, VoiceVocoder
from tts.text.frontend import Frontend, frontend_for
from tts.text.incremental import Part
from tts.text.lexicon import lexicon_for
from tts.text.passage import Level, Passage, stronger
from tts.voice.choices import check_choices, resolve_speaker
from tts.voice.load import (
    Computing,
    choose_computing,
    load_acoustic_stage,
    load_end_to_end_stage,
    load_vocoder_stage,
)
from tts.voice.manifest import VoiceManifest, mel_settings
from tts.voice.store import find_vocoder, find_voice, voice_folders

logger = logging.getLogger("tts")
logger.addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Piece:
    """One spoken sentence, as `Voice.stream` yields it.

    `audio` includes the silence before the sentence; `mel` [n_mels, T] does not, and is empty if the voice makes none.
    Times are in seconds from the start of
    `audio`. What comes after the last sentence (a pause or a bookmark) is a piece without words.

    A long sentence may be divided: its first piece describes the complete sentence, but has only the first chunk of the
    audio. The pieces that follow have `goes_on` set, and only the rest of the audio. `seconds` is the duration of the
    complete sentence.
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

    @property
    def times(self) -> SentenceTimes:
        """When its parts are spoken."""
        return SentenceTimes(self.marks, self.words, self.bookmarks, self.seconds)


class Voice:
    """A voice: `say` returns the complete audio, `stream` yields it by sentences, `speak_all` speaks several texts.

    The networks are loaded at first use. `load_voice` makes one.
    """

    def __init__(
        self,
        manifest: VoiceManifest,
        frontend_in: Callable[[str], Frontend],
        computing: Computing,
        load: Callable[[str], Voice] | None = None,
        *,
        acoustic: str | None = None,
        vocoder: str | None = None,
        speaker: str | None = None,
    ) -> None:
        """`frontend_in` makes the frontend of a language: the voice's, or that of one of its speakers.

        `load` loads another voice that a text may name (SSML); None: other voices are not available.

        Raises:
            UsageError: the voice has no such acoustic model, vocoder or speaker.
        """
        self.manifest = manifest
        self.computing = computing
        self.acoustic_name = acoustic or manifest.default_acoustic
        self.vocoder_name = vocoder or manifest.default_vocoder
        self.speaker = speaker
        self._frontend_in = frontend_in
        self._frontends: dict[str, Frontend] = {}
        self._load = load
        self._others: dict[str, Voice] = {}
        self._end_to_end: EndToEnd | None = None
        self._acoustics: dict[str, AcousticModel] = {}
        self._vocoders: dict[str, VoiceVocoder] = {}
        check_choices(manifest, acoustic=acoustic, vocoder=vocoder, speaker=speaker)
        self._vocoder_source = (
            (manifest, manifest.default_vocoder) if vocoder is None else find_vocoder(manifest, vocoder)
        )

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
        """Speak a text sentence by sentence, a long sentence in chunks; raises like `say`, at the first piece.

        With `options.loudness` all pieces come after the last one is spoken: loudness is a property of the text.
        """
        options = options or SynthesisOptions()
        pieces: Iterator[Piece] = self._pieces(text, options)
        gain = options.volume
        if options.loudness is not None:
            spoken = list(pieces)
            samples = np.concatenate([piece.audio.samples for piece in spoken])
            gain = gain_for(Audio(samples, self.manifest.sample_rate), options)
            pieces = iter(spoken)
        for piece in pieces:
            yield replace(piece, audio=apply_gain(piece.audio, gain))

    def stream_parts(
        self, parts: Iterable[Part | None], options: SynthesisOptions | None = None
    ) -> Iterator[Piece | None]:
        """Speak a text that arrives in parts (`tts.text.incremental`), with the samples of the whole text.

        For a part that is None, because nothing has arrived, None is yielded.

        Raises:
            UsageError: as `stream`; or `options.loudness` is set, which needs the whole text.
            TtsError: nothing in the text could be spoken.
        """
        options = options or SynthesisOptions()
        if options.loudness is not None:
            raise UsageError("The loudness is that of the whole text, which has not arrived: leave --loudness out.")
        n_spoken = 0
        opens: Level = ""
        for part in parts:
            if part is None:
                yield None
                continue
            opens, n_before = stronger(opens, part.opens), n_spoken
            for piece in self._pieces(part.text, options, Continued(n_spoken, opens)):
                n_spoken += bool(piece.text)
                yield replace(piece, audio=apply_gain(piece.audio, options.volume))
            if n_spoken > n_before:
                opens = ""
        if not n_spoken:
            raise TtsError(NOTHING_TO_SPEAK)

    def read(self, text: str | Passage, options: SynthesisOptions | None = None) -> Script:
        """Prepare a text to be spoken with these options; no network is used or loaded.

        Raises:
            TtsError: nothing in the text can be spoken.
        """
        options = options or SynthesisOptions()
        return Script(tuple(self._sentences(text, options)), options)

    def speak_all(self, scripts: Sequence[Script]) -> list[Utterance | TtsError]:
        """Speak scripts, in their order, together where that is faster: each has the same samples as on its own.

        A script that cannot be spoken has its error instead. No text is read: another thread may do that meanwhile.
        """

        def stages_for(options: SynthesisOptions, name: str | None) -> Stages:
            stages = self._stages_of(name, options)
            stages.wait()
            return stages

        return speak_all(scripts, self.manifest.sample_rate, stages_for)

    def prepare(self, options: SynthesisOptions | None = None) -> Stages:
        """Load the networks for these options, so that they speak immediately.

        Raises:
            UsageError: there is no such model, or this voice does not support the options.
            TtsError: a file of theirs is missing or damaged.
        """
        options = options or SynthesisOptions()
        is_first = not self._acoustics and self._end_to_end is None
        stages = self._stages(options)
        if is_first and options.input != "phonemes":
            # The frontend starts while the networks get ready, and not within the first sentence.
            self.frontend(options.speaker).phonemize("a")
        stages.wait()
        return stages

    def frontend(self, speaker: str | None = None) -> Frontend:
        """The text frontend of a speaker (None: the one that the voice was loaded with), made at first use.

        Raises:
            UsageError: there is no such speaker.
        """
        mix = resolve_speaker(self.manifest, speaker or self.speaker)
        language = self.manifest.language
        if mix:
            # Of a blend, the language of the speaker with the most weight.
            index, _ = max(mix, key=lambda each: each[1])
            language = self.manifest.speakers[index].language or language
        if language not in self._frontends:
            self._frontends[language] = self._frontend_in(language)
        return self._frontends[language]

    def acoustic(self, name: str) -> AcousticModel:
        """An acoustic model of this voice, loaded at first use."""
        if name not in self._acoustics:
            check_choices(self.manifest, acoustic=name)
            self._acoustics[name] = load_acoustic_stage(self.manifest, name, self.computing)
            logger.debug("acoustic model %s of %s by %s", name, self.manifest.name, self._acoustics[name].runtime)
        return self._acoustics[name]

    def vocoder(self, name: str) -> VoiceVocoder:
        """A vocoder of this voice, or an installed one that fits it, loaded at first use."""
        if name not in self._vocoders:
            is_default = name == self.vocoder_name
            manifest, key = self._vocoder_source if is_default else find_vocoder(self.manifest, name)
            loaded = load_vocoder_stage(manifest, key, self.computing)
            self._vocoders[name] = VoiceVocoder(name, loaded, mel_settings(self.manifest))
            logger.debug("vocoder %s for %s by %s", name, self.manifest.name, loaded.runtime)
        return self._vocoders[name]

    def end_to_end(self) -> EndToEnd:
        """The network of a voice that is a single one, loaded at first use."""
        if self._end_to_end is None:
            self._end_to_end = load_end_to_end_stage(self.manifest, self.computing)
            logger.debug("network of %s by %s", self.manifest.name, self._end_to_end.runtime)
        return self._end_to_end

    def _stages(self, options: SynthesisOptions) -> Stages:
        speakers = resolve_speaker(self.manifest, options.speaker or self.speaker)
        stages: Stages
        model = ""
        if self.manifest.end_to_end is not None:
            check_choices(self.manifest, acoustic=options.acoustic, vocoder=options.vocoder)
            network = self.end_to_end()
            if len(speakers) > 1 and not network.can_blend:
                raise UsageError(f"The speakers of {self.manifest.name} cannot be blended: name a single one.")
            if options.denoise or options.streams > 1:
                flag = "--denoise" if options.denoise else "--streams"
                raise UsageError(f"{self.manifest.name} has no vocoder of its own: leave {flag} out.")
            stages = EndToEndStages(network, speakers)
        else:
            name = options.acoustic or self.acoustic_name
            acoustic = self.acoustic(name)
            vocoder = self.vocoder(options.vocoder or self.vocoder_name)
            vocoder.check(options.denoise, options.streams)
            # One of the networks must have the precision; the other then stays in float32.
            formats = {name: acoustic.precisions, vocoder.name: vocoder.precisions}
            if not any(self.computing.precision in each for each in formats.values()):
                supported = "; ".join(f"{network} supports {' or '.join(each)}" for network, each in formats.items())
                raise UsageError(f"No network of this voice supports {self.computing.precision}: {supported}.")
            stages = TwoStages(acoustic, vocoder, speakers)
            model = f" with --acoustic {name}" if len(self.manifest.acoustics) > 1 else ""
        for control in ("pitch", "energy", "noise_scale", "noise_w"):
            is_changed = getattr(options, control) != getattr(SynthesisOptions, control)
            if is_changed and control not in stages.controls:
                flag = f"--{control.replace('_', '-')}"
                of = "its noise" if control.startswith("noise") else f"its {control}"
                raise UsageError(f"The voice {self.manifest.name}{model} has no control over {of}: leave {flag} out.")
        return stages

    def _stages_of(self, name: str | None, options: SynthesisOptions) -> Stages:
        """The stages of the voice that a text names. The options name networks of this voice, not of another one."""
        other, speaker = self._speaking(name)
        if other is self:
            return self._stages(options if speaker is None else replace(options, speaker=speaker))
        own = {option: getattr(SynthesisOptions, option) for option in ("vocoder", "acoustic")}
        return other.prepare(replace(options, **own, speaker=speaker))

    def _speaking(self, name: str | None) -> tuple[Voice, str | None]:
        """The voice, and the speaker of it, that a text names: "joe", "kokoro/bf_emma", or a speaker of this voice.

        Raises:
            TtsError: there is no such voice or speaker.
        """
        if name is None or name == self.manifest.name:
            return self, None
        if any(name == speaker.name for speaker in self.manifest.speakers):
            return self, name
        voice, slash, speaker = name.rpartition("/")
        if not slash or name in voice_folders() or (voice != self.manifest.name and voice not in voice_folders()):
            voice, speaker = name, ""
        other = self if voice == self.manifest.name else self._other(voice)
        if speaker:
            resolve_speaker(other.manifest, speaker)
        return other, speaker or None

    def _other(self, name: str) -> Voice:
        """Another voice that a text names; raises TtsError if there is none."""
        if name not in self._others:
            if self._load is None:
                raise TtsError("other voices are not available here.")
            self._others[name] = self._load(name)
        return self._others[name]

    def _sentences(
        self, text: str | Passage, options: SynthesisOptions, continued: Continued | None = None
    ) -> Iterator[Sentence]:
        def frontend_for(name: str | None) -> Frontend:
            voice, speaker = self._speaking(name)
            return voice.frontend(speaker or (options.speaker if voice is self else None))

        passage = passage_of(text, options.input, self.manifest.language)
        return read_sentences(passage, options, frontend_for, continued)

    def _pieces(
        self, text: str | Passage, options: SynthesisOptions, continued: Continued | None = None
    ) -> Iterator[Piece]:
        self.prepare(options)
        rate = self.manifest.sample_rate
        for sentence in self._sentences(text, options, continued):
            if sentence.is_silent:
                # What comes after the last sentence: a pause, bookmarks, warnings.
                audio = Audio(np.zeros(sentence.n_silent(rate), np.float32), rate)
                times = sentence_times(sentence, None, rate)
                yield Piece("", "", audio, (), sentence.warnings, _NO_MEL, times.seconds, bookmarks=times.bookmarks)
                continue
            pieces = self._speak(sentence, self._stages_of(sentence.voice, options), options)
            while True:
                # PyTorch has its threads back between the pieces.
                with one_compute_thread():
                    piece = next(pieces, None)
                if piece is None:
                    break
                yield piece

    def _speak(self, sentence: Sentence, stages: Stages, options: SynthesisOptions) -> Iterator[Piece]:
        rate = self.manifest.sample_rate
        spoken = stages.speak(sentence, options)
        times = sentence_times(sentence, spoken, rate)
        logger.debug("sentence %d: %r, %.2f s", sentence.index, sentence.text, times.seconds)

        chunks = samples_with_gain(sentence, spoken, rate)
        mel = _NO_MEL if spoken.mel is None else spoken.mel
        yield Piece(
            text=with_single_spaces(sentence.text),
            phonemes=sentence.phonemes,
            audio=Audio(np.concatenate([np.zeros(sentence.n_silent(rate), np.float32), next(chunks)]), rate),
            marks=times.marks,
            warnings=(
                *stages.warnings(sentence.index),
                *sentence.warnings,
                *unsupported_prosody(sentence, stages.controls),
                *spoken.warnings,
            ),
            mel=mel,
            seconds=times.seconds,
            words=times.words,
            bookmarks=times.bookmarks,
            opens=sentence.opens,
        )
        for samples in chunks:
            yield Piece("", "", Audio(samples, rate), (), (), mel[:, :0], 0.0, goes_on=True)


_NO_MEL = np.zeros((0, 0), np.float32)


def load_voice(
    voice: str = VoiceOptions.voice,
    *,
    vocoder: str | None = None,
    acoustic: str | None = None,
    speaker: str | None = None,
    device: str = VoiceOptions.device,
    runtime: str | None = None,
    precision: str = VoiceOptions.precision,
    threads: int | None = None,
    lexicon: Path | None = None,
    system_espeak: bool = False,
    engine: str | None = None,
) -> Voice:
    """Load a voice by name, or from the folder of one. The arguments are those of `VoiceOptions`.

    `vocoder` and `acoustic` are those of the voice if None. `device` is auto, cpu, cuda or cuda:N; `runtime` is auto,
    torch or onnx (None: from TTS_RUNTIME, or auto), and `engine` its former name; `precision` is float32, bfloat16 or
    int8. `threads` is the number of CPU threads that compute, for all voices of this process (None: from TTS_THREADS,
    or all cores).

    Raises:
        UsageError: there is no such voice, vocoder, acoustic model, speaker, device, runtime or precision.
        TtsError: the voice's manifest is broken, or this version cannot read its text. The files of its networks are
            checked at first use.
    """
    if threads is not None:
        set_compute_threads(threads)
    computing = choose_computing(device, runtime or engine, precision)

    def load(name: str, acoustic: str | None = None, vocoder: str | None = None, speaker: str | None = None) -> Voice:
        manifest = find_voice(name)
        frontend = manifest.frontend
        assert frontend is not None

        def frontend_in(language: str) -> Frontend:
            # A lexicon of phonemes is useless for a voice that reads letters: it is refused only if it was requested.
            known = lexicon_for(language, lexicon, user=frontend.kind != "characters")
            return frontend_for(
                frontend.kind, language, frontend.symbols, frontend.ids, lexicon=known, system_espeak=system_espeak
            )

        logger.debug("voice %s from %s on %s", manifest.name, manifest.folder, computing.device)
        loaded = Voice(manifest, frontend_in, computing, load, acoustic=acoustic, vocoder=vocoder, speaker=speaker)
        loaded.frontend()
        return loaded

    return load(voice, acoustic, vocoder, speaker)
