"""The files of a run: states, exact and compact, and logs."""

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.tiny_corpus import tiny_recipe, write_tiny_corpus
from tts.errors import TtsError, UsageError
from tts.training.data import PreparedCorpus
from tts.training.folder import (
    Records,
    check_run,
    claim_run,
    compact,
    load_state,
    picture,
    read_log,
    save_state,
)
from tts.training.trainer import Samples


def test_a_state_is_read_as_it_was_written(tmp_path):
    state = {"step": 3, "best": None, "symbols": ["a"], "network": {"weight": torch.randn(3, 100)}}
    save_state(tmp_path / "a.pt", state)
    read = load_state(tmp_path / "a.pt")
    assert torch.equal(read["network"]["weight"], state["network"]["weight"])
    assert (read["step"], read["best"], read["symbols"]) == (3, None, ["a"])


def test_a_compact_state_has_half_the_size_and_nearly_the_same_values(tmp_path):
    torch.manual_seed(0)
    moments = torch.logspace(-20, -2, 10_000)
    state = {"weight": torch.randn(10_000), "moments": moments, "few": torch.tensor([0.1]), "n": torch.arange(100)}
    save_state(tmp_path / "exact.pt", state)
    save_state(tmp_path / "compact.pt", compact(state))
    assert (tmp_path / "compact.pt").stat().st_size < 0.55 * (tmp_path / "exact.pt").stat().st_size
    read = load_state(tmp_path / "compact.pt")
    torch.testing.assert_close(read["weight"], state["weight"], rtol=1e-3, atol=1e-6)
    # Over eighteen orders of magnitude the smallest are coarse, but none is 0.
    torch.testing.assert_close(read["moments"][5000:], moments[5000:], rtol=2e-3, atol=0)
    assert bool((read["moments"] > 0).all())
    assert torch.equal(read["few"], state["few"])
    assert torch.equal(read["n"], state["n"])


@pytest.mark.parametrize("content", [b"", b"not a state", b"PK\x03\x04"])
def test_a_file_that_is_not_a_state_is_refused(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(TtsError, match=r"a\.pt is not a training state, or is damaged"):
        load_state(tmp_path / "a.pt")


def test_a_state_of_another_format_is_refused(tmp_path):
    torch.save({"weights": torch.zeros(2)}, tmp_path / "a.pt")
    with pytest.raises(TtsError, match="is not a training state that this version knows"):
        load_state(tmp_path / "a.pt")


def test_scalars_audio_and_pictures_are_written_for_tensorboard(tmp_path):
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
    # Symbols from bottom to top, time from left to right.
    assert (events.Images("alignment: spoken")[0].width, events.Images("alignment: spoken")[0].height) == (3, 5)


def test_a_picture_is_dark_to_bright_with_the_first_row_at_the_bottom():
    colours = picture(np.array([[0.0, 1.0], [2.0, 3.0]]))
    assert colours.shape == (2, 2, 3)
    brightness = colours.sum(2, dtype=int)
    assert brightness[1, 0] < brightness[1, 1] < brightness[0, 0] < brightness[0, 1]


def test_a_run_goes_on_with_the_same_speakers_only(tmp_path):
    recipe = tiny_recipe("fastspeech2")
    first = PreparedCorpus(write_tiny_corpus(tmp_path / "first", speakers=("a", "b")))
    second = PreparedCorpus(write_tiny_corpus(tmp_path / "second", speakers=("b", "a")))
    claim_run(tmp_path / "run", recipe, first)
    check_run(tmp_path / "run", recipe, first)
    with pytest.raises(UsageError, match=r"data.speakers was \['a', 'b'\] and would be \['b', 'a'\]"):
        check_run(tmp_path / "run", recipe, second)
