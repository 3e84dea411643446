"""Fast ways for the CPU. What Numba kept from an earlier process is only loaded; what it must compile is told of."""

from typing import Any

from numba.core import event

from tts.kernels.compiling import compiling


class _Compiling(event.Listener):
    def on_start(self, event: Any) -> None:
        compiling()

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _Compiling())  # type: ignore[no-untyped-call]
