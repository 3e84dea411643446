"""Files in Hugging Face's safetensors format, which hold tensors and text and nothing that runs."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from tts.errors import TtsError


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors by name, on the CPU, and the texts beside them.

    Raises:
        TtsError: the file is damaged, or its header does not fit what follows.
    """
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, AttributeError, KeyError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise TtsError(f"{path} cannot be read as a checkpoint: its safetensors are damaged ({reason}).") from error
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error
