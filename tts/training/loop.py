"""The loop that all trainers share: steps, learning rate, log, state on disk."""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from tts.training.state import MovingAverage, load_state, save_state, save_weights

Batch = TypeVar("Batch")

LOG_EVERY_STEPS = 50
SAVE_EVERY_SECONDS = 240.0


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: the learning rate rises for `warmup_steps`, then falls as a cosine to a fiftieth."""

    steps: int
    learning_rate: float
    adversarial_from: int
    warmup_steps: int = 300
    betas: tuple[float, float] = (0.9, 0.98)
    max_gradient: float = 1.0
    seed: int = 1

    def rate(self, step: int) -> float:
        rise = min(1.0, (step + 1) / self.warmup_steps)
        fall = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return self.learning_rate * rise * (0.02 + 0.98 * fall)


class Trainer(ABC, Generic[Batch]):
    """Trains `network` against `critic` from `step` to `steps`, and keeps what is needed to go on in the folder `run`.

    A critic without parameters is none. A batch is drawn by its step, not by what came before, so that a run continued
    sees what an uninterrupted one would.
    """

    def __init__(self, network: nn.Module, critic: nn.Module, schedule: Schedule, run: Path, decay: float) -> None:
        self.network, self.critic, self.schedule, self.run = network, critic, schedule, run
        self.optimizer = torch.optim.AdamW(network.parameters(), schedule.learning_rate, betas=schedule.betas)
        self.critic_optimizer = torch.optim.AdamW([{"params": critic.parameters()}], 5e-4, betas=(0.8, 0.95))
        self.average = MovingAverage(network, decay)
        self.step = 0

    @abstractmethod
    def batch(self, random: np.random.Generator) -> Batch:
        """The batch of one step."""

    @abstractmethod
    def losses(self, batch: Batch, adversarial: bool) -> dict[str, Tensor]:
        """The losses of one step by name; `total` is what the network minimises. The critic has been trained on it."""

    @abstractmethod
    def network_options(self) -> tuple[str, dict[str, Any]]:
        """Name and sizes of the network, as a voice's manifest has them."""

    def validate(self) -> dict[str, float]:
        """Figures on held-out clips, by name."""
        return {}

    def train(self) -> None:
        last_saved = time.monotonic()
        for batch in self.batches():
            losses = self.train_step(batch)
            if not math.isfinite(float(losses["total"])):
                raise SystemExit(f"the loss is not finite at step {self.step}")
            if self.step % LOG_EVERY_STEPS == 0:
                self.log({name: float(value) for name, value in losses.items()})
            if time.monotonic() - last_saved > SAVE_EVERY_SECONDS:
                self.save()
                last_saved = time.monotonic()
        self.save()

    def batches(self) -> Iterator[Batch]:
        while self.step < self.schedule.steps:
            torch.manual_seed(self.schedule.seed + self.step)
            yield self.batch(np.random.default_rng((self.schedule.seed, self.step)))

    def train_step(self, batch: Batch) -> dict[str, Tensor]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.schedule.rate(self.step)
        losses = self.losses(batch, adversarial=self.step >= self.schedule.adversarial_from)
        descend(self.optimizer, losses["total"], self.network, self.schedule.max_gradient)
        self.step += 1
        self.average.update(self.network, self.step)
        return {name: value.detach() for name, value in losses.items()}

    def log(self, values: dict[str, float]) -> None:
        rounded = {name: round(value, 4) for name, value in values.items()}
        print(json.dumps({"step": self.step, "time": round(time.time()), **rounded}), flush=True)

    def save(self) -> None:
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        save_state(self.run / "state.pt", {"step": self.step, "average": self.average.weights, **parts})
        name, options = self.network_options()
        save_weights(self.run, name, options, self.average.weights)
        if figures := self.validate():
            self.log(figures)

    def restore(self, path: Path) -> bool:
        """Go on from a state on disk; False where there is none."""
        state = load_state(path)
        if state is None:
            return False
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.average.weights, self.step = state["average"], state["step"]
        return True

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "network": self.network,
            "critic": self.critic,
            "optimizer": self.optimizer,
            "critic_optimizer": self.critic_optimizer,
        }


def descend(optimizer: torch.optim.Optimizer, loss: Tensor, network: nn.Module, max_gradient: float) -> None:
    """One step down, the gradient's norm bounded."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(network.parameters(), max_gradient)
    optimizer.step()
