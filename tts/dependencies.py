"""What other packages may do while this one uses them: no usage data, and no files outside of the cache folder.

Importing `tts` sets environment variables that ONNX Runtime and others read when they are loaded, so that every entry
point, worker process and user of the Python API has them. Where the user has set one, its value stays.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

USAGE_DATA_VARIABLES = {
    # Without it ONNX Runtime writes a device id into the home and sends events to its maker. Its own function,
    # disable_telemetry_events(), does not prevent that.
    "ORT_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    # huggingface_hub comes with faster-whisper.
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def forbid_usage_data() -> None:
    """Set the variables that keep other packages from sending usage data; before any of them is imported."""
    for name, value in USAGE_DATA_VARIABLES.items():
        os.environ.setdefault(name, value)


def writable_cache(name: str) -> Path | None:
    """The folder `name` in the cache folder, created if it is missing; None if nothing can be written there."""
    from tts.config import cache_folder

    folder = cache_folder() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        return None
    return folder if _is_writable(folder) else None


def _is_writable(folder: Path) -> bool:
    """Whether a file can be created: permissions do not say whether the file system is read-only."""
    import tempfile

    try:
        tempfile.TemporaryFile(dir=folder).close()
    except (OSError, ValueError):
        return False
    return True


def _temporary_folder() -> Path:
    """A folder that is removed when the process ends."""
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="tts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def prepare_numba() -> None:
    """Before Numba is imported: let it keep compiled code beside its source, or in the cache folder.

    By itself it would use a folder `numba` of the user's cache, and fail where that cannot be written; then it keeps
    nothing. If a caller has imported it already, or has set NUMBA_CACHE_DIR, nothing changes.
    """
    beside = Path(__file__).parent / "kernels" / "cpu"
    if "numba" not in sys.modules and not os.environ.get("NUMBA_CACHE_DIR") and not _is_writable(beside):
        os.environ["NUMBA_CACHE_DIR"] = str(writable_cache("numba") or _temporary_folder())


def prepare_torch_compiler() -> None:
    """Before Lightning Fabric is imported, and with it PyTorch's compiler, which creates a folder for compiled code.

    Nothing is compiled here; the folder would lie in the temporary folder, and stay. TORCHINDUCTOR_CACHE_DIR of the
    user is left as it is.
    """
    if "torch._dynamo" not in sys.modules and not os.environ.get("TORCHINDUCTOR_CACHE_DIR"):
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(writable_cache("torch") or _temporary_folder())


def prepare_triton() -> None:
    """Before Triton is imported: let it cache its programs in the cache folder, or for this process only.

    By itself it writes them into the home, and fails if it cannot.
    """
    if "TRITON_CACHE_DIR" not in os.environ:
        os.environ["TRITON_CACHE_DIR"] = str(writable_cache("triton") or _temporary_folder())


# For each cache: the variable of its folder, our folder, and the variable that disables it with its value.
_CUDA_CACHES = (
    ("CUDA_CACHE_PATH", "cuda", "CUDA_CACHE_DISABLE", "1"),
    ("PYTORCH_KERNEL_CACHE_PATH", "torch-kernels", "USE_PYTORCH_KERNEL_CACHE", "0"),
)


def prepare_cuda() -> None:
    """Before CUDA is used: let it and PyTorch cache programs for a GPU in the cache folder, or else not at all."""
    for variable, name, switch, off in _CUDA_CACHES:
        if variable not in os.environ and switch not in os.environ:
            folder = writable_cache(name)
            os.environ.update({switch: off} if folder is None else {variable: str(folder)})


def prepare_matplotlib() -> None:
    """Import Matplotlib with its list of fonts in the cache folder, or in a temporary folder where that fails.

    By itself Matplotlib creates folders in the home, and prints a warning if it cannot. Call it before any other
    import of Matplotlib; if a caller has imported it already, or has set MPLCONFIGDIR, nothing changes.
    """
    if "matplotlib" in sys.modules:
        return
    is_set = bool(os.environ.get("MPLCONFIGDIR"))
    if not is_set:
        folder = writable_cache("matplotlib")
        os.environ["MPLCONFIGDIR"] = str(folder or _temporary_folder())
    try:
        # Both of its folders are chosen here, once.
        with suppress(ModuleNotFoundError):
            import matplotlib.font_manager  # noqa: F401  # for what it does when it is imported
    finally:
        if not is_set:
            del os.environ["MPLCONFIGDIR"]
