"""Training runs: on which devices, starting from which weights, step by step with validation, logs and states."""

from __future__ import annotations

import logging
import math
import os
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, Protocol

import torch
from torch import Tensor

from tts.dependencies import prepare_torch_compiler
from tts.errors import TtsError, UsageError
from tts.training.data import PreparedCorpus
from tts.training.folder import BEST, LAST, Records, claim_run, load_state, save_state, write_voice
from tts.training.recipe import TrainingRecipe
from tts.training.trainer import MovingAverage, Trainer, build_trainer
from tts.voice.load import load_acoustic_model, load_vocoder
from tts.voice.manifest import VoiceManifest
from tts.voice.store import find_installed, suggestion

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from lightning_fabric.strategies.ddp import DDPStrategy

PRECISIONS = ("32", "bf16")
# The file in which the processes of a run on this machine meet.
_STORE = "TTS_TRAINING_STORE"


# Devices


def start_fabric(device: str = "auto", n_devices: int = 1, precision: str = "32") -> Fabric:
    """Return a launched Fabric on `device` (auto, cpu, cuda or cuda:N), with one process per device.

    In a process that `torchrun` started, join the processes of that run; processes on CPUs communicate through gloo.

    Raises:
        UsageError: the device or precision does not exist, or there are fewer devices than requested.
        TtsError: the packages for training are not installed.
    """
    if precision not in PRECISIONS:
        raise UsageError(f"There is no precision {precision!r}; choose {' or '.join(PRECISIONS)}.")
    if n_devices < 1:
        raise UsageError(f"Training needs at least one device, not {n_devices}.")
    # Fabric logs each of its choices; the commands report those that matter.
    for name in ("lightning_fabric", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    prepare_torch_compiler()
    from lightning_fabric import Fabric

    accelerator, devices = _accelerator_and_devices(device, n_devices)
    n_nodes = 1
    if "TORCHELASTIC_RUN_ID" in os.environ:  # Started by torchrun, which sets the number of processes.
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        n_nodes = int(os.environ["WORLD_SIZE"]) // devices
    n_processes = n_nodes * (devices if isinstance(devices, int) else len(devices))
    exact: Literal["bf16-mixed", "32-true"] = "bf16-mixed" if precision == "bf16" else "32-true"
    strategy = _strategy("gloo" if accelerator == "cpu" else "nccl") if n_processes > 1 else "auto"
    fabric = Fabric(accelerator=accelerator, strategy=strategy, devices=devices, num_nodes=n_nodes, precision=exact)
    fabric.launch()
    return fabric


def _strategy(backend: str) -> DDPStrategy:
    """Return the strategy of several processes.

    Those that Fabric starts on this machine meet in a temporary file and talk through the loopback interface: PyTorch's
    default listens on all interfaces, and asks the system's resolver for the names of addresses.
    """
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment
    from lightning_fabric.strategies.ddp import DDPStrategy
    from torch.distributed import FileStore, init_process_group  # type: ignore[attr-defined]

    class LocalStrategy(DDPStrategy):
        _folder: tempfile.TemporaryDirectory[str] | None = None

        def setup_environment(self) -> None:
            environment = self.cluster_environment
            # Not of processes that torchrun or a cluster started, perhaps on several machines.
            if isinstance(environment, LightningEnvironment) and _STORE in os.environ:
                if loopback := next((name for _, name in socket.if_nameindex() if name in ("lo", "lo0")), None):
                    os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
                store = FileStore(os.environ[_STORE], self.num_processes)
                rank, n_processes = environment.local_rank(), self.num_processes
                init_process_group(backend, store=store, rank=rank, world_size=n_processes)
            super().setup_environment()

    strategy = LocalStrategy(process_group_backend=backend)
    # The first process starts the others, which inherit its variables.
    if "LOCAL_RANK" not in os.environ:
        strategy._folder = tempfile.TemporaryDirectory(prefix="tts-", ignore_cleanup_errors=True)
        os.environ[_STORE] = str(Path(strategy._folder.name) / "processes")
    return strategy


def _accelerator_and_devices(name: str, count: int) -> tuple[str, int | list[int]]:
    """Return Fabric's accelerator and devices; checked here, because Fabric's own messages are less clear."""
    available = torch.cuda.device_count()
    if name == "auto":
        name = "cuda" if available else "cpu"
    if name == "cpu":
        return "cpu", count
    kind, _, index = name.partition(":")
    if kind != "cuda" or not (index.isdigit() or name == "cuda"):
        raise UsageError(f"There is no device {name!r}; choose auto, cpu, cuda or cuda:N.")
    first = int(index or 0)
    if first + count > available:
        raise UsageError(f"There are no {count} CUDA devices from number {first} on: torch finds {available}.")
    return "cuda", list(range(first, first + count))


# Steps


class Reporter(Protocol):
    """Shows progress to the user; called in the first process only."""

    def step(self, step: int, loss: Tensor, rate: float) -> None:
        """A step is done; `rate` is the recent number of steps per second (0 if not known yet)."""

    def figures(self, step: int, values: dict[str, float]) -> None:
        """The network was validated."""


@dataclass(frozen=True)
class Best:
    """The best validation so far: the lowest figure, counted anew once critics train.

    With critics speech improves although distances may not.
    """

    figure: float
    step: int
    adversarial: bool

    def beats(self, other: Best | None) -> bool:
        return other is None or (not self.adversarial, self.figure) < (not other.adversarial, other.figure)


class TrainingRun:
    """Brings a trainer to the end of its schedule, resuming from the last state in its folder.

    The state is saved every `schedule.save_every_seconds`. A resumed run has the losses of an uninterrupted one, bit
    for bit, on the same machine and with the same number of processes.
    """

    def __init__(self, trainer: Trainer[Any], recipe: TrainingRecipe, reporter: Reporter | None = None) -> None:
        self.trainer, self.recipe, self.reporter = trainer, recipe, reporter
        self.folder: Path = trainer.run
        self.best: Best | None = None
        self._records: Records | None = None
        self._speed = Speed()

    @property
    def is_first(self) -> bool:
        """Whether this is the first process, which reports and writes."""
        return bool(self.trainer.fabric.is_global_zero)

    def resume(self) -> bool:
        """Resume from the folder's last state; return False if there is none."""
        if not (self.folder / LAST).exists():
            return False
        self.restore(load_state(self.folder / LAST))
        if self.is_first and (self.folder / BEST).exists():
            # The process may have been killed between the weights and the manifest of the voice.
            best = load_state(self.folder / BEST)
            write_voice(self.trainer, self.recipe.name, self.folder, best["average"])
        return True

    def restore(self, state: dict[str, Any]) -> None:
        """Resume from a state of this run, or of another run of the same recipe.

        Raises:
            UsageError: the state is that of other speakers.
        """
        ours = [speaker.name for speaker in self.trainer.corpus.dataset.speakers]
        if self.trainer.speaker_embeddings and state.get("speakers", []) != (ours if len(ours) > 1 else []):
            raise UsageError(
                "The state is one of other speakers than those of the data set: begin a new run with --warm-start."
            )
        self.trainer.restore(state)
        self.best = Best(**state["best"]) if state["best"] else None

    def state(self) -> dict[str, Any]:
        """Return the trainer's state with its recipe, symbols and speakers, so that the file is self-contained."""
        corpus = self.trainer.corpus
        origin: dict[str, Any] = {"recipe": self.recipe.table, "symbols": list(corpus.symbols.symbols)}
        if self.trainer.speaker_embeddings and corpus.n_speakers > 1:
            origin["speakers"] = [speaker.name for speaker in corpus.dataset.speakers]
        return {**origin, **self.trainer.state(), "best": asdict(self.best) if self.best else None}

    def train(self) -> None:
        """Train to the last step.

        Raises:
            KeyboardInterrupt: SIGINT or SIGTERM was received, and the state was saved.
            TtsError: a loss is not finite.
        """
        with stop_requests() as stop:
            if not self.is_first:
                self._train(stop)
                return
            with Records(self.folder, self.trainer.step) as self._records:
                self._train(stop)

    def _train(self, stop: threading.Event) -> None:
        trainer, schedule, fabric = self.trainer, self.trainer.schedule, self.trainer.fabric
        saved = time.monotonic()
        while trainer.step < schedule.steps:
            losses = trainer.train_step()
            is_last = trainer.step == schedule.steps
            if self.is_first:
                self._report(losses)
                if is_last or trainer.step % schedule.validate_every == 0:
                    self._validate()
                if schedule.sample_every and (is_last or trainer.step % schedule.sample_every == 0):
                    assert self._records is not None
                    with trainer.averaged():
                        self._records.samples(trainer.step, trainer.samples())
                    self._speed.pause()

            # All processes must stop at the same step, or they would wait for each other for ever.
            stopped = stop.is_set()
            if fabric.world_size > 1:
                flag = torch.tensor(float(stopped), device=fabric.device)
                stopped = bool(fabric.all_reduce(flag, reduce_op="max"))
            if self.is_first and (stopped or is_last or time.monotonic() - saved > schedule.save_every_seconds):
                save_state(self.folder / LAST, self.state())
                saved = time.monotonic()
                self._speed.pause()
            if stopped:
                # No process exits before the first has written: torchrun would end the others.
                fabric.barrier()
                raise KeyboardInterrupt
        fabric.barrier()

    def _report(self, losses: dict[str, Tensor]) -> None:
        step, rate = self.trainer.step, self._speed.after_step()
        if self.reporter is not None:
            self.reporter.step(step, losses["total"], rate)
        if step % self.trainer.schedule.log_every == 0:
            assert self._records is not None
            values = {name: float(value) for name, value in losses.items()}
            values["learning_rate"] = self.trainer.schedule.rate(step - 1)
            self._records.scalars(step, {**values, "steps_per_second": round(rate, 4)})

    def _validate(self) -> None:
        """Validate, and save the state and the voice if they are the best so far; other processes wait meanwhile."""
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


def open_run(recipe: TrainingRecipe, corpus: PreparedCorpus, folder: Path, fabric: Fabric) -> TrainingRun:
    """Return a run of the recipe at step 0 and claim its folder; raises like `check_recipe` and `claim_run`."""
    trainer = build_trainer(recipe, corpus, folder, fabric)
    if fabric.is_global_zero:
        claim_run(folder, recipe, corpus)
    # No process looks for a state before the folder exists.
    fabric.barrier()
    return TrainingRun(trainer, recipe)


class Speed:
    """Recent steps per second, without the time for validating and saving."""

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
        """Ignore the time until the end of the next step."""
        self._since = None


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Context in which SIGINT and SIGTERM set the yielded event; a second signal raises KeyboardInterrupt at once."""
    requested = threading.Event()
    # Only the main thread may install signal handlers.
    if threading.current_thread() is not threading.main_thread():
        yield requested
        return

    def handle(number: int, frame: FrameType | None) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# Starting from weights that were trained before

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Source:
    """Weights of a network, of its critic if they are known, and what the rows of its embeddings stand for."""

    weights: Weights
    symbols: Sequence[str]
    critic: Weights = field(default_factory=dict)
    speakers: Sequence[str] = ()


def warm_start(trainer: Trainer[Any], name: str) -> list[str]:
    """Initialise a trainer at step 0 from a run's folder, a state's file, or a voice's name or folder.

    Weights of the same name and shape are copied; of the symbol embedding, the rows of the same symbols; of the speaker
    embedding, those of the same speakers. Other speakers begin with the mean of its rows, or with zeros if it has none,
    so that they begin with a voice that is trained. Returns warnings about what was not copied.

    Raises:
        UsageError: the run or voice does not exist, or has no such network.
        TtsError: nothing in it fits.
    """
    source = find_source(trainer, name)
    copied, other = matching(trainer.network.state_dict(), source.weights)
    # What is frozen comes from the teacher, whose targets it belongs to.
    frozen = {key for key, parameter in trainer.network.named_parameters() if not parameter.requires_grad}
    copied = {key: value for key, value in copied.items() if key not in frozen}
    other = [key for key in other if key not in frozen]
    warnings = []

    # The embedding's rows are matched by symbol even if its shape fits: the order of symbols may differ.
    embedding, symbols = trainer.symbol_embedding or "", trainer.corpus.symbols.symbols
    own, given = trainer.network.state_dict().get(embedding), source.weights.get(embedding)
    differs = tuple(source.symbols) != symbols and given is not None and len(source.symbols) == len(given)
    if differs and own is not None and given is not None and own.shape[1:] == given.shape[1:]:
        copied[embedding] = rows_by_name(own.cpu(), symbols, given, source.symbols)
        other = [each for each in other if each != embedding]
        if new := [symbol for symbol in symbols if symbol not in source.symbols]:
            warnings.append(f"{name} lacks symbols, which are trained from random values: {' '.join(new)}")

    speakers = [speaker.name for speaker in trainer.corpus.dataset.speakers]
    for embedding in trainer.speaker_embeddings if copied else ():
        own, given = trainer.network.state_dict().get(embedding), source.weights.get(embedding)
        if own is not None and (given is None or given.shape[1:] == own.shape[1:]):
            rows = torch.zeros_like(own, device="cpu") + (0 if given is None else given.mean(0))
            copied[embedding] = rows if given is None else rows_by_name(rows, speakers, given, source.speakers)
            other = [each for each in other if each != embedding]

    if not copied:
        raise TtsError(
            f"Nothing in {name} fits a {trainer.network_name} of these dimensions: compare the recipe's options."
        )
    trainer.network.load_state_dict({**trainer.network.state_dict(), **copied})
    trainer.weights_replaced()
    trainer.average = MovingAverage(trainer.network, trainer.schedule.average_decay)
    critic, _ = matching(trainer.critic.state_dict(), source.critic)
    trainer.critic.load_state_dict({**trainer.critic.state_dict(), **critic})
    if other:
        shown = ", ".join(other[:8]) + (f" and {len(other) - 8} more" if len(other) > 8 else "")
        warnings.append(f"not copied from {name}, but trained from random values: {shown}")
    return warnings


def find_source(trainer: Trainer[Any], name: str) -> Source:
    """Find and load the weights for `warm_start`; raises like it."""
    path = Path(name).expanduser()
    # A state has the exact weights and the critic, the voice in the same folder does not.
    for file in (path, path / BEST, path / LAST):
        if file.is_file():
            state = load_state(file)
            return Source(state["average"], state.get("symbols") or (), state["critic"], state.get("speakers") or ())
    voice: VoiceManifest = find_installed(name)
    cpu = torch.device("cpu")
    components = voice.acoustics if trainer.kind == "acoustic" else voice.vocoders
    names = [each for each, component in components.items() if component.network == trainer.network_name]
    if trainer.kind == "acoustic":
        if not names:
            found = " and ".join(part.network for part in voice.acoustics.values()) or "vocoders only"
            raise UsageError(f"{voice.name} has no {trainer.network_name}, but {found}.")
        symbols = voice.frontend.symbols if voice.frontend else ()
        speakers = [speaker.name for speaker in voice.speakers]
        return Source(load_acoustic_model(voice, cpu, names[0]).state_dict(), symbols, speakers=speakers)
    if not names:
        raise UsageError(f"{voice.name} has no {trainer.network_name}; {suggestion('', voice.vocoders)}")
    return Source(load_vocoder(voice, names[0], cpu).state_dict(), ())


def matching(own: Weights, given: Weights) -> tuple[Weights, list[str]]:
    """Return what of `given` fits `own` by name and shape, and the names in `own` that nothing fits."""
    fitting = {name: given[name] for name, tensor in own.items() if name in given and given[name].shape == tensor.shape}
    return fitting, [name for name in own if name not in fitting]


def rows_by_name(own: Tensor, names: Sequence[str], given: Tensor, given_names: Sequence[str]) -> Tensor:
    """Return `own` [names, channels] with the rows from `given` for names (of symbols or speakers) that both have."""
    rows = own.clone()
    positions = {name: i for i, name in enumerate(given_names)}
    for i, name in enumerate(names):
        if name in positions:
            rows[i] = given[positions[name]]
    return rows
