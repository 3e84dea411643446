"""What trainers ask of a prepared corpus: clips that fit, and the same recordings with other mels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from tts.errors import TtsError, UsageError
from tts.training.data import Item, PreparedCorpus, Segments


def corpora(corpus: PreparedCorpus, mels: str | tuple[str, ...]) -> list[PreparedCorpus]:
    """The corpus once for each file of mels, which lie in its folder.

    Raises:
        UsageError: there is no such file.
    """
    names = (mels,) if isinstance(mels, str) else mels
    for name in names:
        if not (corpus.folder / name).is_file():
            raise UsageError(f"{corpus.folder} has no {name}: make it with tts train mels, or change settings.mels.")
    return [corpus.with_mels(name) for name in names]


def training_clips(items: Iterable[Item], what: str) -> list[Item]:
    """The items as a list, shortest first; `what` says how they are, for where there is none.

    Raises:
        TtsError: there is none.
    """
    chosen = sorted(items, key=lambda item: item.n_frames)
    if not chosen:
        raise TtsError(f"The data set has no training clips {what}: change the recipe's settings, or prepare more.")
    return chosen


def clips_of_like_length(items: Sequence[Item], size: int, random: np.random.Generator) -> list[Item]:
    """A batch of clips, of `items` sorted by length: half of those in a window of twice the batch somewhere in them."""
    start = max(0, int(random.integers(-size // 2, max(1, len(items) - size))))
    window = items[start : start + 2 * size]
    chosen = random.choice(len(window), size=min(size, len(window)), replace=False)
    return [window[i] for i in chosen]


class Stretches:
    """Batches of stretches of the training clips, of `n_frames` each; of several files of mels one is drawn for each.

    Raises:
        UsageError: there is no such file.
        TtsError: no clip is long enough.
    """

    def __init__(self, corpus: PreparedCorpus, mels: str | tuple[str, ...], batch_size: int, n_frames: int) -> None:
        self.corpora = corpora(corpus, mels)
        self.batch_size, self.n_frames = batch_size, n_frames
        long = (item for item in corpus.split("train") if item.n_frames > n_frames)
        self.items = training_clips(long, f"of more than {n_frames} frames")

    def draw(self, random: np.random.Generator) -> Segments:
        corpus = self.corpora[int(random.integers(len(self.corpora)))]
        return corpus.segments(self.items, self.batch_size, self.n_frames, random)
