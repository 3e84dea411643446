"""Kokoro on ONNX Runtime: the symbols of a sentence, a speaker's style and a speed → samples with durations.

The style of a speaker is a vector for each number of phonemes, which are learnt together with the network. A blend of
speakers is the weighted mean of their styles. `tts.voice.kokoro` makes the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.audio.audio import INT16_SCALE
from tts.models.base import EndToEnd, Floats, SpeechRequest, SpokenWave
from tts.onnx.session import Arrays, Session

N_STYLES = 510
"""The most phonemes of a sentence; there is a style for each number of them."""
_N_PADS = 2
# Random numbers for a graph that samples some; it repeats them if it needs more.
_N_RANDOM = 2**20
# The sound of a symbol begins before the frames that the network gives it: 35 ms on the median of 17 words.
_LEAD_FRAMES = 1


class KokoroGraph:
    """The graph, which loads in the background; `random` names its inputs for random numbers: "normal", "uniform"."""

    def __init__(self, name: str, read: Callable[[], tuple[bytes, Arrays]], random: Collection[str] = ()) -> None:
        self._session = Session(name, read)
        self._random = tuple(random)

    def wait(self) -> None:
        """Block until it is ready; raises TtsError if the file does not hold this graph."""
        self._session.wait()

    def speak(
        self, ids: Sequence[int], style: Floats, speed: float, generator: np.random.Generator
    ) -> tuple[Floats, npt.NDArray[np.int64]]:
        """ids of symbols, pads included, and a style [256] → samples, and the frames of each symbol."""
        inputs: dict[str, npt.NDArray[Any]] = {
            "voice.ids": np.asarray([ids], np.int64),
            "voice.style": style[None],
            "voice.speed": np.asarray([speed], np.float32),
        }
        for kind in self._random:
            sample = generator.standard_normal if kind == "normal" else generator.random
            inputs[f"voice.{kind}"] = sample(_N_RANDOM, dtype=np.float32)
        audio, durations = self._session.run(**inputs)
        return audio, durations


class OnnxKokoro(EndToEnd):
    """`styles` are those of the speakers in their order, each [510, 256]; it is called when they are first needed."""

    runtime = "onnx"
    max_symbols = N_STYLES + _N_PADS
    sample_rate = 24_000
    hop_length = 600
    controls = frozenset({"speed"})
    can_blend = True

    def __init__(self, graph: KokoroGraph, style: Callable[[int], Floats]) -> None:
        self._graph, self._style = graph, style

    def wait(self) -> None:
        self._graph.wait()

    def speak(self, request: SpeechRequest) -> SpokenWave:
        """The audio is complete when this returns."""
        # As the style is chosen in training: the first row is for one phoneme.
        row = max(0, len(request.ids) - _N_PADS - 1)
        style = sum(weight * self._style(speaker)[row] for speaker, weight in request.speakers or ((0, 1.0),))
        audio, durations = self._graph.speak(
            request.ids, np.asarray(style, np.float32), request.speed, request.generator
        )
        durations = durations.copy()
        lead = min(_LEAD_FRAMES, int(durations[0]) - 1)
        durations[0] -= lead
        durations[-1] += lead
        return SpokenWave(durations, iter([audio + _dither(len(audio), request.generator)]))


def _dither(n: int, generator: np.random.Generator) -> Floats:
    """Noise of triangular distribution, of two of the smallest steps of a 16-bit file.

    The pauses of the network are quieter than such a file can hold. Without it they would be rounded to digital
    silence, which listeners do not miss, but predictors of quality do (DistillMOS 4.48 in place of 4.53).
    """
    steps: Floats = generator.random(n, dtype=np.float32) - generator.random(n, dtype=np.float32)
    return (steps / INT16_SCALE).astype(np.float32)
