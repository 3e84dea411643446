"""Benchmarks of a voice: its stages one by one, and speech from text to samples.

Where ONNX Runtime computes, the voice needs no PyTorch. The reference always does, and is loaded only after the voice
has spoken, so that the measured memory is the voice's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tts.benchmark.measuring import ColdStart, RunOutput, Spread, Timings, Workload, measure, peak_mb
from tts.benchmark.presets import VoiceRequest
from tts.benchmark.report import BenchmarkRow, Report, VoiceFacts, this_machine
from tts.kernels.execution import compute_threads, one_compute_thread, reference_only
from tts.synthesis.retry import speak_with_retries
from tts.synthesis.two_stage import TwoStages
from tts.text.frontend import Frontend

if TYPE_CHECKING:
    from tts.synthesis.stages import Stages
    from tts.synthesis.voice import Piece, Voice
    from tts.text.symbols import Encoded

Floats = npt.NDArray[np.float32]

SEED = 0
STAGES = ("frontend", "acoustic", "vocoder", "whole")


@dataclass(frozen=True)
class LoadedVoice:
    """A voice with the requested networks, and the seconds that loading lasted, imports included."""

    request: VoiceRequest
    voice: Voice
    stages: Stages
    load_seconds: float

    @property
    def networks(self) -> list[str]:
        """The names of the networks, in the order in which they are used."""
        manifest, options = self.voice.manifest, self.request.options
        if manifest.end_to_end is not None:
            return [manifest.end_to_end.network]
        return [options.acoustic or manifest.default_acoustic, options.vocoder or manifest.default_vocoder]

    def plain_stages(self) -> TwoStages:
        """The same two networks by PyTorch in float32, computed by the references."""
        from tts.synthesis.voice import load_voice

        with reference_only():
            plain = load_voice(self.request.voice, device=self.voice.computing.device, runtime="torch")
            stages = plain.prepare(self.request.options)
        assert isinstance(stages, TwoStages)
        return stages


def load_requested(request: VoiceRequest, start: float) -> LoadedVoice:
    """Load a voice; `start` is when loading began, by `time.perf_counter`.

    Raises:
        UsageError, TtsError: like `load_voice` and `Voice.prepare`.
    """
    from tts.synthesis.voice import load_voice

    voice = load_voice(
        request.voice,
        device=request.device,
        runtime=request.runtime,
        precision=request.precision,
        threads=request.threads,
        system_espeak=request.system_espeak,
    )
    stages = voice.prepare(request.options)
    return LoadedVoice(request, voice, stages, time.perf_counter() - start)


@dataclass
class Script:
    """The lines that a voice speaks, one utterance each; `pieces` are their sentences, the inputs of the stages.

    `first_audio_seconds`: the time to each line's first sentence, in every run but the first. `peak_mb`: the peak
    memory of this process after the first run.

    Raises:
        TtsError: a line has nothing to speak.
    """

    loaded: LoadedVoice
    lines: Sequence[str]
    first_audio_seconds: list[float] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.pieces = self._spoken()
        self.peak_mb = peak_mb()
        self.first_audio_seconds.clear()

    @property
    def seconds(self) -> float:
        """Of audio, without the silence between sentences where the voice makes a mel."""
        if not self.loaded.voice.manifest.mel:
            return sum(piece.audio.seconds for piece in self.pieces)
        return float(sum(piece.mel.shape[1] for piece in self.pieces) * self.frame_seconds)

    @property
    def frame_seconds(self) -> float:
        """Of a mel, if the voice makes one."""
        manifest = self.loaded.voice.manifest
        return float(manifest.mel["hop_length"] / manifest.sample_rate)

    def warnings(self) -> list[str]:
        """The voice's warnings, each once."""
        return list(dict.fromkeys(warning for piece in self.pieces for warning in piece.warnings))

    def workloads(self) -> list[Workload]:
        """The frontend, each network, and all of them; a network from text to samples has no reference."""
        frontend = Workload("frontend", "frontend", self._read, None, self.seconds, scalable=False)
        whole = Workload("whole", "whole", self._say, None, self.seconds, scalable=False)
        fast, names = self.loaded.stages, self.loaded.networks
        if not isinstance(fast, TwoStages):
            network = Workload(names[0], "end-to-end", self._speak_whole, None, self.seconds, scalable=False)
            return [frontend, network, whole]
        plain = self.loaded.plain_stages()
        acoustic = Workload(
            names[0],
            "acoustic",
            lambda seconds: self._speak(fast),
            lambda seconds: self._speak(plain),
            self.seconds,
            scalable=False,
        )
        vocoder = Workload(
            names[1],
            "vocoder",
            lambda seconds: self._sound(fast, seconds),
            lambda seconds: self._sound(plain, seconds),
            self.seconds,
        )
        return [frontend, acoustic, vocoder, whole]

    def _spoken(self) -> list[Piece]:
        pieces = []
        for line in self.lines:
            start = time.perf_counter()
            for index, piece in enumerate(self.loaded.voice.stream(line, self.loaded.request.options)):
                if index == 0:
                    self.first_audio_seconds.append(time.perf_counter() - start)
                pieces.append(piece)
        return pieces

    def _say(self, seconds: float) -> RunOutput:
        self._spoken()
        return RunOutput(np.zeros(0, np.float32), self.seconds)

    @cached_property
    def _frontend(self) -> Frontend:
        return self.loaded.voice.frontend(self.loaded.request.options.speaker)

    @cached_property
    def _encoded(self) -> list[Encoded]:
        return [self._frontend.encode(piece.phonemes) for piece in self.pieces]

    def _read(self, seconds: float) -> RunOutput:
        for line in self.lines:
            for sentence in self._frontend.sentences(line):
                self._frontend.encode(self._frontend.phonemize(sentence))
        return RunOutput(np.zeros(0, np.float32), self.seconds)

    # The voice itself computes its stages this way, too.
    @one_compute_thread()
    def _speak_whole(self, seconds: float) -> RunOutput:
        """All sentences through a network from text to samples."""
        options, stages = self.loaded.request.options, self.loaded.stages
        scripts = [self.loaded.voice.read(line, options) for line in self.lines]
        spoken = stages.speak_all([(sentence, options) for each in scripts for sentence in each.sentences])
        samples = np.concatenate([chunk for each in spoken for chunk in each.chunks])
        return RunOutput(samples, len(samples) / stages.sample_rate)

    @one_compute_thread()
    def _speak(self, stages: TwoStages) -> RunOutput:
        generator = np.random.default_rng(SEED)
        options = self.loaded.request.options
        mels = [
            speak_with_retries(stages.acoustic, symbols, options, generator).result.mel for symbols in self._encoded
        ]
        return RunOutput(np.concatenate(mels, axis=1), sum(mel.shape[1] for mel in mels) * self.frame_seconds)

    @one_compute_thread()
    def _sound(self, stages: TwoStages, seconds: float) -> RunOutput:
        """The first `seconds` of the script, sentence by sentence."""
        left = n_frames = max(1, round(seconds / self.frame_seconds))
        generator, samples = np.random.default_rng(SEED), []
        for piece in self.pieces:
            if left > 0:
                mel = piece.mel[None, :, :left]
                samples.append(stages.vocoder(mel, generator)[0])
                left -= mel.shape[2]
        return RunOutput(np.concatenate(samples), (n_frames - max(0, left)) * self.frame_seconds)


def bench_voice(
    loaded: LoadedVoice,
    lines: Sequence[str],
    *,
    repeat: int,
    cold_start: ColdStart | None = None,
    limits: bool = False,
    on_run: Callable[[], None] = lambda: None,
) -> Report:
    """Measure the stages of a voice, and all of them; `on_run` is called `repeat` times for each.

    The reference of all stages is the sum of their references, since the vocoder's is measured on less audio; there is
    none for a network from text to samples.

    Raises:
        TtsError: a line has nothing to speak.
    """
    script = Script(loaded, lines)
    *parts, whole = [measure(workload, repeat, on_run) for workload in script.workloads()]
    networks, computing = loaded.stages.networks, loaded.voice.computing
    if all(part.reference is not None for part in parts[1:]):
        references = [part.reference or part.fast for part in parts]
        summed = Timings(
            min(part.audio_seconds for part in references),
            sum(part.first_seconds for part in references),
            [sum(run) for run in zip(*(part.rtfs for part in references), strict=True)],
            max(part.peak_mb for part in references),
        )
        whole = replace(whole, reference=summed)
    rows = [
        BenchmarkRow(parts[0], None, None),
        *(
            BenchmarkRow(part, _spoken_in(computing.precision, network.precisions), network.runtime)
            for part, network in zip(parts[1:], networks, strict=True)
        ),
        BenchmarkRow(whole, None, None),
    ]
    facts = VoiceFacts(
        loaded.voice.manifest.name,
        tuple(loaded.networks),
        loaded.stages.runtimes,
        len(lines),
        sum(map(len, lines)),
        loaded.load_seconds,
        script.peak_mb,
        Spread.of([1000 * seconds for seconds in script.first_audio_seconds]),
        cold_start,
    )
    found = None
    if limits:
        import torch

        from tts.benchmark.costs import measure_limits
        from tts.benchmark.networks import computing_on

        with computing_on(None) as threads:
            found = measure_limits(torch.device(computing.device), threads, computing.precision)
    threads = compute_threads()
    return Report(this_machine(), computing.device, threads, repeat, rows, found, facts, script.warnings())


def _spoken_in(precision: str, precisions: Sequence[str]) -> str:
    """Not every network of a voice supports the requested precision."""
    return precision if precision in precisions else "float32"
