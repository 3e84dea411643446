"""Speech in two stages: an acoustic model, and a vocoder that receives its mel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tts.audio.mel_settings import MelSettings, conversion_problem, same_mel
from tts.errors import UsageError
from tts.models.base import AcousticModel, Floats, SpeakerMix, SpeechModel, SpokenMel, Vocoder, WaveRequest
from tts.options import SynthesisOptions
from tts.synthesis.prosody import attempts_with_prosody, final_mel, wave_request
from tts.synthesis.retry import SentenceMel, speak_all_with_retries
from tts.synthesis.sentences import Sentence
from tts.synthesis.stages import SpokenSentence, Stages

# Fourier transforms reflect half a window at the edges: from fewer frames a vocoder could make no sound.
MIN_FRAMES = 4


@dataclass(frozen=True)
class TwoStages(Stages):
    """An acoustic model and a vocoder."""

    acoustic: AcousticModel
    vocoder: VoiceVocoder
    speakers: SpeakerMix = ()

    @property
    def networks(self) -> tuple[SpeechModel, ...]:
        return (self.acoustic, self.vocoder.network)

    @property
    def sample_rate(self) -> int:
        return self.vocoder.mel.sample_rate

    @property
    def controls(self) -> frozenset[str]:
        return self.acoustic.controls

    def warnings(self, index: int) -> tuple[str, ...]:
        return self.vocoder.warnings(index)

    def speak(self, sentence: Sentence, options: SynthesisOptions) -> SpokenSentence:
        generator = sentence.generator(options.seed)
        ((spoken, mel),) = self._mels([(sentence, options)], [generator])
        chunks = self.vocoder.chunks(wave_request(sentence, mel, options, generator), options.denoise)
        return self._sentence(spoken, mel, chunks)

    def speak_all(self, tasks: Sequence[tuple[Sentence, SynthesisOptions]]) -> list[SpokenSentence]:
        generators = [sentence.generator(options.seed) for sentence, options in tasks]
        mels = self._mels(tasks, generators)
        requests = [
            wave_request(sentence, mel, options, generator)
            for (sentence, options), (_, mel), generator in zip(tasks, mels, generators, strict=True)
        ]
        waves = self.vocoder.speak_all(requests, [options.denoise for _, options in tasks])
        return [self._sentence(*mel, iter([samples])) for mel, samples in zip(mels, waves, strict=True)]

    def _mels(
        self, tasks: Sequence[tuple[Sentence, SynthesisOptions]], generators: Sequence[np.random.Generator]
    ) -> list[tuple[SentenceMel, SpokenMel]]:
        """Each sentence's mel as the acoustic model spoke it, and the one that becomes sound."""
        requests = [
            attempts_with_prosody(sentence, options, self.controls, generator)
            for (sentence, options), generator in zip(tasks, generators, strict=True)
        ]
        mels = speak_all_with_retries(self.acoustic, requests, self.speakers)
        return [
            (spoken, final_mel(spoken, self.vocoder.mel, options.clause_silence, sentence.cut))
            for (sentence, options), spoken in zip(tasks, mels, strict=True)
        ]

    def _sentence(self, spoken: SentenceMel, mel: SpokenMel, chunks: Iterator[Floats]) -> SpokenSentence:
        return SpokenSentence(
            symbols=spoken.symbols,
            places=spoken.places,
            durations=mel.durations,
            hop_length=self.vocoder.mel.hop_length,
            sample_rate=self.sample_rate,
            chunks=chunks,
            warnings=spoken.warnings,
            mel=mel.mel,
        )


class VoiceVocoder:
    """The vocoder `name` for a voice's mels, of the settings `mel`: it converts them if needed, and can be denoised.

    Raises:
        UsageError: the vocoder needs another mel, which these cannot be converted into.
    """

    def __init__(self, name: str, vocoder: Vocoder, mel: MelSettings) -> None:
        if problem := conversion_problem(mel, vocoder.mel):
            raise UsageError(f"The vocoder {name} does not fit this voice: {problem}.")
        self.name, self.mel = name, mel
        self._vocoder = vocoder
        self._convert: Callable[[Floats], Floats] | None = None
        self._denoise: Callable[[Floats, float], Floats] | None = None
        if not same_mel(mel, vocoder.mel):
            # Only here, because most voices speak without PyTorch.
            import torch

            from tts.audio.mel import mel_conversion

            if convert := mel_conversion(mel, vocoder.mel):
                self._convert = lambda mel: convert(torch.tensor(mel)).numpy()

    @property
    def network(self) -> Vocoder:
        return self._vocoder

    @property
    def runtime(self) -> str:
        return self._vocoder.runtime

    @property
    def precisions(self) -> tuple[str, ...]:
        return self._vocoder.precisions

    def warnings(self, index: int) -> tuple[str, ...]:
        """What a listener should know about the mel; only for the first sentence, of `index` 0."""
        if index or self._convert is None:
            return ()
        return (f"{self.name} needs another mel than this voice makes; it was converted, which costs quality",)

    def check(self, denoise: float, streams: int = 1) -> None:
        """Raise UsageError where the vocoder has no noise to remove, or cannot generate so many streams."""
        if streams > 1 and not self._vocoder.foldable:
            raise UsageError(f"{self.name} speaks in one stream, not in {streams}; streams are for WaveNet.")
        if not denoise or self._denoise is not None:
            return
        if (noise := self._vocoder.hum()) is None:
            raise UsageError(f"{self.name} has no constant noise to remove; denoise is for WaveGlow and HiFi-GAN.")
        import torch

        from tts.models.denoiser import Denoiser

        denoiser = Denoiser(torch.tensor(noise), self._vocoder.mel.n_fft)
        self._denoise = lambda samples, strength: denoiser(torch.tensor(samples), strength).numpy()

    def __call__(
        self,
        mel: Floats,
        generator: np.random.Generator,
        f0: Floats | None = None,
        denoise: float = 0.0,
        streams: int = 1,
    ) -> Floats:
        """mel [B, n_mels, T] → samples [B, T * hop_length]; `denoise` 0 removes no noise, 1 all of it."""
        self.check(denoise, streams)
        mel, f0, n_samples = self._prepared(mel, f0)
        samples = self._vocoder(mel, generator, f0, streams)[:, :n_samples]
        return self._denoise(samples, denoise) if denoise and self._denoise else samples

    def speak_all(self, requests: Sequence[WaveRequest], denoise: Sequence[float]) -> list[Floats]:
        """The samples [T * hop_length] of several utterances, each as on its own, with so much noise removed."""
        for each, strength in zip(requests, denoise, strict=True):
            self.check(strength, each.streams)
        prepared = [self._prepared_request(each) for each in requests]
        spoken = self._vocoder.speak_all([request for request, _ in prepared])
        cut = [samples[:n_samples] for samples, (_, n_samples) in zip(spoken, prepared, strict=True)]
        return [
            self._denoise(samples[None], strength)[0] if strength and self._denoise else samples
            for samples, strength in zip(cut, denoise, strict=True)
        ]

    def chunks(self, request: WaveRequest, denoise: float = 0.0) -> Iterator[Floats]:
        """The samples of one utterance, in chunks where the vocoder can return the first one sooner."""
        if denoise or request.streams > 1:
            yield from self.speak_all([request], [denoise])
            return
        request, missing = self._prepared_request(request)
        f0 = None if request.f0 is None else request.f0[None]
        for samples in self._vocoder.segments(request.mel[None], request.generator, f0):
            if missing > 0:
                yield samples[0, :missing]
            missing -= samples.shape[1]

    def _prepared_request(self, request: WaveRequest) -> tuple[WaveRequest, int]:
        mel, f0, n_samples = self._prepared(request.mel[None], None if request.f0 is None else request.f0[None])
        return replace(request, mel=mel[0], f0=None if f0 is None else f0[0]), n_samples

    def _prepared(self, mel: Floats, f0: Floats | None) -> tuple[Floats, Floats | None, int]:
        """The vocoder's input, and how many of its samples belong to the given mel."""
        n_samples = mel.shape[2] * self.mel.hop_length
        mel, f0 = at_least(mel, MIN_FRAMES), None if f0 is None else at_least(f0, MIN_FRAMES)
        return self._convert(mel) if self._convert else mel, f0, n_samples


def at_least(frames: Floats, n_frames: int) -> Floats:
    """frames [..., T], the last one repeated until there are `n_frames`."""
    missing = max(0, n_frames - frames.shape[-1])
    return np.concatenate([frames, *[frames[..., -1:]] * missing], axis=-1)
