import json

import numpy as np
import pytest
import torch

from tests.foreign_checkpoints import hifigan_state
from tests.parity import hifigan, mel, waveglow, wavenet
from tests.parity.comparison import compare


def test_differences_are_measured_against_what_is_allowed():
    found = compare("x", torch.tensor([1.0, 100.0]), np.array([1.0, 100.005]), rtol=1e-4, atol=0.0)
    assert found.passed
    assert found.worst_relative == pytest.approx(0.5, rel=0.01)
    assert found.worst_absolute == pytest.approx(0.005, rel=0.01)
    assert not compare("x", [1.001], [1.0]).passed


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        ([1, 2], [1, 3]),
        ([1.0, 2.0], [[1.0, 2.0]]),
        ([1.0, float("nan")], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, float("nan")]),
    ],
    ids=["whole numbers", "shapes", "got nan", "expected nan"],
)
def test_some_differences_are_never_allowed(got, expected):
    assert not compare("x", got, expected, rtol=10.0, atol=10.0).passed


def test_a_folder_without_fixtures_matches_nothing(tmp_path):
    (tmp_path / "model.pt").write_bytes(b"")
    torch.save({"state_dict": {"other": torch.zeros(1)}}, tmp_path / "model.pt")
    assert not any(check.matches(tmp_path) for check in (hifigan, mel, waveglow, wavenet))


@torch.no_grad()
def test_a_fixture_is_found_and_a_wrong_number_in_it(tmp_path):
    folder = tmp_path / "tiny"
    folder.mkdir()
    torch.save({"generator": hifigan_state(n_mels=4, channels=16)}, folder / "g.pth")
    (folder / "config.json").write_text(json.dumps({"upsample_rates": [8, 8, 2, 2]}))
    given = np.random.default_rng(0).normal(size=(1, 4, 3)).astype(np.float32)
    audio = hifigan.load(folder / "g.pth")(torch.from_numpy(given))[:, None].numpy()
    np.savez(folder / "io.npz", mel=given, audio=audio)
    assert hifigan.matches(tmp_path)
    (right,) = hifigan.check(tmp_path)
    assert right.passed
    audio[0, 0, 7] += 0.01
    np.savez(folder / "io.npz", mel=given, audio=audio)
    (wrong,) = hifigan.check(tmp_path)
    assert not wrong.passed
