"""Running a graph on ONNX Runtime, on one thread, with weights passed as arrays."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tts.errors import TtsError

Arrays = Mapping[str, npt.NDArray[np.float32]]


class Session:
    """A graph that loads in the background: `read` returns it and its weights; the first run waits for it.

    Most of the work releases Python's lock, so that a text can be read and another network loaded meanwhile.
    """

    def __init__(self, name: str, read: Callable[[], tuple[bytes, Arrays]], *, optimized: bool = False) -> None:
        """`optimized`: the graph is one of another program's, which ONNX Runtime should rewrite to run faster."""
        self._name, self._read, self._optimized = name, read, optimized
        self._session: Any = None
        self._problem: TtsError | None = None
        self._thread = threading.Thread(target=self._load)
        self._thread.start()

    def wait(self) -> None:
        """Block until it is ready.

        Raises:
            TtsError: the files do not hold this network.
        """
        self._thread.join()
        if self._problem is not None:
            raise self._problem

    def input_names(self) -> frozenset[str]:
        """The names of the graph's inputs; waits like `run`."""
        self.wait()
        return frozenset(each.name for each in self._session.get_inputs())

    def run(self, **inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """The graph's outputs, in their order.

        Raises:
            TtsError: the files do not hold this network, or it does not accept these inputs.
        """
        self.wait()
        try:
            outputs: list[npt.NDArray[Any]] = self._session.run(None, inputs)
        # The exceptions of ONNX Runtime have no base of their own.
        except Exception as error:
            raise self._error("cannot speak this", error) from None
        return outputs

    def _load(self) -> None:
        try:
            self._session = open_session(*self._read(), optimized=self._optimized)
        except TtsError as error:
            self._problem = error
        except Exception as error:
            self._problem = self._error("does not fit its weights or ONNX Runtime", error)

    def _error(self, problem: str, error: Exception) -> TtsError:
        return TtsError(f"The graph of {self._name} {problem} ({' '.join(str(error).split())[:300]}).")


def open_session(graph: bytes, weights: Arrays, *, optimized: bool = False) -> Any:
    """An `onnxruntime.InferenceSession`; it raises only exceptions and prints nothing."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One thread: sums keep their order, so that the same text gives the same bytes whatever the machine's cores.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Our own graphs are written as they should run. Planning the reuse of memory costs more time than a short sentence,
    # and packing the weights doubles their memory; for a long sentence neither makes a difference.
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.enable_mem_reuse = options.enable_mem_pattern = False
        options.add_session_config_entry("session.disable_prepacking", "1")
    # Its log messages come as exceptions too.
    options.log_severity_level = 4
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
    options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
