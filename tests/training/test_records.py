import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tts.training.records import Records, picture, read_log
from tts.training.samples import Samples


def test_scalars_sounds_and_pictures_reach_tensorboard(tmp_path):
    samples = Samples(22050, {"spoken": np.zeros(100)}, {"spoken": np.eye(4)}, {"spoken": np.eye(3, 5)})
    with Records(tmp_path, 0) as records:
        records.scalars(1, {"total": 0.5})
        records.samples(2, samples)
    assert read_log(tmp_path) == [{"step": 1, "total": 0.5}]
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [(event.step, event.value) for event in events.Scalars("total")] == [(1, 0.5)]
    assert events.Tags()["audio"] == ["spoken"]
    assert events.Images("mel: spoken")[0].width == 4
    # Symbols from below to above, time from left to right.
    assert (events.Images("alignment: spoken")[0].width, events.Images("alignment: spoken")[0].height) == (3, 5)


def test_a_picture_is_dark_to_bright_with_the_first_row_below():
    colours = picture(np.array([[0.0, 1.0], [2.0, 3.0]]))
    assert colours.shape == (2, 2, 3)
    brightness = colours.sum(2, dtype=int)
    assert brightness[1, 0] < brightness[1, 1] < brightness[0, 0] < brightness[0, 1]
