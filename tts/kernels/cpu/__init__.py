"""Implementations for the CPU, compiled by Numba. Code that Numba cached in an earlier process is only loaded; whatever
it must compile is reported to `tts.kernels.execution.when_compiling`.
"""

from typing import Any

from tts.dependencies import prepare_numba
from tts.kernels.execution import notify_compiling

prepare_numba()

from numba.core import event  # noqa: E402  # only now


class _CompilationListener(event.Listener):
    def on_start(self, event: Any) -> None:
        notify_compiling()

    def on_end(self, event: Any) -> None:
        pass


event.register("numba:compile", _CompilationListener())  # type: ignore[no-untyped-call]
