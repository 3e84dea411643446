"""What a mel spectrogram means, and which stages can exchange theirs; without PyTorch, so that speaking can be too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from tts.errors import TtsError

LOG_FLOOR = 1e-5
# An epsilon under the root up to here changes only what is below the floor of all known mels.
SMALL_EPSILON = 1e-8
Log = Literal["e", "10"]
Window = Literal["hann", "half_sine"]


@dataclass(frozen=True)
class MelSettings:
    """What a mel spectrogram means; `conversion_problem` says which stages fit each other.

    All values are numbers, words or lists of numbers, as a manifest holds them.
    """

    sample_rate: int = 22050
    n_fft: int = 1024
    hop_length: int = 256
    n_mels: int = 80
    f_min: float = 0.0
    f_max: float = 8000.0
    lead: int = 0
    """The middle of frame t lies so many samples after t * hop_length; above 0 there is one frame less."""
    window: Window = "hann"
    """See `analysis_window`."""
    epsilon: float = 0.0
    """Added to the squared magnitude of a bin before the root."""
    log: Log = "e"
    """The base of the logarithm."""
    floor: float = LOG_FLOOR
    """Mel magnitudes below it are raised to it before the logarithm."""
    mean: tuple[float, ...] = ()
    """Subtracted from the logarithm: one number, or one a mel; empty is none."""
    deviation: tuple[float, ...] = ()
    """What is left is divided by it; likewise."""
    limits: tuple[float, ...] = ()
    """The lowest and the highest value at last, or empty."""
    unknown_statistics: bool = False
    """The logarithm was normalised with means and deviations that nobody knows any more."""

    def __post_init__(self) -> None:
        for name in ("mean", "deviation", "limits"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.log not in get_args(Log) or self.window not in get_args(Window):
            raise TtsError(f"There is no mel of the logarithm {self.log!r} and the window {self.window!r}.")


def conversion_problem(source: MelSettings, target: MelSettings) -> str | None:
    """Why a vocoder that hears `target` cannot be joined to a voice that speaks `source`, as the end of a sentence.

    None: it can, as it is or by conversion.
    """
    if source.sample_rate != target.sample_rate:
        return f"it makes {target.sample_rate} samples a second and the voice needs {source.sample_rate}"
    if source.hop_length != target.hop_length:
        return f"its frames are {target.hop_length} samples long and the voice's {source.hop_length}"
    if same_mel(source, target):
        return None
    if target.unknown_statistics or source.unknown_statistics:
        return "its mel is normalised with statistics that did not come with it"
    if source.n_fft != target.n_fft:
        return f"its mel is made of {target.n_fft} samples and the voice's of {source.n_fft}"
    if target.f_max > source.f_max:
        return f"it wants to hear up to {target.f_max:g} Hz and the voice says nothing above {source.f_max:g} Hz"
    return None


def same_mel(source: MelSettings, target: MelSettings) -> bool:
    """Whether mels can be exchanged as they are.

    HiFi-GAN's frames lie half a hop (6 ms) later than those of NVIDIA's Tacotron 2 and have 1e-9 under the root:
    its public checkpoints are driven with the latter all the same, and speak 6 ms later for it.
    """
    return _essence(source) == _essence(target)


def _essence(settings: MelSettings) -> MelSettings:
    return replace(
        settings,
        lead=settings.lead // settings.hop_length * settings.hop_length,
        epsilon=0.0 if settings.epsilon <= SMALL_EPSILON else settings.epsilon,
    )
