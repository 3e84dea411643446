"""Train acoustic models on batches of complete clips: FastSpeech 2 and Tacotron 2; and write FastSpeech 2's mels.

FastSpeech 2 needs known durations. The attention of Tacotron 2 learns them as targets if they are known, in minutes
instead of hours; if they are not, it is guided along the diagonal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from tts.audio.mel_settings import same_mel
from tts.errors import TtsError, UsageError
from tts.files import atomic_write
from tts.models.fastspeech2 import FastSpeech2, FastSpeech2Dimensions
from tts.models.griffinlim import GriffinLim
from tts.models.tacotron2 import Frames, Tacotron2, Tacotron2Dimensions, forward_with_alignment
from tts.models.torch_network import length_mask
from tts.training.data import (
    Item,
    PreparedCorpus,
    clips_of_similar_length,
    spread_over_speakers,
    training_clips,
)
from tts.training.discriminators import SpectrogramDiscriminator
from tts.training.losses import attention_loss, guidance_loss, masked_l1, stop_loss
from tts.training.trainer import Samples, Trainer, on_device
from tts.voice.load import load_acoustic_model
from tts.voice.manifest import VoiceManifest, mel_settings

# More clips would make validation slow and hardly more accurate.
MOST_VALIDATION_CLIPS = 40
# Tacotron 2 computes frame by frame: each clip is as slow as a training step.
MOST_TACOTRON2_CLIPS = 16
# How often in a row Tacotron 2's attention is given its own output: it learns to correct mistakes that follow mistakes.
ECHOES = 2
MELS_BATCH_SIZE = 8
# Clips from which the pitch of the speakers is measured before training: in all, and of one speaker.
PITCH_CLIPS, MOST_PITCH_CLIPS = 128, 8


@dataclass
class AcousticBatch:
    """ids, durations, energy [B, S] with id_lengths [B]; mel [B, n_mels, T], log_f0 [B, T] (log2 Hz), voiced [B, T]
    with frame_lengths [B]; speakers [B, n_speakers], 1 for the speaker of the clip."""

    ids: Tensor
    id_lengths: Tensor
    speakers: Tensor
    durations: Tensor
    energy: Tensor
    mel: Tensor
    log_f0: Tensor
    voiced: Tensor
    frame_lengths: Tensor
    item_ids: list[str]


def collate(corpus: PreparedCorpus, items: Sequence[Item], *, unknown_durations: bool = False) -> AcousticBatch:
    """Return complete clips, padded at the end.

    With `unknown_durations`, clips without durations are allowed: their durations and energy are zeros.

    Raises:
        TtsError: a clip has no durations, but needs them.
    """
    pad = torch.nn.utils.rnn.pad_sequence
    ids = [torch.tensor(corpus.symbols.encode(item.phonemes).ids) for item in items]
    if unknown_durations:
        durations = [torch.tensor(i.durations or [0] * len(row)) for i, row in zip(items, ids, strict=True)]
    else:
        durations = [torch.tensor(item.known_durations) for item in items]
    mels = [corpus.mel_of(item.frames).T for item in items]
    return AcousticBatch(
        ids=pad(ids, batch_first=True),
        id_lengths=torch.tensor([len(row) for row in ids]),
        speakers=torch.eye(corpus.n_speakers)[[corpus.speaker_of(item) for item in items]],
        durations=pad(durations, batch_first=True),
        energy=pad([symbol_energy(m, d) for m, d in zip(mels, durations, strict=True)], batch_first=True),
        mel=pad(mels, batch_first=True).transpose(1, 2),
        log_f0=pad([torch.from_numpy(np.log2(corpus.filled_f0[item.frames])) for item in items], batch_first=True),
        voiced=pad([torch.from_numpy(corpus.f0[item.frames] > 0) for item in items], batch_first=True),
        frame_lengths=torch.tensor([item.n_frames for item in items]),
        item_ids=[item.id for item in items],
    )


def symbol_energy(mel: Tensor, durations: Tensor) -> Tensor:
    """mel [T, n_mels] → mean log L2 norm of each symbol's frames [S]; the clip's minimum for symbols without frames.

    Unknown durations, which are all 0, give zeros.
    """
    if not durations.any():
        return torch.zeros(len(durations))
    energy = 0.5 * torch.logsumexp(2 * mel, dim=1)
    owner = torch.repeat_interleave(torch.arange(len(durations)), durations)
    total = torch.zeros(len(durations)).index_add_(0, owner, energy)
    return torch.where(durations > 0, total / durations.clamp(min=1), energy.min())


class AcousticTrainer(Trainer[AcousticBatch]):
    """What the trainers of acoustic models share."""

    kind = "acoustic"
    speaker_embeddings: ClassVar[tuple[str, ...]] = ("speaker_embed.weight",)
    items: list[Item]
    """Training clips, shortest first."""
    held_out: list[Item]
    """Validation clips."""

    @classmethod
    def options_from(cls, corpus: PreparedCorpus) -> dict[str, Any]:
        return {"n_symbols": len(corpus.symbols), "n_mels": corpus.mel.n_mels, "n_speakers": corpus.n_speakers}

    @classmethod
    def check_corpus(cls, corpus: PreparedCorpus, settings: Any) -> None:
        if corpus.n_speakers < settings.min_speakers:
            found = [speaker.name for speaker in corpus.dataset.speakers]
            whose = f"a single speaker, {found[0]}" if found else "clips without speakers"
            raise UsageError(
                f"This recipe trains a voice of several speakers, and {corpus.folder} has {whose}: use a recipe for a "
                "single speaker, or prepare a data set that names its speakers."
            )

    def check_speakers(self) -> None:
        """Check that each speaker has a clip in `items`.

        Raises:
            TtsError: one has none, whose voice would not be trained.
        """
        missing = {speaker.name for speaker in self.corpus.dataset.speakers} - {item.speaker for item in self.items}
        if missing:
            raise TtsError(
                f"The speaker {min(missing)} has no clip to train on: add clips of this speaker to the training split, "
                "or remove those in other splits from the data set."
            )

    def spoken_samples(self, item: Item, mel: Tensor) -> Samples:
        """Return a clip's recorded mel, the mel [n_mels, T] that the network generates, and audio of the latter."""
        samples = Samples(self.corpus.mel.sample_rate, mels={"recorded": self.corpus.mel_of(item.frames).numpy()})
        # An untrained network may generate no frame, or fewer than one Fourier transform needs.
        if mel.shape[1] * self.corpus.mel.hop_length > self.corpus.mel.n_fft:
            samples.mels["spoken"] = mel.cpu().numpy()
            wave = GriffinLim(self.corpus.mel)(mel.cpu()[None], np.random.default_rng(0))[0]
            samples.audio["spoken"] = wave.clamp(-1, 1).numpy()
        return samples


@dataclass(frozen=True)
class FastSpeech2Settings:
    """Batch sizes, and the weights of the losses in the sum."""

    batch_size: int = 8
    critic_frames: int = 64
    duration_weight: float = 1.0
    length_weight: float = 0.2
    """Of the relative error of a clip's total duration.

    An L1 distance of logarithms is least at the median, and alone gives clips that are some 5 % too short.
    """
    pitch_weight: float = 1.0
    energy_weight: float = 0.1
    adversarial_weight: float = 0.05
    feature_weight: float = 0.5
    min_speakers: int = 1
    """The least number of speakers that the data set must name."""


class FastSpeech2Trainer(AcousticTrainer):
    """Trains FastSpeech 2 on known durations."""

    network_name = "fastspeech2"
    Network = FastSpeech2
    Dimensions = FastSpeech2Dimensions
    Settings = FastSpeech2Settings
    needs_durations = True
    symbol_embedding = "embed.weight"
    speaker_embeddings = ("speaker_embed.weight", "speaker_pitch.weight")
    network: FastSpeech2
    critic: SpectrogramDiscriminator
    settings: FastSpeech2Settings

    def select_clips(self) -> None:
        known = [item for item in self.corpus.items if item.durations is not None]
        self.items = training_clips((i for i in known if i.split == "train"), "with durations")
        self.held_out = spread_over_speakers([item for item in known if item.split == "val"], MOST_VALIDATION_CLIPS)
        self.check_speakers()

    def build_network(self) -> FastSpeech2:
        self.network = FastSpeech2(self.dimensions)
        self.weights_replaced()
        return self.network

    @torch.no_grad()
    def weights_replaced(self) -> None:
        """Move each speaker's pitch to the mean of the speaker's recordings, measured on some of them."""
        network = self.network.eval()
        offsets = network.speaker_pitch
        by_speaker: dict[int, list[Item]] = {}
        for item in self.items if offsets is not None else ():
            by_speaker.setdefault(self.corpus.speaker_of(item), []).append(item)
        n_clips = min(MOST_PITCH_CLIPS, max(1, PITCH_CLIPS // self.corpus.n_speakers))
        for speaker, items in by_speaker.items():
            chosen = items[:: -(-len(items) // n_clips)]
            batch = on_device(collate(self.corpus, chosen), network.embed.weight.device)
            predicted = network(batch.ids, batch.id_lengths, batch.durations, speaker_weights=batch.speakers).log_f0
            if offsets is not None and batch.voiced.any():
                offsets.weight[speaker] += (batch.log_f0 - predicted)[batch.voiced].mean()
        network.train()

    def build_critic(self) -> SpectrogramDiscriminator:
        return SpectrogramDiscriminator()

    def batch(self, random: np.random.Generator) -> AcousticBatch:
        return collate(self.corpus, clips_of_similar_length(self.items, self.settings.batch_size, random))

    def losses(self, batch: AcousticBatch, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        predicted = self.network(
            batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy, speaker_weights=batch.speakers
        )
        symbol_mask = length_mask(batch.id_lengths)
        frame_mask = length_mask(batch.frame_lengths)
        losses = {
            "mel": masked_l1(predicted.mel, batch.mel, frame_mask[:, None]),
            "duration": masked_l1(predicted.log_durations, torch.log1p(batch.durations.float()), symbol_mask),
            "length": length_loss(predicted.log_durations, batch.durations, symbol_mask),
            # The pitch of unvoiced frames is interpolated: it should be smooth, but need not be exact.
            "pitch": masked_l1(predicted.log_f0, batch.log_f0, frame_mask * (0.1 + 0.9 * batch.voiced)),
            "energy": masked_l1(predicted.energy, batch.energy, symbol_mask),
        }
        total = losses["mel"] + s.duration_weight * losses["duration"] + s.length_weight * losses["length"]
        total = total + s.pitch_weight * losses["pitch"] + s.energy_weight * losses["energy"]
        if adversarial:
            # The same random segment of each clip, recorded and generated; the critic expects magnitudes.
            n = s.critic_frames
            starts = [int(torch.randint(max(1, int(length) - n), ())) for length in batch.frame_lengths]
            real, fake = (
                torch.stack([mel[i, :, start : start + n] for i, start in enumerate(starts)]).exp()
                for mel in (batch.mel, predicted.mel)
            )
            losses |= self.adversarial_losses(self.judge, [real], [fake])
            total = total + s.adversarial_weight * losses["adversarial"] + s.feature_weight * losses["features"]
        return losses | {"total": total}

    def judge(self, spectrograms: Sequence[Tensor]) -> tuple[list[Tensor], list[list[Tensor]]]:
        """Return the critic's scores and features, in lists of one as from several discriminators."""
        score, features = self.critic(spectrograms[0])
        return [score], [features]

    def validate(self) -> dict[str, float]:
        """Return the mel distance of the validation clips with true durations, predicted pitch and energy."""
        if not self.held_out:
            return {}
        batch = on_device(collate(self.corpus, self.held_out), self.fabric.device)
        predicted = self.network(batch.ids, batch.id_lengths, batch.durations, speaker_weights=batch.speakers)
        frame_mask = length_mask(batch.frame_lengths)[:, None]
        return {"validation_mel": float(masked_l1(predicted.mel, batch.mel, frame_mask))}

    def samples(self) -> Samples:
        """Return the first validation clip as recorded, and as the network speaks it (through Griffin-Lim)."""
        if not self.held_out:
            return Samples()
        item = self.held_out[0]
        ids = torch.tensor(self.corpus.symbols.encode(item.phonemes).ids, device=self.fabric.device)
        mel = self.network.speak(ids, speakers=((self.corpus.speaker_of(item), 1.0),)).mel
        return self.spoken_samples(item, mel)


@dataclass(frozen=True)
class Tacotron2Settings:
    """Batch size, and the weights of the losses in the sum; `max_frames` is the longest clip."""

    batch_size: int = 8
    max_frames: int = 400
    mels: str = "mels.npy"
    """The target: the recordings' mels, or those that another acoustic model made of the same clips."""
    stop_weight: float = 0.5
    attention_weight: float = 0.5
    """Of the distance from the known alignment."""
    guidance_weight: float = 2.0
    """Of the distance from the diagonal, if the alignment is unknown."""
    shown_steps: int = 0
    """In these first steps, all frames are computed at once: the true alignment replaces the attention's output."""
    echoed_steps: int = 0
    """In these next steps too, but every other step gives the attention its own output of such a pass.

    All later steps compute frame by frame, as in synthesis, which is several times slower.
    """
    min_speakers: int = 1
    """The least number of speakers that the data set must name."""


class Tacotron2Trainer(AcousticTrainer):
    """Trains Tacotron 2 under teacher forcing, with a supervised or guided attention."""

    network_name = "tacotron2"
    Dimensions = Tacotron2Dimensions
    Settings = Tacotron2Settings
    symbol_embedding = "embedding.weight"
    network: Tacotron2
    settings: Tacotron2Settings

    def select_clips(self) -> None:
        (self.corpus,) = self.corpus.with_mels(self.settings.mels)
        longest = self.settings.max_frames
        short = [item for item in self.corpus.items if item.n_frames <= longest]
        self.items = training_clips((i for i in short if i.split == "train"), f"of at most {longest} frames")
        self.held_out = spread_over_speakers([item for item in short if item.split == "val"], MOST_TACOTRON2_CLIPS)
        self.check_speakers()

    def build_network(self) -> Tacotron2:
        network = Tacotron2(self.dimensions)
        # The first outputs are the mean spectrum, which the network need not learn.
        network.decoder.to_frame.bias.data.copy_(self.corpus.mean_mel())
        return network

    def batch(self, random: np.random.Generator) -> AcousticBatch:
        """Return clips of similar length: neighbours in the list sorted by length."""
        size = self.settings.batch_size
        start = int(random.integers(max(1, len(self.items) - size + 1)))
        return collate(self.corpus, self.items[start : start + size], unknown_durations=True)

    def losses(self, batch: AcousticBatch, adversarial: bool) -> dict[str, Tensor]:
        s = self.settings
        frames = self.teacher_forced_frames(batch)
        mask = length_mask(batch.frame_lengths)
        losses = {
            "before": masked_l1(frames.mel_before_postnet, batch.mel, mask[:, None]),
            "mel": masked_l1(frames.mel, batch.mel, mask[:, None]),
            "stop": stop_loss(frames.stop_logits, batch.frame_lengths),
        }
        total = losses["before"] + losses["mel"] + s.stop_weight * losses["stop"]
        known = batch.durations.sum(1) > 0
        if known.any():
            losses["attention"] = attention_loss(frames.alignments[known], batch.durations[known])
            total = total + s.attention_weight * losses["attention"]
        if not known.all():
            lengths = batch.id_lengths[~known], batch.frame_lengths[~known]
            losses["guidance"] = guidance_loss(frames.alignments[~known], *lengths)
            total = total + s.guidance_weight * losses["guidance"]
        return losses | {"total": total}

    def teacher_forced_frames(self, batch: AcousticBatch) -> Frames:
        """Predict each frame from the true ones before it, in the way that the settings choose for this step."""
        s = self.settings
        inputs = (batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths)
        known = bool((batch.durations.sum(1) > 0).all())
        if not known or self.step >= s.shown_steps + s.echoed_steps:
            frames: Frames = self.network(*inputs, batch.speakers)
            return frames
        alignment = shown_alignment(batch.durations, batch.mel.shape[2])
        # Only every other step: an attention that always gets its own output ignores the text for a while.
        is_echoed = self.step >= s.shown_steps and self.step % 2 == 1
        return forward_with_alignment(self.network, *inputs, alignment, batch.speakers, echoes=ECHOES * is_echoed)

    def validate(self) -> dict[str, float]:
        """Return the mel distance of validation clips under teacher forcing, and the sharpness of the attention."""
        if not self.held_out:
            return {}
        batch, frames = self._validation_frames()
        mask = length_mask(batch.frame_lengths)
        return {
            "validation_mel": float(masked_l1(frames.mel, batch.mel, mask[:, None])),
            "validation_focus": float((frames.alignments.amax(2) * mask).sum() / mask.sum()),
        }

    def samples(self) -> Samples:
        """Return the first validation clip as spoken, with its attention, and its attention under teacher forcing."""
        if not self.held_out:
            return Samples()
        item = self.held_out[0]
        alone = on_device(collate(self.corpus, [item], unknown_durations=True), self.fabric.device)
        # Bounded, because an untrained network does not stop.
        free = self.network.infer(alone.ids, alone.id_lengths, alone.speakers, max_frames=2 * item.n_frames)
        samples = self.spoken_samples(item, free.mel[0])
        batch, forced = self._validation_frames()
        n_frames, n_symbols = int(batch.frame_lengths[0]), int(batch.id_lengths[0])
        samples.alignments["spoken"] = free.alignments[0].cpu().numpy()
        samples.alignments["true frames before"] = forced.alignments[0, :n_frames, :n_symbols].cpu().numpy()
        return samples

    def _validation_frames(self) -> tuple[AcousticBatch, Frames]:
        batch = on_device(collate(self.corpus, self.held_out, unknown_durations=True), self.fabric.device)
        frames: Frames = self.network(batch.ids, batch.id_lengths, batch.mel, batch.frame_lengths, batch.speakers)
        return batch, frames


def length_loss(log_durations: Tensor, durations: Tensor, symbol_mask: Tensor) -> Tensor:
    """The mean relative error of the clips' total durations.

    log_durations [B, S] = log(frames + 1); durations [B, S] in frames; symbol_mask [B, S].
    """
    predicted = (torch.expm1(log_durations).clamp(min=0) * symbol_mask).sum(1)
    total = durations.sum(1)
    return ((predicted - total) / total).abs().mean()


def shown_alignment(durations: Tensor, n_frames: int) -> Tensor:
    """durations [B, S] in frames → weights [B, n_frames, S]: 1 at the symbol of the frame, 0 in the padding.

    Not blurred: blurred weights announce the next symbol some frames early, and the attention would come to rely on it.
    """
    ends = durations.cumsum(1)
    frame = torch.arange(n_frames, device=durations.device)[None, :, None]
    return ((frame >= (ends - durations)[:, None]) & (frame < ends[:, None])).float()


def load_fastspeech2(voice: VoiceManifest, corpus: PreparedCorpus, device: str) -> FastSpeech2:
    """Return the voice's acoustic model, for `write_acoustic_mels`.

    Raises:
        UsageError: it does not accept durations, or its symbols or mel are not those of the corpus.
    """
    network = load_acoustic_model(voice, torch.device(device))
    if not isinstance(network, FastSpeech2):
        raise UsageError(
            f"{voice.name} does not accept durations: only a FastSpeech 2 makes mels that are aligned with recordings."
        )
    if voice.frontend is None or voice.frontend.symbols != corpus.symbols.symbols:
        raise UsageError(f"{voice.name} has other symbols than {corpus.folder}: train a voice on this corpus.")
    if not same_mel(mel_settings(voice), corpus.mel):
        raise UsageError(f"{voice.name} has other mel settings than {corpus.folder}: train a voice on this corpus.")
    return network


def voice_speakers(voice: VoiceManifest, corpus: PreparedCorpus) -> list[int]:
    """Return the index in the voice of each speaker of the corpus, for `write_acoustic_mels`.

    Raises:
        UsageError: the voice does not have the speakers of the corpus.
    """
    recorded = [speaker.name for speaker in corpus.dataset.speakers]
    if len(voice.speakers) < 2:
        if len(recorded) > 1:
            raise UsageError(
                f"{corpus.folder} has {len(recorded)} speakers, and {voice.name} has one: train a voice on them."
            )
        return [0]
    if not recorded:
        raise UsageError(f"{voice.name} has several speakers, and {corpus.folder} does not say who speaks in it.")
    known = [speaker.name for speaker in voice.speakers]
    if unknown := [name for name in recorded if name not in known]:
        raise UsageError(f"{voice.name} has no speaker {unknown[0]!r}, who speaks in {corpus.folder}.")
    return [known.index(name) for name in recorded]


@torch.inference_mode()
def write_acoustic_mels(
    corpus: PreparedCorpus, network: FastSpeech2, path: Path, speakers: Sequence[int] | None = None
) -> None:
    """Write the network's mels of all clips, float16 [frames, n_mels] laid out as mels.npy, to fine-tune vocoders on.

    True durations, pitch and energy are given, so that every frame corresponds to the samples of the recording.
    `speakers` are the indices in the network of the corpus' speakers; None: the network was trained on the corpus.

    Raises:
        TtsError: a clip has no durations, or the file cannot be written.
    """
    device = next(network.parameters()).device
    in_network = torch.eye(network.dimensions.n_speakers, device=device)
    in_network = in_network if speakers is None else in_network[list(speakers)]
    items = sorted(corpus.items, key=lambda item: item.n_frames)
    with atomic_write(path) as part:
        mels = np.lib.format.open_memmap(part, "w+", np.float16, corpus.mels.shape)
        for start in range(0, len(items), MELS_BATCH_SIZE):
            chosen = items[start : start + MELS_BATCH_SIZE]
            batch = on_device(collate(corpus, chosen), device)
            inputs = (batch.ids, batch.id_lengths, batch.durations, batch.log_f0, batch.energy)
            predicted = network(*inputs, speaker_weights=batch.speakers @ in_network)
            for item, mel in zip(chosen, predicted.mel.cpu(), strict=True):
                mels[item.frames] = mel[:, : item.n_frames].T.numpy()
        mels.flush()
