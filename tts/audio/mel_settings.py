"""What a mel spectrogram means, and which stages can exchange theirs; imports neither NumPy nor PyTorch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from tts.errors import TtsError

LOG_FLOOR = 1e-5
# An epsilon under the square root up to this value only changes what is below the floor of all known mels.
SMALL_EPSILON = 1e-8
Log = Literal["e", "10"]
Window = Literal["hann", "half_sine"]


@dataclass(frozen=True)
class MelSettings:
    """What a mel spectrogram means; `conversion_problem` says which stages fit each other.

    All values are numbers, strings or lists of numbers, as a manifest holds them.
    """

    sample_rate: int = 22050
    n_fft: int = 1024
    hop_length: int = 256
    n_mels: int = 80
    f_min: float = 0.0
    f_max: float = 8000.0
    lead: int = 0
    """The centre of frame t is this many samples after t * hop_length; above 0 there is one frame less."""
    window: Window = "hann"
    """See `tts.audio.mel.analysis_window`."""
    epsilon: float = 0.0
    """Added to the squared magnitude of a bin before the square root."""
    log: Log = "e"
    """The base of the logarithm."""
    floor: float = LOG_FLOOR
    """Mel magnitudes below it are raised to it before the logarithm."""
    mean: tuple[float, ...] = ()
    """Subtracted from the logarithm: one number, or one per mel; empty means none."""
    deviation: tuple[float, ...] = ()
    """The difference is divided by it; one number, or one per mel; empty means none."""
    limits: tuple[float, ...] = ()
    """The lowest and the highest value to which the result is clamped, or empty."""
    unknown_statistics: bool = False
    """The logarithm was normalised with means and deviations that were not published."""

    def __post_init__(self) -> None:
        for name in ("mean", "deviation", "limits"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.log not in get_args(Log) or self.window not in get_args(Window):
            raise TtsError(f"There is no mel of the logarithm {self.log!r} and the window {self.window!r}.")


def conversion_problem(source: MelSettings, target: MelSettings) -> str | None:
    """Why a vocoder that expects `target` cannot be joined to a voice that produces `source`, as the end of a sentence.

    None: it can, without or with `mel_conversion`.
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
        return f"its mel reaches up to {target.f_max:g} Hz and the voice's only up to {source.f_max:g} Hz"
    return None


def same_mel(source: MelSettings, target: MelSettings) -> bool:
    """Whether mels can be exchanged without conversion.

    HiFi-GAN's frames lie half a hop (6 ms) later than those of NVIDIA's Tacotron 2 and have 1e-9 under the square root.
    Its public checkpoints are used with Tacotron 2's mel all the same, which delays the speech by 6 ms.
    """

    def essence(settings: MelSettings) -> MelSettings:
        lead = settings.lead // settings.hop_length * settings.hop_length
        return replace(settings, lead=lead, epsilon=0.0 if settings.epsilon <= SMALL_EPSILON else settings.epsilon)

    return essence(source) == essence(target)
