"""Piper's voices (VITS) on ONNX Runtime, as `tts.onnx.piper_graph` divides them: encoder, flow, decoder in segments.

It needs neither PyTorch nor the package onnx.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.models.base import EndToEnd, Floats, SpeechRequest, SpokenWave
from tts.onnx.session import Session

FIRST_FRAMES, MORE_FRAMES = 40, 200
"""Frames of the first segment of a long sentence, which should be heard soon, and the most of the others."""
UNDIVIDED_FRAMES = 100
"""A sentence of no more frames than this is one segment."""


@dataclass(frozen=True)
class PiperSettings:
    """What a voice of Piper's says of itself; `halo` and `steps` are those of `tts.onnx.piper_graph.PiperGraphs`."""

    sample_rate: int
    hop_length: int
    halo: int
    steps: tuple[tuple[int, int], ...]
    noise_scale: float = 0.667
    length_scale: float = 1.0
    noise_w: float = 0.8
    n_speakers: int = 1


class OnnxPiper(EndToEnd):
    """`symbol_ids` are the network's ids of each number in a request, `pad_ids` what stands between symbols.

    Segments are computed on `n_threads` threads, each of them on one: the samples do not depend on their number.
    """

    runtime = "onnx"
    # Attention takes memory with the square of the length, and no sentence that was trained on is this long.
    max_symbols = 1000

    def __init__(
        self,
        name: str,
        encoder: Path,
        flow: Path,
        decoder: Path,
        settings: PiperSettings,
        symbol_ids: Mapping[int, Sequence[int]],
        pad_ids: Sequence[int],
        n_threads: int = 1,
    ) -> None:
        self._settings, self._symbol_ids, self._pad_ids, self._n_threads = settings, symbol_ids, pad_ids, n_threads
        self._encoder = Session(f"{name}'s encoder", lambda: (encoder.read_bytes(), {}))
        self._flow = Session(f"{name}'s flow", lambda: (flow.read_bytes(), {}), optimized=True)
        self._decoder = Session(f"{name}'s decoder", lambda: (decoder.read_bytes(), {}), optimized=True)

    @property
    def sample_rate(self) -> int:
        return self._settings.sample_rate

    @property
    def hop_length(self) -> int:
        return self._settings.hop_length

    @property
    def controls(self) -> frozenset[str]:
        return frozenset({"speed", "noise_scale", "noise_w"})

    @property
    def can_blend(self) -> bool:
        return self._settings.n_speakers > 1

    def wait(self) -> None:
        self._encoder.wait()
        self._flow.wait()
        self._decoder.wait()

    def speak(self, request: SpeechRequest) -> SpokenWave:
        s = self._settings
        ids: list[int] = []
        owners: list[int] = []
        for index, number in enumerate(request.ids):
            # A pad follows each symbol but the last, and belongs to it.
            own = [*self._symbol_ids[number], *([] if index == len(request.ids) - 1 else self._pad_ids)]
            ids += own
            owners += [index] * len(own)
        noise_scale = s.noise_scale if request.noise_scale is None else request.noise_scale
        noise_w = s.noise_w if request.noise_w is None else request.noise_w
        inputs: dict[str, npt.NDArray[Any]] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([noise_scale, s.length_scale / request.speed, noise_w], np.float32),
        }
        # Voices with the deterministic predictor of durations have none.
        if "duration_noise" in self._encoder.input_names():
            inputs["duration_noise"] = request.generator.standard_normal((1, 2, len(ids)), np.float32)
        if s.n_speakers > 1:
            speakers = request.speakers or ((0, 1.0),)
            inputs["sid"] = np.array([index for index, _ in speakers], np.int64)
            inputs["weights"] = np.array([[weight for _, weight in speakers]], np.float32)
        durations, mean, log_deviation, *speaker = self._encoder.run(**inputs)

        frames = durations.reshape(-1).astype(np.int64)
        noise = request.generator.standard_normal((int(frames.sum()), mean.shape[2]), np.float32)
        deviation = np.exp(log_deviation[0]) * np.float32(noise_scale)
        latent = np.repeat(mean[0], frames, axis=0)
        latent += noise * np.repeat(deviation, frames, axis=0)
        per_symbol = np.bincount(owners, weights=frames, minlength=len(request.ids)).astype(np.int64)
        return SpokenWave(per_symbol, self._decoded(np.ascontiguousarray(latent.T), *speaker))

    def _decoded(self, latent: Floats, *speaker: Floats) -> Iterator[Floats]:
        """latent [C, T] → the samples of consecutive segments."""
        (flowed,) = self._run(self._flow, speaker, latent=latent[None])
        bounds = segment_bounds(flowed.shape[-1])

        def samples(start: int, end: int) -> Floats:
            return self._segment(flowed, start, end, speaker)

        if self._n_threads == 1 or len(bounds) == 1:
            for start, end in bounds:
                yield samples(start, end)
            return
        with ThreadPoolExecutor(self._n_threads) as pool:
            waiting: deque[Future[Floats]] = deque()
            for start, end in bounds:
                waiting.append(pool.submit(samples, start, end))
                if len(waiting) > self._n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()

    def _segment(self, flowed: Floats, start: int, end: int, speaker: Sequence[Floats]) -> Floats:
        """flowed [1, C, T] → the samples of the frames from `start` to `end`."""
        s = self._settings
        first, last = max(start - s.halo, 0), min(end + s.halo, flowed.shape[2])
        inputs: dict[str, npt.NDArray[Any]] = {"flowed": np.ascontiguousarray(flowed[:, :, None, first:last])}
        for i, (rate, needed) in enumerate(s.steps):
            wanted_first, wanted_last = max(start - needed, first), min(end + needed, last)
            inputs[f"start{i}"] = np.array([(wanted_first - first) * rate], np.int64)
            inputs[f"end{i}"] = np.array([(wanted_last - first) * rate], np.int64)
            first, last = wanted_first, wanted_last
        samples = self._run(self._decoder, speaker, **inputs)[0].reshape(-1)
        return samples[(start - first) * s.hop_length : (end - first) * s.hop_length]

    @staticmethod
    def _run(session: Session, speaker: Sequence[Floats], **inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        if speaker and "speaker" in session.input_names():
            inputs["speaker"] = speaker[0]
        return session.run(**inputs)


def segment_bounds(n_frames: int) -> list[tuple[int, int]]:
    """The frames of each segment: as few as possible, since their borders are computed twice, and even for two threads.

    A long sentence has a short segment first.
    """
    if n_frames <= UNDIVIDED_FRAMES:
        return [(0, n_frames)]
    first = FIRST_FRAMES if n_frames > 2 * MORE_FRAMES else 0
    n_more = 2 * -(-(n_frames - first) // (2 * MORE_FRAMES))
    ends = [first + (n_frames - first) * i // n_more for i in range(n_more + 1)]
    return list(pairwise([0, *ends] if first else ends))
