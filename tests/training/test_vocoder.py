import pytest
import torch

from tts.training.vocoder import copy_synthesis_samples


def test_copies_are_as_long_as_the_recordings(make_run):
    trainer = make_run("source_filter").trainer
    with torch.no_grad():
        samples = copy_synthesis_samples(trainer.network, trainer.corpus)
    assert samples.audio["spoken"].shape == samples.audio["recorded"].shape == (86 * 256,)
    assert list(samples.mels) == ["recorded", "spoken"]


@pytest.mark.parametrize("network", ["vocos", "source_filter"])
def test_critics_train_beside_the_network(make_run, network):
    trainer = make_run(network, adversarial_from=1).trainer
    before = {name: tensor.clone() for name, tensor in trainer.critic.state_dict().items()}
    assert set(trainer.train_step()) & {"critic", "adversarial", "features"} == set()
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.critic.state_dict().items())
    assert set(trainer.train_step()) >= {"critic", "adversarial", "features"}
    changed = [name for name, tensor in trainer.critic.state_dict().items() if not torch.equal(before[name], tensor)]
    # Two of the four critics look at a step.
    assert {int(name.split(".")[1]) for name in changed} < set(range(4))
    assert len({name.split(".")[1] for name in changed}) == 2
