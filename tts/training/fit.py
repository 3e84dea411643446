"""A run: steps one after the other, with what is told, written down and kept on the way."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import Tensor

from tts.training.data import PreparedCorpus
from tts.training.folder import BEST, LAST, claim_run, write_voice
from tts.training.loop import Trainer
from tts.training.recipe import Recipe
from tts.training.records import Records
from tts.training.state import load_state, save_state
from tts.training.trainers import build_trainer


class Reporter(Protocol):
    """Who tells the person how far it is; on the first process only."""

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        """A step is done: its number, the total loss, the steps a second of late (0: not known yet)."""

    def figures(self, step: int, values: dict[str, float]) -> None:
        """The network was validated."""


@dataclass(frozen=True)
class Best:
    """The lowest figure so far. With critics the figures begin anew: speech gets better where distances may not."""

    figure: float
    step: int
    adversarial: bool

    def beats(self, other: Best | None) -> bool:
        return other is None or (not self.adversarial, self.figure) < (not other.adversarial, other.figure)


class Run:
    """Brings a trainer to the end of its schedule, from the state in its folder where there is one.

    Every `schedule.save_every_seconds` the state is kept, so that the same command goes on after any end; the losses
    are then those of a run that was never interrupted, bit for bit, on the same machine and number of processes.
    """

    def __init__(self, trainer: Trainer[Any], recipe: Recipe, reporter: Reporter | None = None) -> None:
        self.trainer, self.recipe, self.reporter = trainer, recipe, reporter
        self.folder: Path = trainer.run
        self.best: Best | None = None
        self._records: Records | None = None
        self._speed = Speed()

    @property
    def is_first(self) -> bool:
        """Whether this process tells and writes."""
        return bool(self.trainer.fabric.is_global_zero)

    def resume(self) -> bool:
        """Go on from the folder's last state; False where there is none."""
        if not (self.folder / LAST).exists():
            return False
        self.restore(load_state(self.folder / LAST))
        if self.is_first and (self.folder / BEST).exists():
            # A kill between weights and manifest leaves a voice that does not verify.
            best = load_state(self.folder / BEST)
            write_voice(self.trainer, self.recipe.name, self.folder, best["average"])
        return True

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state of this run or of another of the same recipe."""
        self.trainer.restore(state)
        self.best = Best(**state["best"]) if state["best"] else None

    def train(self) -> None:
        """Train to the last step.

        Raises:
            KeyboardInterrupt: SIGINT or SIGTERM came, and the state was kept.
            TtsError: a loss is not a number.
        """
        with stop_requests() as stop:
            if not self.is_first:
                self._train(stop)
                return
            with Records(self.folder, self.trainer.step) as self._records:
                self._train(stop)

    def state(self) -> dict[str, Any]:
        """The trainer's, with what it is of, so that it says so where it is taken alone."""
        of = {"recipe": self.recipe.table, "symbols": list(self.trainer.corpus.symbols.symbols)}
        return {**of, **self.trainer.state(), "best": asdict(self.best) if self.best else None}

    def _train(self, stop: threading.Event) -> None:
        trainer, schedule = self.trainer, self.trainer.schedule
        saved = time.monotonic()
        while trainer.step < schedule.steps:
            losses = trainer.train_step()
            self._tell(losses)
            is_last = trainer.step == schedule.steps
            if is_last or trainer.step % schedule.validate_every == 0:
                self._validate()
            if self.is_first and schedule.sample_every and (is_last or trainer.step % schedule.sample_every == 0):
                self._sample()
            stopped = self._any(stop.is_set())
            if stopped or is_last or (self.is_first and time.monotonic() - saved > schedule.save_every_seconds):
                self._save()
                saved = time.monotonic()
            if stopped:
                # Nobody leaves before the first process has written: the others' end may be its end.
                trainer.fabric.barrier()
                raise KeyboardInterrupt
        trainer.fabric.barrier()

    def _tell(self, losses: dict[str, Tensor]) -> None:
        if not self.is_first:
            return
        step, rate = self.trainer.step, self._speed.after_step()
        if self.reporter is not None:
            self.reporter.step(step, losses["total"], rate)
        if step % self.trainer.schedule.log_every == 0:
            assert self._records is not None
            values = {name: float(value) for name, value in losses.items()}
            values["learning_rate"] = self.trainer.schedule.rate(step - 1)
            self._records.scalars(step, {**values, "steps_per_second": round(rate, 4)})

    def _validate(self) -> None:
        """On the first process; the others wait for it at the next step."""
        if not self.is_first:
            return
        with self.trainer.averaged():
            figures = self.trainer.validate()
        step = self.trainer.step
        if figures:
            assert self._records is not None
            self._records.scalars(step, figures)
            if self.reporter is not None:
                self.reporter.figures(step, figures)
        # Without figures the last weights are the best.
        figure = next(iter(figures.values()), float(-step))
        found = Best(figure if math.isfinite(figure) else math.inf, step, step > self.trainer.schedule.adversarial_from)
        if found.beats(self.best):
            self.best = found
            save_state(self.folder / BEST, self.state())
            write_voice(self.trainer, self.recipe.name, self.folder, self.trainer.average.weights)
        self._speed.pause()

    def _sample(self) -> None:
        with self.trainer.averaged():
            samples = self.trainer.samples()
        assert self._records is not None
        self._records.samples(self.trainer.step, samples)
        self._speed.pause()

    def _save(self) -> None:
        if self.is_first:
            save_state(self.folder / LAST, self.state())
            self._speed.pause()

    def _any(self, here: bool) -> bool:
        """Whether it is so in any process: all must stop at the same step, or they would wait for each other."""
        fabric = self.trainer.fabric
        if fabric.world_size == 1:
            return here
        flag = fabric.all_reduce(torch.tensor(float(here), device=fabric.device), reduce_op="max")
        return bool(flag)


def open_run(recipe: Recipe, corpus: PreparedCorpus, folder: Path, fabric: Fabric) -> Run:
    """A run of the recipe at step 0, in a folder that is now its own; raises like `check_recipe` and `claim_run`."""
    trainer = build_trainer(recipe, corpus, folder, fabric)
    if fabric.is_global_zero:
        claim_run(folder, recipe, corpus)
    # Nobody looks for a state before the folder is what it is.
    fabric.barrier()
    return Run(trainer, recipe)


class Speed:
    """Steps a second of late, without the time that validating and saving take."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._since: float | None = None

    def after_step(self) -> float:
        now = time.monotonic()
        if self._since is not None:
            seconds = now - self._since
            self._seconds = 0.95 * self._seconds + 0.05 * seconds if self._seconds else seconds
        self._since = now
        return 1 / self._seconds if self._seconds else 0.0

    def pause(self) -> None:
        """What comes before the next step is none."""
        self._since = None


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Within: SIGINT and SIGTERM set what is given, at which the run keeps its state and ends; a second one ends it
    at once."""
    asked = threading.Event()
    # Only the main thread may say what signals do.
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
