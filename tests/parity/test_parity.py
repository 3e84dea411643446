import json
import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.parity.__main__ import main, results
from tests.tiny_piper import HOP, SYMBOLS, write_tiny_piper

FIXTURES = Path(__file__).parent / "fixtures"
FOLDERS = sorted({path.parent for path in FIXTURES.rglob("*.npz")})


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(FIXTURES)))
def test_reproduces_the_reference(folder):
    lines = list(results(folder))
    assert len(lines) > 0
    assert [line for good, line in lines if not good] == []


def test_a_wrong_number_misses(tmp_path, capsys):
    shutil.copytree(FIXTURES / "hifigan_small", tmp_path / "hifigan_small")
    path = tmp_path / "hifigan_small" / "v3_like" / "io.npz"
    arrays = dict(np.load(path))
    arrays["audio"][0, 0, 100] += 1e-3
    np.savez(path, **arrays)
    assert main(tmp_path) == 1
    assert capsys.readouterr().out.startswith("MISS  hifigan_small/v3_like generator.pth io audio: largest relative")


def test_arrays_of_no_known_kind_miss(tmp_path, capsys):
    np.savez(tmp_path / "what.npz", a=np.zeros(3))
    assert main(tmp_path) == 1
    assert "no check knows these arrays" in capsys.readouterr().out


def test_nothing_to_check_is_not_good(tmp_path):
    assert main(tmp_path) == 1


def test_a_voice_of_pipers_is_compared_with_its_cases(tmp_path, capsys):
    graph = write_tiny_piper(tmp_path / "piper", n_speakers=3)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    ids = [1, *(SYMBOLS.index(symbol) for symbol in "həlˈoʊ.".replace("ə", "ɐ")), 2]
    with_pads = [each for id in ids for each in (id, 0)][:-1]
    inputs = {"input": [with_pads], "input_lengths": [len(with_pads)], "sid": [2]}
    samples = session.run(
        None, {**{key: np.array(value) for key, value in inputs.items()}, "scales": np.array([0, 1.5, 0], np.float32)}
    )[0]
    case = {"case": "case0", "phonemes": "hɐlˈoʊ.", "ids": with_pads, "length_scale": 1.5, "sid": 2}
    (graph.parent / "tiny_cases.json").write_text(json.dumps([case]), "utf-8")
    n_frames = samples.size // HOP
    durations = np.zeros(len(with_pads), np.int64)
    durations[0] = n_frames
    np.savez(graph.parent / "tiny_expected.npz", case0_output=samples, case0_durations=durations)
    # The durations are made up, so that only they miss.
    assert main(tmp_path) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == [
        "good  piper tiny case0 ids",
        "MISS  piper tiny case0 durations",
        "good  piper tiny case0 samples",
    ]
