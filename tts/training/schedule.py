"""How long a run lasts, how fast it learns, and how often it is looked at."""

from __future__ import annotations

import math
from dataclasses import dataclass

# The learning rate at the end of a run, of that at its height.
_LAST_SHARE = 0.02


@dataclass(frozen=True)
class Schedule:
    """The learning rate rises for `warmup_steps`, then falls as half a cosine over `steps` to a fiftieth.

    A run may be given more or fewer `steps` later. Each step then learns at the rate of the other cosine: the rate
    jumps once to where that one stands, and the run ends as if it had been planned so from there on.
    """

    steps: int = 10_000
    learning_rate: float = 1e-3
    adversarial_from: int = 1_000_000_000
    """The step from which critics are trained and listened to."""
    warmup_steps: int = 300
    betas: tuple[float, float] = (0.9, 0.98)
    max_gradient: float = 1.0
    """The norm to which a gradient is shortened."""
    critic_learning_rate: float = 5e-4
    critic_betas: tuple[float, float] = (0.8, 0.95)
    average_decay: float = 0.999
    """Of the moving average of the weights, which is what is validated and what speaks."""
    seed: int = 1
    log_every: int = 50
    validate_every: int = 500
    sample_every: int = 2_000
    save_every_seconds: float = 240.0

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        rise = min(1.0, (step + 1) / max(1, self.warmup_steps))
        fall = 0.5 * (1 + math.cos(math.pi * min(1.0, step / self.steps)))
        return self.learning_rate * rise * (_LAST_SHARE + (1 - _LAST_SHARE) * fall)
