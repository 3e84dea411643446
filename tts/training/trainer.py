"""What every trainer is: networks, optimizers, one step of training, state. `tts.training.run` makes runs of steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tts.errors import TtsError, UsageError
from tts.training.data import PreparedCorpus
from tts.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss
from tts.training.recipe import Schedule, TrainingRecipe, typed
from tts.voice.store import suggestion

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# Network → module and class, imported only when the network is trained.
TRAINERS = {
    "aligner": ("tts.training.alignment", "AlignerTrainer"),
    "fastspeech2": ("tts.training.acoustic", "FastSpeech2Trainer"),
    "tacotron2": ("tts.training.acoustic", "Tacotron2Trainer"),
    "vocos": ("tts.training.vocoder", "VocosTrainer"),
    "source_filter": ("tts.training.vocoder", "SourceFilterTrainer"),
    "hifigan": ("tts.training.vocoder", "HiFiGANTrainer"),
    "waveglow": ("tts.training.likelihood", "WaveGlowTrainer"),
    "lapped_waveglow": ("tts.training.likelihood", "LappedWaveGlowTrainer"),
    "wavenet": ("tts.training.likelihood", "WaveNetTrainer"),
}


class NamedBatch(Protocol):
    """A dataclass of tensors with the ids of the clips that it contains."""

    @property
    def item_ids(self) -> list[str]: ...


Batch = TypeVar("Batch", bound=NamedBatch)
# A critic's scores and features of waves or spectrograms.
Critic = Callable[[Sequence[Tensor]], tuple[Sequence[Tensor], Sequence[Sequence[Tensor]]]]


@dataclass
class Samples:
    """Examples of a network's output by name: audio [n] in -1 to 1, mels [n_mels, T], alignments [T, symbols]."""

    sample_rate: int = 22050
    audio: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    mels: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    alignments: dict[str, npt.NDArray[Any]] = field(default_factory=dict)


class Trainer(ABC, Generic[Batch]):
    """Trains `network` against `critic`, one step after another.

    A subclass names its network, says how its batches are sampled and what its losses are. The constructor first
    calls `select_clips`, then seeds torch's random numbers, then calls `build_network` and `build_critic`.

    A batch depends only on the seed, the step and the process's rank, so that a resumed run sees the same batches as an
    uninterrupted one. Several processes start from the same weights, sample their own batches, make the same random
    choices otherwise, and use the mean of their gradients; buffers, such as the statistics of batch norms, are those of
    the first process.
    """

    kind: ClassVar[str]
    """"acoustic", "vocoder" or "align"."""
    network_name: ClassVar[str]
    """The network's name in recipes and manifests of voices."""
    voice_name: ClassVar[str] = ""
    """The name of the component in the run's voice, if it is not the network's."""
    Network: ClassVar[Callable[..., nn.Module]]
    Dimensions: ClassVar[Callable[..., Any]]
    Settings: ClassVar[Callable[..., Any]]
    needs_durations: ClassVar[bool] = False
    symbol_embedding: ClassVar[str | None] = None
    """The parameter that has one row per symbol, in the order of the corpus' symbol table."""
    speaker_embeddings: ClassVar[tuple[str, ...]] = ()
    """The parameters that have one row per speaker, in the order of the corpus' speakers, if there are several."""

    def __init__(
        self, corpus: PreparedCorpus, dimensions: Any, settings: Any, schedule: Schedule, run: Path, fabric: Fabric
    ) -> None:
        self.corpus, self.dimensions, self.settings = corpus, dimensions, settings
        self.schedule, self.run, self.fabric = schedule, run, fabric
        self.select_clips()
        torch.manual_seed(schedule.seed)
        network, critic = self.build_network(), self.build_critic()
        self.network, self.critic = network.to(fabric.device), critic.to(fabric.device)
        self.optimizer = torch.optim.AdamW(network.parameters(), schedule.learning_rate, betas=schedule.betas)
        # One group of parameters, because an optimizer needs a group and a critic may have no parameters.
        critic_group = [{"params": list(critic.parameters())}]
        self.critic_optimizer = torch.optim.AdamW(
            critic_group, schedule.critic_learning_rate, betas=schedule.critic_betas
        )
        self.average = MovingAverage(network, schedule.average_decay)
        self.step = 0
        self._item_ids: list[str] = []

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        """Return the dimensions of the network that follow from the corpus."""
        return {}

    @classmethod
    def check_corpus(cls, corpus: PreparedCorpus, settings: Any) -> None:
        """Raise UsageError if the corpus is not what these settings are for."""

    @abstractmethod
    def select_clips(self) -> None:
        """Choose the clips for training and validation; called before there is a network.

        Raises:
            TtsError: there are none for training.
        """

    def build_network(self) -> nn.Module:
        """Return the network to train."""
        return self.Network(self.dimensions)

    def build_critic(self) -> nn.Module:
        """Return the discriminators; a module without parameters means that there are none."""
        return nn.Identity()

    def weights_replaced(self) -> None:
        """Adapt the network to the corpus after it was given weights that were trained on another one."""

    @abstractmethod
    def batch(self, random: np.random.Generator) -> Batch:
        """Return the batch of one step, on the CPU."""

    @abstractmethod
    def losses(self, batch: Batch, adversarial: bool) -> dict[str, Tensor]:
        """Return the losses of one step by name; the network minimises `total`.

        If `adversarial`, this also trains the critic, see `adversarial_losses`.
        """

    def validate(self) -> dict[str, float]:
        """Return figures on held-out clips by name; the best weights are those with the lowest first figure.

        Called with the averaged weights in the network, in evaluation mode, without gradients.
        """
        return {}

    def samples(self) -> Samples:
        """Return examples from held-out clips; called like `validate`."""
        return Samples()

    def component_options(self) -> dict[str, Any]:
        """Return the dimensions of the network, as a voice's manifest holds them."""
        dimensions: Any = self.network.dimensions
        return {key: value for key, value in asdict(dimensions).items() if value is not None}

    def train_step(self) -> dict[str, Tensor]:
        """Make one step and return its losses.

        Raises:
            TtsError: a loss or a gradient is not finite; the network is unchanged.
        """
        torch.manual_seed(self.schedule.seed + self.step)
        random = np.random.default_rng((self.schedule.seed, self.step, self.fabric.global_rank))
        batch = on_device(self.batch(random), self.fabric.device)
        self._item_ids = batch.item_ids
        schedule, step = self.schedule, self.step
        rates = ((self.optimizer, schedule.rate(step)), (self.critic_optimizer, schedule.critic_rate(step)))
        for optimizer, rate in rates:
            for group in optimizer.param_groups:
                group["lr"] = rate
        with self.fabric.autocast():
            losses = self.losses(batch, adversarial=step >= schedule.adversarial_from)
        if schedule.trains_network(step):
            self.descend(self.optimizer, losses["total"], self.network)
            self.average.update(self.network, schedule.n_updates(step + 1))
        self.step += 1
        return {name: value.detach() for name, value in losses.items()}

    def adversarial_losses(
        self, judge: Critic, real: Sequence[Tensor], fake: Sequence[Tensor], relative_features: bool = False
    ) -> dict[str, Tensor]:
        """Train the critic for one step, then return the losses by which its new judgement trains the network.

        `judge` applies the critic; `real` and `fake` are what it judges, of recordings and of the network's output;
        `relative_features` as in `feature_matching_loss`.
        """
        critic_loss = discriminator_loss(judge(real)[0], judge([each.detach() for each in fake])[0])
        self.descend(self.critic_optimizer, critic_loss, self.critic)
        self.critic.requires_grad_(False)
        scores, features = judge(fake)
        with torch.no_grad():
            real_features = judge(real)[1]
        self.critic.requires_grad_(True)
        matching = feature_matching_loss(real_features, features, relative_features)
        return {"critic": critic_loss, "adversarial": adversarial_loss(scores), "features": matching}

    def descend(self, optimizer: torch.optim.Optimizer, loss: Tensor, network: nn.Module) -> None:
        """Make one optimizer step with a bounded gradient; raises like `train_step`."""
        optimizer.zero_grad()
        # The critic's step happens within the network's forward pass, where autocast may be on.
        with torch.autocast(self.fabric.device.type, enabled=False):
            self.fabric.backward(loss)
            mean_loss = average_gradients(self.fabric, network, loss)
            norm = self.bound_gradient(network)
        if not bool(torch.isfinite(mean_loss + norm)):
            # The clips of all processes: any of them may be the cause.
            gathered = [self._item_ids]
            if self.fabric.world_size > 1:
                gathered = [[]] * self.fabric.world_size
                torch.distributed.all_gather_object(gathered, self._item_ids)
            items = ", ".join(dict.fromkeys(item for items in gathered for item in items))
            what = "gradient" if torch.isfinite(mean_loss) else "loss"
            raise TtsError(
                f"The {what} is not a number at step {self.step + 1}, whose clips are {items}: check these clips, or "
                "lower schedule.learning_rate. The state saved before is intact."
            )
        optimizer.step()

    def bound_gradient(self, network: nn.Module) -> Tensor:
        """Scale the network's gradient down to the norm `schedule.max_gradient`; return the norm it had."""
        return nn.utils.clip_grad_norm_(network.parameters(), self.schedule.max_gradient)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Context in which the network has the averaged weights and is in evaluation mode, without gradients."""
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

    def state_parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """Return everything that has a state of its own, by its key in the saved state."""
        return {
            "network": self.network,
            "critic": self.critic,
            "optimizer": self.optimizer,
            "critic_optimizer": self.critic_optimizer,
        }

    def state(self) -> dict[str, Any]:
        """Return all that is needed to resume."""
        parts = {name: part.state_dict() for name, part in self.state_parts().items()}
        return {"step": self.step, "average": self.average.weights, **parts}

    def restore(self, state: dict[str, Any]) -> None:
        """Resume from the result of `state`.

        Raises:
            TtsError: the state is that of another network.
        """
        try:
            for name, part in self.state_parts().items():
                part.load_state_dict(state[name])
        except (KeyError, RuntimeError, ValueError) as error:
            raise TtsError(f"The state is not one of this network: {' '.join(str(error).split())[:300]}.") from error
        self.average.weights = {name: tensor.to(self.fabric.device) for name, tensor in state["average"].items()}
        self.step = state["step"]


class MovingAverage:
    """Exponential moving average of a network's parameters, which is validated and shipped instead of the last step.

    Buffers, such as the statistics of batch norms, are averages already and are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}

    def update(self, network: nn.Module, step: int) -> None:
        # A short average at first, so that the random initial weights are forgotten.
        decay = min(self.decay, (1 + step) / (10 + step))
        parameters = dict(network.named_parameters())
        for name, tensor in network.state_dict().items():
            if name in parameters:
                self.weights[name].lerp_(tensor.detach(), 1 - decay)
            else:
                self.weights[name].copy_(tensor)


def average_gradients(fabric: Fabric, network: nn.Module, loss: Tensor) -> Tensor:
    """Replace each gradient by its mean over all processes; return the mean loss.

    A parameter that only some processes used counts as zero in the others; one that none used keeps no gradient.
    """
    if fabric.world_size == 1:
        return loss.detach()
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    used = torch.tensor([float(p.grad is not None) for p in parameters], device=loss.device)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = torch.cat([loss.detach().float().reshape(1), used, *(g.float().flatten() for g in gradients)])
    mean = fabric.all_reduce(flat, reduce_op="mean")
    assert isinstance(mean, Tensor)
    flags, values = mean[1 : 1 + len(parameters)], mean[1 + len(parameters) :]
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, flag, value in zip(parameters, flags.tolist(), torch.split(values, sizes), strict=True):
        parameter.grad = value.view_as(parameter).to(parameter.dtype) if flag else None
    return mean[0]


Moved = TypeVar("Moved")


def on_device(batch: Moved, device: torch.device) -> Moved:
    """Return a dataclass with its tensors, also those of dataclasses in it, on `device`."""
    assert is_dataclass(batch)
    assert not isinstance(batch, type)
    moved: dict[str, Any] = {}
    for each in fields(batch):
        value = getattr(batch, each.name)
        if isinstance(value, Tensor):
            moved[each.name] = value.to(device)
        elif is_dataclass(value):
            moved[each.name] = on_device(value, device)
    return replace(batch, **moved)


def trainer_class(network: str) -> type[Trainer[Any]]:
    """Return the trainer of a network.

    Raises:
        UsageError: there is none.
    """
    if network not in TRAINERS:
        raise UsageError(f"There is no trainer for the network {network!r}; {suggestion(network, TRAINERS)}")
    module, name = TRAINERS[network]
    trainer: type[Trainer[Any]] = getattr(import_module(module), name)
    return trainer


def check_recipe(recipe: TrainingRecipe, corpus: PreparedCorpus) -> tuple[Any, Any, Schedule]:
    """Return the recipe's dimensions, settings and schedule, with the defaults of what it leaves out.

    Raises:
        UsageError: the recipe names an option or setting that does not exist, or gives it a wrong value, or is not for
            such a corpus.
    """
    cls = trainer_class(recipe.network)
    implied = cls.options_from(corpus)
    if given := sorted(implied.keys() & recipe.options.keys()):
        raise UsageError(f"options.{given[0]} follows from the corpus: leave it out of the recipe.")
    dimensions = typed(cls.Dimensions, {**recipe.options, **implied}, "options")
    settings = typed(cls.Settings, recipe.settings, "settings")
    cls.check_corpus(corpus, settings)
    return dimensions, settings, typed(Schedule, recipe.schedule, "schedule")


def build_trainer(recipe: TrainingRecipe, corpus: PreparedCorpus, run: Path, fabric: Fabric) -> Trainer[Any]:
    """Return the recipe's trainer at step 0; raises like `check_recipe`."""
    dimensions, settings, schedule = check_recipe(recipe, corpus)
    return trainer_class(recipe.network)(corpus, dimensions, settings, schedule, run, fabric)
