"""What trainers ask of a prepared corpus: clips that fit, and the same recordings with other mels."""

from __future__ import annotations

from collections.abc import Iterable

from tts.errors import TtsError, UsageError
from tts.training.data import Item, PreparedCorpus


def corpora(corpus: PreparedCorpus, mels: str | tuple[str, ...]) -> list[PreparedCorpus]:
    """The corpus once for each file of mels, which lie in its folder.

    Raises:
        UsageError: there is no such file.
    """
    names = (mels,) if isinstance(mels, str) else mels
    for name in names:
        if not (corpus.folder / name).is_file():
            raise UsageError(f"{corpus.folder} has no {name}: make it with tts train mels, or change settings.mels.")
    return [PreparedCorpus(corpus.folder, name) for name in names]


def training_clips(items: Iterable[Item], what: str) -> list[Item]:
    """The items as a list, shortest first; `what` says how they are, for where there is none.

    Raises:
        TtsError: there is none.
    """
    chosen = sorted(items, key=lambda item: item.n_frames)
    if not chosen:
        raise TtsError(f"The data set has no training clips {what}: change the recipe's settings, or prepare more.")
    return chosen
