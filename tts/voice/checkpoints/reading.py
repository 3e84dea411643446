"""From a checkpoint file to one of our networks: recognise the file, find the network's state, convert its layout.

Nothing in a checkpoint is ever run: see `pickles`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.voice.checkpoints import hifigan, tacotron2, waveglow, wavenet
from tts.voice.checkpoints.pickles import Record, read_pickle
from tts.voice.checkpoints.weights import CheckpointWeights, ConvertedNetwork, Layout
from tts.voice.load import build_acoustic_model, build_vocoder

LAYOUTS: tuple[Layout, ...] = (tacotron2, waveglow, wavenet, hifigan)
"""The known layouts; the first one that matches converts a checkpoint."""
_KNOWN = (
    "NVIDIA's Tacotron 2 and WaveGlow, TorchAudio's Tacotron 2, r9y9's WaveNet, and jik876's and SpeechBrain's HiFi-GAN"
)
_MAX_JSON_BYTES = 2**20
# What r9y9 and jik876 call the hyperparameters of a run, in the folder of its checkpoints.
_HYPERPARAMETER_NAMES = ("hparams.json", "config.json")

# Where training scripts put a network's state, in the order in which they are looked for.
_STATE_KEYS = (
    "state_dict",
    "model_state_dict",
    "generator",
    "model",
    "model_g",
    "net",
    "network",
    "weights",
    "params",
    "module",
    "net_g",
    "netG",
    "generator_state_dict",
    "vocoder",
    "student",
)
# What holds an average of the weights: used where there is nothing else.
_AVERAGED_KEYS = ("ema", "model_ema", "ema_model", "state_dict_ema", "ema_state_dict", "generator_ema", "shadow")
_MAX_LEVELS = 6
# What compilation, sharding and checkpointing of activations put into names, also in the middle.
_WRAPPERS = re.compile(r"(?:^|(?<=\.))(?:_orig_mod|_fsdp_wrapped_module|_forward_module|_checkpoint_wrapped_module)\.")
# What data-parallel training, averaging and training frameworks put before all names.
_PREFIXES = (
    *("module.", "model.", "net.", "network.", "generator.", "_model.", "_module.", "wrapped_model.", "base_model."),
    *("ema.", "ema_model.", "model_ema.", "averaged_model.", "state_dict.", "vocoder.", "acoustic_model.", "netG."),
    *(
        "net_g.",
        "model_g.",
        "generator_ema.",
        "tacotron2.",
        "waveglow.",
        "wavenet.",
        "hifigan.",
        "student.",
        "teacher.",
    ),
)
# What averaging counts beside the names with a prefix.
_COUNTERS = frozenset(("n_averaged", "initted", "step", "decay", "num_updates", "updates", "global_step"))
# Networks of several parts are searched for a known one down to this number of names before it.
_MAX_PREFIX = 3
_MAX_PREFIXES = 500
_MAX_MODULES = 100_000
_MAX_PLAIN_VALUES = 100_000
# Tensors may share memory (views, tied weights), but a small file must not fill the memory once they are copied.
_MIN_BUDGET_BYTES = 2 * 2**30
_MAX_GROWTH = 4

_HEAD_BYTES = 1024
_MAX_HEADER_BYTES = 100 * 2**20
_MEDIA = ("a sound or picture", "")
_PROGRAM = ("a program", "")
_ARCHIVE = ("an archive", "unpack it and name the checkpoint inside")
_ONLY_PYTORCH = "only PyTorch's checkpoints are known"
_SENT_INSTEAD = "the server sent it instead of the file"
# What a file is that begins like this, and what to do.
_OTHER_KINDS: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (rb"version https://git-lfs", ("a Git LFS pointer", "it stands for a file that was not downloaded; fetch that")),
    (rb"RIFF|OggS|fLaC|ID3|\xff\xd8\xff|\x89PNG", _MEDIA),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!|.{257}ustar", _ARCHIVE),
    (rb"\x89HDF", ("an HDF5 file", _ONLY_PYTORCH)),
    (rb"\x93NUMPY", ("a NumPy array", _ONLY_PYTORCH)),
    (rb"%PDF", ("a PDF document", "")),
    (rb"\x7fELF|MZ", _PROGRAM),
    (rb"<\?xml", ("an XML document", _SENT_INSTEAD)),
    (rb"(?i)\s*(<!--.*?-->\s*)?<(!doctype html|html|head|body)", ("a web page", _SENT_INSTEAD)),
    # ONNX begins with its version and then the name of its producer.
    (rb"(?i)\x08[\x01-\x20]\x12.{1,40}?(pytorch|onnx|tensorflow|keras|sklearn)", ("an ONNX model", _ONLY_PYTORCH)),
)
_JSON = re.compile(rb"\s*[\[{]\s*[\"\[{\]}\d]")


@dataclass(frozen=True)
class CheckpointContents:
    """A network's tensors by name, and the plain values beside them (configuration, iteration, …)."""

    weights: dict[str, Tensor]
    extras: dict[str, Any] = field(default_factory=dict)


def convert(
    path: Path, hyperparameters: Path | None = None, *, layouts: Sequence[Layout] = LAYOUTS
) -> ConvertedNetwork:
    """Read a checkpoint of any known layout and convert it to weights that fit one of our networks exactly.

    `hyperparameters` is the JSON file that some layouts need; by default it is looked for beside the checkpoint, under
    the checkpoint's name or the name that the layouts' authors use.

    Raises:
        TtsError: a file cannot be read or is no checkpoint, its layout is not known, or it does not fit its network.
    """
    checkpoint = read_checkpoint(path)
    weights = CheckpointWeights(checkpoint.weights)
    layout = next((layout for layout in layouts if layout.matches(weights, checkpoint.extras)), None)
    others: tuple[str, ...] = ()
    if layout is None and (prefix := _prefix_of_network(checkpoint, layouts)):
        # One of several networks in the file: a generator beside its discriminators, weights beside their average.
        parts = {name: tensor for name, tensor in checkpoint.weights.items() if name.startswith(prefix)}
        others = tuple(name for name in checkpoint.weights if name not in parts)
        weights = CheckpointWeights({name[len(prefix) :]: tensor for name, tensor in parts.items()})
        layout = next(layout for layout in layouts if layout.matches(weights, checkpoint.extras))
    if layout is None:
        names = [name[:60] for name in checkpoint.weights]
        listed = ", ".join(map(repr, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        raise TtsError(f"{path} is a checkpoint of no known layout (it holds {listed}): known are {_KNOWN}.")

    beside = [path.with_suffix(".json"), *(path.with_name(name) for name in _HYPERPARAMETER_NAMES)]
    config = hyperparameters or next((path for path in beside if path.is_file()), None)
    values = None
    if config is not None:
        try:
            with config.open("rb") as file:
                text = file.read(_MAX_JSON_BYTES + 1)
            values = json.loads(text) if len(text) <= _MAX_JSON_BYTES else None
        except OSError as error:
            raise TtsError(f"The hyperparameters {config} cannot be read: {error.strerror or error}.") from error
        except (ValueError, RecursionError) as error:
            raise TtsError(f"The hyperparameters {config} are not JSON.") from error
        if not isinstance(values, dict):
            raise TtsError(f"The hyperparameters {config} must be one JSON object of names and values.")

    try:
        converted = layout.convert(weights, checkpoint.extras, values)
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        source = config or f"in {path}"
        reason = f"{type(error).__name__}: {error}"[:200]
        raise TtsError(f"The hyperparameters {source} have a value of the wrong kind ({reason}).") from error
    try:
        # On the meta device the network has no memory and adopts the tensors: only names and shapes are compared.
        with torch.device("meta"):
            network = build_network(converted)
        network.load_state_dict(converted.weights, assign=True)
    except (TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise TtsError(f"The checkpoint looks like {converted.layout}, but does not fit it ({reason}).") from error
    return replace(converted, dropped=(*converted.dropped, *others))


def _unwrapped(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without what wrappers of training put before all of their names; without these, as they are."""
    renamed = {_WRAPPERS.sub("", name): tensor for name, tensor in weights.items()}
    if len(renamed) < len(weights):
        return weights
    counters = {name for name, tensor in renamed.items() if name in _COUNTERS and tensor.numel() == 1}
    names = [name for name in renamed if name not in counters]
    start = 0
    while prefix := next(
        (one for one in _PREFIXES if names and all(name.startswith(one, start) for name in names)), None
    ):
        start += len(prefix)
    if renamed.keys() == weights.keys() and not start:
        return weights
    return {name[start:]: renamed[name] for name in names}


def _prefix_of_network(checkpoint: CheckpointContents, layouts: Sequence[Layout]) -> str | None:
    """The names before those of a network that a layout knows: of several, the shortest that is no average."""
    prefixes: dict[str, None] = {}
    for name in checkpoint.weights:
        parts = name.split(".")
        prefixes.update(
            dict.fromkeys(".".join(parts[:n]) + "." for n in range(1, min(_MAX_PREFIX, len(parts) - 1) + 1))
        )

    def rank(prefix: str) -> tuple[bool, int]:
        return any(part in _AVERAGED_KEYS for part in prefix.split(".")), prefix.count(".")

    for prefix in sorted(prefixes, key=rank)[:_MAX_PREFIXES]:
        # Layouts look at names only: one value stands for all tensors.
        value = torch.zeros(1)
        names = {name[len(prefix) :]: value for name in checkpoint.weights if name.startswith(prefix)}
        with suppress(TtsError):
            weights = CheckpointWeights(names)
            if any(layout.matches(weights, checkpoint.extras) for layout in layouts):
                return prefix
    return None


def build_network(converted: ConvertedNetwork) -> torch.nn.Module:
    """The network that a checkpoint was converted to, with random weights."""
    if converted.role == "acoustic":
        return build_acoustic_model(converted.network, converted.options)
    return build_vocoder(converted.network, MelSettings(**converted.mel), converted.options)


def read_checkpoint(path: Path) -> CheckpointContents:
    """Read a `torch.save` or safetensors file and find the network's state in it; nothing in the file is run.

    The state may be nested a few levels deep, or be a complete pickled module. What wrappers of training put before all
    names is removed: `module.`, `_orig_mod.`, `ema.`, `model.` and the like.

    Raises:
        TtsError: the file is no checkpoint (the message says what it is), is damaged, or holds no network.
    """
    if checkpoint_kind(path) == "safetensors":
        try:
            with safe_open(path, framework="pt", device="cpu") as file:
                weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
                found = CheckpointContents(weights, dict(file.metadata() or {}))
        except (SafetensorError, AttributeError, KeyError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise TtsError(f"{path} cannot be read as a checkpoint: its safetensors are damaged ({reason}).") from error
        except OSError as error:
            raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error
    else:
        found = _find_state(read_pickle(path), _MAX_LEVELS) or CheckpointContents({})
    if not found.weights:
        raise TtsError(f"{path} holds no network: there is no state_dict in it.")
    n_bytes = sum(tensor.numel() * max(4, tensor.itemsize) for tensor in found.weights.values())
    if n_bytes > max(_MIN_BUDGET_BYTES, _MAX_GROWTH * path.stat().st_size):
        raise TtsError(f"{path} cannot be read as a checkpoint: its tensors are far larger than the file.")
    return CheckpointContents(_unwrapped(found.weights), found.extras)


def checkpoint_kind(path: Path) -> Literal["torch", "safetensors"]:
    """The format of a checkpoint, by its first bytes.

    Raises:
        TtsError: it cannot be opened, or is no checkpoint: the message says what it is instead.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise TtsError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not head:
        raise TtsError(f"{path} is empty: its download failed; fetch it again.")
    if head.startswith((b"PK\x03\x04", b"\x80")):
        return "torch"
    # Safetensors: eight bytes of length, then JSON.
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= _MAX_HEADER_BYTES:
        return "safetensors"
    for pattern, (what, advice) in _OTHER_KINDS:
        if re.match(pattern, head, re.DOTALL):
            raise TtsError(f"{path} is {what}, not a checkpoint{advice and ': '}{advice}.")
    with suppress(UnicodeDecodeError):
        # An incremental decoder, because the last character may be cut in the middle.
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
        if all(character.isprintable() or character.isspace() for character in text):
            raise TtsError(f"{path} is {'JSON text' if _JSON.match(head) else 'text'}, not a checkpoint.")
    if path.suffix == ".safetensors":
        return "safetensors"
    raise TtsError(f"{path} is no known checkpoint: it is neither a torch file nor safetensors.")


def _find_state(value: Any, levels: int) -> CheckpointContents | None:
    """The network's state in a value: the value itself, or what it holds under a known key or its only key."""
    if isinstance(value, Record):
        return _module_state(value)
    if not isinstance(value, dict) or not levels:
        return None
    keys = (*_STATE_KEYS, *_AVERAGED_KEYS)
    known = [key for key in keys if isinstance(value.get(key), (dict, Record))]
    records = [key for key, part in value.items() if isinstance(part, Record)]
    others = records or (list(value) if len(value) == 1 else [])
    for key in [*known, *others]:
        if found := _find_state(value[key], levels - 1):
            beside = {name: part for name, part in value.items() if name != key}
            return CheckpointContents(found.weights, {**_plain_values(beside), **found.extras})
    weights = {name: part for name, part in value.items() if isinstance(name, str) and isinstance(part, Tensor)}
    return CheckpointContents(weights, _plain_values(value)) if weights else None


def _module_state(module: Record) -> CheckpointContents | None:
    """What `state_dict` would return for a pickled module, and the module's own plain attributes."""
    if not _is_module(module):
        return None
    children = _mapping(module.state.get("_modules"))
    wrapped = children.get("module", children.get("_orig_mod"))
    if len(children) == 1 and _is_module(wrapped) and not any(_own_tensors("", module.state)):
        # Data-parallel training and compilation wrap the module in another.
        assert isinstance(wrapped, Record)
        module = wrapped

    weights: dict[str, Tensor] = {}
    n_modules = 0
    waiting: list[tuple[str, Record, tuple[int, ...]]] = [("", module, ())]
    while waiting:
        n_modules += 1
        if n_modules > _MAX_MODULES:
            raise TtsError("The checkpoint has more modules than any network.")
        prefix, part, above = waiting.pop()
        weights.update(_own_tensors(prefix, part.state))
        inside = (*above, id(part))
        for name, child in reversed(_mapping(part.state.get("_modules")).items()):
            if id(child) in inside or len(inside) > 64:
                raise TtsError("The checkpoint's modules contain themselves.")
            if _is_module(child):
                waiting.append((f"{prefix}{name}.", child, inside))
    attributes = {name: value for name, value in module.state.items() if not str(name).startswith("_")}
    return CheckpointContents(weights, _plain_values(attributes)) if weights else None


def _is_module(value: Any) -> bool:
    return isinstance(value, Record) and isinstance(value.state, dict) and "_modules" in value.state


def _own_tensors(prefix: str, state: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of a module's own parameters and persistent buffers."""
    temporary = state.get("_non_persistent_buffers_set")
    skipped = set(map(str, temporary)) if isinstance(temporary, (set, frozenset, list, tuple)) else set()
    for kind in ("_parameters", "_buffers"):
        for name, tensor in _mapping(state.get(kind)).items():
            if isinstance(tensor, Tensor) and not (kind == "_buffers" and name in skipped):
                yield f"{prefix}{name}", tensor


def _mapping(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}


def _plain_values(values: Mapping[Any, Any]) -> dict[str, Any]:
    """The values that consist only of numbers, texts, and lists and dicts of such."""
    left = _MAX_PLAIN_VALUES  # values that contain each other could be walked for ever

    def is_plain(value: Any, levels: int) -> bool:
        nonlocal left
        left -= 1
        if value is None or isinstance(value, (bool, int, float, str)):
            return True
        if left < 0 or not levels:
            return False
        if isinstance(value, dict):
            value = [*value, *value.values()]
        return isinstance(value, (list, tuple)) and all(is_plain(part, levels - 1) for part in value)

    return {name: value for name, value in values.items() if isinstance(name, str) and is_plain(value, 8)}
