"""What was made of a network's weights, kept until they change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor


class Kept:
    """One thing made of tensors. It is made anew when one of them is another, lies elsewhere or was written to.

    A change through `.data` is not seen. A copy keeps nothing.
    """

    def __init__(self) -> None:
        self._thing: Any = None
        self._tensors: Sequence[Tensor] = ()
        self._state: object = None

    def made(self, make: Callable[[], Any], tensors: Sequence[Tensor], *settings: object) -> Any:
        """What `make` gives, now or earlier, of these tensors and settings."""
        state = settings, [(t.data_ptr(), t.dtype, 0 if t.is_inference() else t._version) for t in tensors]
        is_same = len(tensors) == len(self._tensors) and all(
            a is b for a, b in zip(tensors, self._tensors, strict=True)
        )
        if not is_same or state != self._state:
            self._thing = make()
            self._tensors, self._state = tensors, state
        return self._thing

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        return Kept, ()
