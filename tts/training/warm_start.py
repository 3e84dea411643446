"""Starting from weights that were trained before: another run's, a voice's, an installed public checkpoint's.

What fits by name and shape is taken. Symbols may stand in another order or number: their vectors are taken one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tts.errors import TtsError, UsageError
from tts.training.folder import BEST, LAST
from tts.training.loop import Trainer
from tts.training.state import MovingAverage, load_state
from tts.voice.load import load_acoustic_model, load_vocoder
from tts.voice.manifest import VoiceManifest
from tts.voice.store import find_installed, suggestion

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Source:
    """Weights of a network, of its critic where they are known, and what the rows of its symbol embedding stand for."""

    weights: Weights
    symbols: Sequence[str]
    critic: Weights = field(default_factory=dict)


def warm_start(trainer: Trainer[Any], name: str) -> list[str]:
    """Put weights into a trainer at step 0, from a run's folder, a state's file, or a voice's name or folder.

    Returns what was not taken, a sentence each.

    Raises:
        UsageError: there is no such run or voice, or it has no such network.
        TtsError: nothing in it fits.
    """
    source = find_source(trainer, name)
    taken, other = matching(trainer.network.state_dict(), source.weights)
    told = _take_symbols(trainer, source, taken, other)
    if not taken:
        raise TtsError(f"Nothing in {name} fits a {trainer.network_name} of these sizes: look at the recipe's options.")
    _load(trainer.network, taken)
    trainer.average = MovingAverage(trainer.network, trainer.schedule.average_decay)
    critic, _ = matching(trainer.critic.state_dict(), source.critic)
    _load(trainer.critic, critic)
    if other:
        told.append(f"not taken from {name}, and trained from the start: {_few(other)}")
    return told


def find_source(trainer: Trainer[Any], name: str) -> Source:
    """Raises like `warm_start`."""
    path = Path(name).expanduser()
    if path.is_file():
        return _of_state(load_state(path))
    # The state knows the weights exactly and the critic too, the voice in the same folder does not.
    for state in (path / BEST, path / LAST):
        if state.is_file():
            return _of_state(load_state(state))
    return _of_voice(trainer, find_installed(name))


def matching(own: Weights, given: Weights) -> tuple[Weights, list[str]]:
    """What of `given` fits `own` by name and shape, and the names in `own` for which nothing does."""
    taken = {name: given[name] for name, tensor in own.items() if name in given and given[name].shape == tensor.shape}
    return taken, [name for name in own if name not in taken]


def rows_of_symbols(own: Tensor, symbols: Sequence[str], given: Tensor, given_symbols: Sequence[str]) -> Tensor:
    """`own` [symbols, channels] with the rows of those symbols that both know from `given`."""
    rows = own.clone()
    places = {symbol: i for i, symbol in enumerate(given_symbols)}
    for i, symbol in enumerate(symbols):
        if symbol in places:
            rows[i] = given[places[symbol]]
    return rows


def _take_symbols(trainer: Trainer[Any], source: Source, taken: Weights, other: list[str]) -> list[str]:
    """Match the symbol embedding row by row, also where its shape fits: the order may differ."""
    name, symbols = trainer.symbol_embedding, trainer.corpus.symbols.symbols
    given = source.weights.get(name or "")
    own = trainer.network.state_dict().get(name or "")
    if name is None or given is None or own is None or given.shape[1:] != own.shape[1:]:
        return []
    if tuple(source.symbols) == symbols or len(source.symbols) != len(given):
        return []
    taken[name] = rows_of_symbols(own.cpu(), symbols, given, source.symbols)
    if name in other:
        other.remove(name)
    new = [symbol for symbol in symbols if symbol not in source.symbols]
    return [f"symbols that it does not know start from nothing: {' '.join(new)}"] if new else []


def _of_state(state: dict[str, Any]) -> Source:
    return Source(state["average"], state.get("symbols") or (), state["critic"])


def _of_voice(trainer: Trainer[Any], voice: VoiceManifest) -> Source:
    cpu = torch.device("cpu")
    if trainer.kind == "acoustic":
        models = [name for name, part in voice.acoustics.items() if part.network == trainer.network_name]
        if not models:
            found = " and ".join(part.network for part in voice.acoustics.values()) or "vocoders alone"
            raise UsageError(f"{voice.name} has no {trainer.network_name}: it is {found}.")
        symbols = voice.frontend.symbols if voice.frontend else ()
        return Source(load_acoustic_model(voice, cpu, models[0]).state_dict(), symbols)
    names = [name for name, part in voice.vocoders.items() if part.network == trainer.network_name]
    if not names:
        raise UsageError(f"{voice.name} has no {trainer.network_name}; {suggestion('', voice.vocoders)}")
    return Source(load_vocoder(voice, names[0], cpu).state_dict(), ())


def _load(network: nn.Module, weights: Weights) -> None:
    """Whole, with what the network has where nothing was given."""
    network.load_state_dict({**network.state_dict(), **weights})


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown} and {len(names) - 8} more" if len(names) > 8 else shown
