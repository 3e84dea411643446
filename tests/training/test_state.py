import pytest
import torch

from tts.errors import TtsError
from tts.training.state import compact, load_state, save_state


def test_a_state_is_read_as_it_was_written(tmp_path):
    state = {"step": 3, "best": None, "symbols": ["a"], "network": {"weight": torch.randn(3, 100)}}
    save_state(tmp_path / "a.pt", state)
    read = load_state(tmp_path / "a.pt")
    assert torch.equal(read["network"]["weight"], state["network"]["weight"])
    assert (read["step"], read["best"], read["symbols"]) == (3, None, ["a"])


def test_a_compact_state_is_half_as_large_and_nearly_the_same(tmp_path):
    torch.manual_seed(0)
    moments = torch.logspace(-20, -2, 10_000)
    state = {"weight": torch.randn(10_000), "moments": moments, "few": torch.tensor([0.1]), "n": torch.arange(100)}
    save_state(tmp_path / "exact.pt", state)
    save_state(tmp_path / "compact.pt", compact(state))
    assert (tmp_path / "compact.pt").stat().st_size < 0.55 * (tmp_path / "exact.pt").stat().st_size
    read = load_state(tmp_path / "compact.pt")
    torch.testing.assert_close(read["weight"], state["weight"], rtol=1e-3, atol=1e-6)
    # Eighteen orders of magnitude: the smallest are coarse, but none is nothing.
    torch.testing.assert_close(read["moments"][5000:], moments[5000:], rtol=2e-3, atol=0)
    assert bool((read["moments"] > 0).all())
    assert torch.equal(read["few"], state["few"])
    assert torch.equal(read["n"], state["n"])


@pytest.mark.parametrize("content", [b"", b"not a state", b"PK\x03\x04"])
def test_what_is_no_state_is_refused(tmp_path, content):
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(TtsError, match=r"a\.pt is not a training state, or is damaged"):
        load_state(tmp_path / "a.pt")


def test_a_state_of_another_kind_is_refused(tmp_path):
    torch.save({"weights": torch.zeros(2)}, tmp_path / "a.pt")
    with pytest.raises(TtsError, match="is not a training state that this version knows"):
        load_state(tmp_path / "a.pt")
