"""What every trainer is, and one step of it; `tts.training.fit` makes runs of steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from tts.errors import TtsError
from tts.training.data import PreparedCorpus
from tts.training.gradients import average_gradients
from tts.training.samples import Samples
from tts.training.schedule import Schedule
from tts.training.state import MovingAverage


class NamedBatch(Protocol):
    """A dataclass of tensors that knows which clips it is made of."""

    @property
    def item_ids(self) -> list[str]: ...


Batch = TypeVar("Batch", bound=NamedBatch)


class Trainer(ABC, Generic[Batch]):
    """Trains `network` against `critic`, one step after the other.

    A critic without parameters is none. A batch is drawn by its step and the process's rank, not by what came before,
    so that a run continued sees what an uninterrupted one would. Several processes start from the same weights, draw
    their own batches, make the same random choices otherwise, and descend along the mean of their gradients; what is no
    parameter, such as the statistics of batch norms, is that of the first process.
    """

    kind: ClassVar[str]
    """"acoustic", "vocoder" or "align"."""
    network_name: ClassVar[str]
    """As voices' manifests have it."""
    voice_name: ClassVar[str] = ""
    """What the voice of a run calls the network, where that is another name."""
    Dimensions: ClassVar[Callable[..., Any]]
    Settings: ClassVar[Callable[..., Any]]
    needs_durations: ClassVar[bool] = False
    symbol_embedding: ClassVar[str | None] = None
    """The parameter whose rows are symbols, in the order of the corpus' table."""

    def __init__(
        self,
        corpus: PreparedCorpus,
        network: nn.Module,
        critic: nn.Module,
        schedule: Schedule,
        run: Path,
        fabric: Fabric,
    ) -> None:
        """Subclasses are made with (corpus, dimensions, settings, schedule, run, fabric)."""
        self.corpus, self.schedule, self.run, self.fabric = corpus, schedule, run, fabric
        self.network, self.critic = network.to(fabric.device), critic.to(fabric.device)
        self.optimizer = torch.optim.AdamW(network.parameters(), schedule.learning_rate, betas=schedule.betas)
        # As a group, because an optimizer wants at least one, and a critic may have no parameters.
        critic_group = [{"params": list(critic.parameters())}]
        self.critic_optimizer = torch.optim.AdamW(
            critic_group, schedule.critic_learning_rate, betas=schedule.critic_betas
        )
        self.average = MovingAverage(network, schedule.average_decay)
        self.step = 0
        self._item_ids: list[str] = []

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        """The dimensions of the network that follow from the corpus."""
        return {}

    @abstractmethod
    def batch(self, random: np.random.Generator) -> Batch:
        """The batch of one step, on the CPU."""

    @abstractmethod
    def losses(self, batch: Batch, adversarial: bool) -> dict[str, Tensor]:
        """The losses of one step by name; `total` is what the network minimises. The critic has been trained on it."""

    def validate(self) -> dict[str, float]:
        """Figures on held-out clips, by name; the best weights are those with the lowest of the first.

        Called with the averaged weights in the network, in evaluation mode, without gradients.
        """
        return {}

    def samples(self) -> Samples:
        """Something to hear and see of held-out clips; called like `validate`."""
        return Samples()

    def component_options(self) -> dict[str, Any]:
        """The sizes of the network, as a voice's manifest has them."""
        dimensions: Any = self.network.dimensions
        return {key: value for key, value in asdict(dimensions).items() if value is not None}

    def train_step(self) -> dict[str, Tensor]:
        """Make one step and give its losses.

        Raises:
            TtsError: a loss or a gradient is not a number; the network is as it was before.
        """
        torch.manual_seed(self.schedule.seed + self.step)
        random = np.random.default_rng((self.schedule.seed, self.step, self.fabric.global_rank))
        batch = on_device(self.batch(random), self.fabric.device)
        self._item_ids = batch.item_ids
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        with self.fabric.autocast():
            losses = self.losses(batch, adversarial=self.step >= self.schedule.adversarial_from)
        self.descend(self.optimizer, losses["total"], self.network)
        self.step += 1
        self.average.update(self.network, self.step)
        return {name: value.detach() for name, value in losses.items()}

    def descend(self, optimizer: torch.optim.Optimizer, loss: Tensor, network: nn.Module) -> None:
        """One step down, the gradient's norm bounded; raises like `train_step`."""
        optimizer.zero_grad()
        # The critic's step lies within the network's, where low precision may be on.
        with torch.autocast(self.fabric.device.type, enabled=False):
            self.fabric.backward(loss)
            mean_loss = average_gradients(self.fabric, network, loss)
            norm = self.bound_gradient(network)
        if not bool(torch.isfinite(mean_loss + norm)):
            raise TtsError(self._not_finite(mean_loss))
        optimizer.step()

    def bound_gradient(self, network: nn.Module) -> Tensor:
        """Shorten the network's gradient to `schedule.max_gradient`, and give its norm."""
        return nn.utils.clip_grad_norm_(network.parameters(), self.schedule.max_gradient)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within: the averaged weights are in the network, which is in evaluation mode, without gradients."""
        own = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.load_state_dict(self.average.weights)
        self.network.eval()
        torch.manual_seed(self.schedule.seed)
        try:
            with torch.no_grad():
                yield
        finally:
            self.network.load_state_dict(own)
            self.network.train()

    def state(self) -> dict[str, Any]:
        """All that is needed to go on."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {"step": self.step, "average": self.average.weights, **parts}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises:
            TtsError: it is that of another network.
        """
        try:
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TtsError(f"The state is not one of this network: {' '.join(str(error).split())[:300]}.") from error
        self.average.weights = {name: tensor.to(self.fabric.device) for name, tensor in state["average"].items()}
        self.step = state["step"]

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "network": self.network,
            "critic": self.critic,
            "optimizer": self.optimizer,
            "critic_optimizer": self.critic_optimizer,
        }

    def _not_finite(self, loss: Tensor) -> str:
        what = "gradient" if torch.isfinite(loss) else "loss"
        items = ", ".join(dict.fromkeys(self._all_item_ids()))
        return (
            f"The {what} is not a number at step {self.step + 1}, whose clips are {items}: look at these clips, or "
            "lower schedule.learning_rate; what was saved before is kept."
        )

    def _all_item_ids(self) -> list[str]:
        """Of all processes' batches: any of them may be the cause."""
        if self.fabric.world_size == 1:
            return self._item_ids
        gathered: list[list[str]] = [[]] * self.fabric.world_size
        torch.distributed.all_gather_object(gathered, self._item_ids)
        return [item for items in gathered for item in items]


Moved = TypeVar("Moved")


def on_device(batch: Moved, device: torch.device) -> Moved:
    """A dataclass with its tensors, also those in dataclasses in it, on `device`."""
    assert is_dataclass(batch)
    assert not isinstance(batch, type)
    moved: dict[str, Any] = {}
    for field in fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            moved[field.name] = value.to(device)
        elif is_dataclass(value):
            moved[field.name] = on_device(value, device)
    return replace(batch, **moved)
