import numpy as np
import pytest
import torch

from tests.benchmark.tiny import TINY
from tts.benchmark.networks import (
    BUILDERS,
    MEL,
    Setting,
    bench_networks,
    computing_on,
    network_workload,
    random_network,
)
from tts.benchmark.presets import BYTES_PER_WEIGHT, PRESETS
from tts.errors import UsageError
from tts.kernels.execution import compute_threads, reference_only
from tts.models.torch_network import VocoderNetwork
from tts.voice.load import PRECISIONS

CPU = torch.device("cpu")
FRAME_SECONDS = 256 / 22050


def work_of(name, **setting):
    return network_workload(name, TINY[name], random_network(TINY[name]), Setting(CPU, **setting))


@pytest.mark.parametrize("name", sorted(TINY))
def test_a_run_computes_the_requested_audio_and_always_the_same(name):
    work = work_of(name, seconds=1.0, batch=2)
    with reference_only():
        expected = work.plain(20 * FRAME_SECONDS)
    made, again = work.run(20 * FRAME_SECONDS), work.run(20 * FRAME_SECONDS)
    assert made.seconds == pytest.approx(2 * 20 * FRAME_SECONDS)
    assert made.output.shape == ((2, 20 * 256) if TINY[name].stage == "vocoder" else (2, 80, 20))
    assert np.isfinite(made.output).all()
    # Neither silence nor one value all along.
    assert made.output.std(axis=-1).min() > 1e-4
    np.testing.assert_array_equal(made.output, again.output)
    np.testing.assert_allclose(made.output, expected.output, atol=1e-4)


def test_every_run_has_enough_frames():
    assert work_of("tiny-hifigan").run(1e-6).output.shape == (1, 4 * 256)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_preset_is_a_network(name):
    with torch.device("meta"):
        network = BUILDERS[PRESETS[name].network](MEL, dict(PRESETS[name].dimensions))
    assert isinstance(network, VocoderNetwork) == (PRESETS[name].stage == "vocoder")


def test_a_precision_that_the_network_has_not_is_refused():
    with pytest.raises(UsageError, match="speaks in float32, not in int8"):
        work_of("tiny-hifigan", precision="int8")


def test_another_precision_is_a_second_network_over_the_same_weights(monkeypatch):
    network = random_network(TINY["tiny-hifigan"])
    monkeypatch.setattr(type(network), "precisions", ("float32", "int8"))
    work = network_workload("it", TINY["tiny-hifigan"], network, Setting(CPU, "int8"))
    assert network.precision == "float32"
    np.testing.assert_array_equal(work.run(0.1).output, work.plain(0.1).output)


def test_the_number_formats_are_those_of_the_networks():
    assert tuple(BYTES_PER_WEIGHT) == PRECISIONS


def test_threads_are_as_before_afterwards():
    before = torch.get_num_threads(), compute_threads()
    with computing_on(3) as n_threads:
        assert n_threads == torch.get_num_threads() == compute_threads() == 3
    assert (torch.get_num_threads(), compute_threads()) == before
    with computing_on(None) as n_threads:
        assert n_threads == before[1]


def test_a_report_has_a_row_for_each_network():
    counted = []
    names = ("tiny-wavenet", "tiny-fastspeech2")
    setting = Setting(CPU, seconds=0.1, batch=2)
    report = bench_networks(
        {name: TINY[name] for name in names},
        setting,
        repeat=2,
        threads=1,
        limits=True,
        on_run=lambda: counted.append(1),
    )
    assert len(counted) == 4
    assert [row.measured.workload.name for row in report.rows] == list(names)
    assert (report.device, report.threads, report.repeat) == ("cpu", 1, 2)
    wavenet, fastspeech2 = report.rows
    assert wavenet.measured.fast.audio_seconds == pytest.approx(2 * 9 * FRAME_SECONDS)
    assert (wavenet.batch, wavenet.precision) == (2, "float32")
    assert wavenet.limit.read_gb_per_second > 0
    assert fastspeech2.limit.read_gb_per_second is None
    assert all(row.limit.rtf > 0 and row.reached > 0 for row in report.rows)
    assert wavenet.measured.difference.largest < 1e-4
