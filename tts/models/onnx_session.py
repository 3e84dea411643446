"""Running a graph on ONNX Runtime: one thread, no spinning, weights handed over as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[np.float32]]


class Session:
    """A graph with its weights, ready to run."""

    def __init__(self, graph: bytes, weights: Arrays) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # One thread: sums keep their order, so that the same text gives the same bytes on every machine's cores.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def run(self, **inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        outputs: list[npt.NDArray[Any]] = self._session.run(None, inputs)
        return outputs
