import pytest

from tts.audio.mel_settings import MelSettings, conversion_problem
from tts.errors import TtsError

NVIDIA = MelSettings()


@pytest.mark.parametrize("changes", [{"log": "2"}, {"window": "flat"}])
def test_unknown_logarithms_and_windows_are_refused(changes):
    with pytest.raises(TtsError, match="no mel of the logarithm"):
        MelSettings(**changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sample_rate": 16000}, "16000 samples a second and the voice needs 22050"),
        ({"hop_length": 300}, "its frames are 300 samples long and the voice's 256"),
        ({"n_fft": 2048}, "made of 2048 samples and the voice's of 1024"),
        ({"f_max": 11025.0}, "up to 11025 Hz and the voice's only up to 8000 Hz"),
        ({"log": "10", "unknown_statistics": True}, "statistics that did not come with it"),
    ],
)
def test_what_cannot_be_joined_says_why(changes, reason):
    assert reason in conversion_problem(NVIDIA, MelSettings(**changes))
