"""Checkpoint files are recognised, the network's state is found in them, and its layout is converted."""

from __future__ import annotations

import gzip
import json
import re
import struct
import sys
import tarfile
import types
import wave
import zipfile

import pytest
import tomli_w
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import weight_norm

from tests.public_checkpoints import hifigan_state, nvidia_waveglow_state, wavenet_state
from tests.voice.checkpoints.test_hifigan import HIFIGAN
from tests.voice.checkpoints.test_waveglow import WAVEGLOW
from tests.voice.checkpoints.test_wavenet import HYPERPARAMETERS, WAVENET
from tts.audio.mel_settings import MelSettings
from tts.errors import TtsError
from tts.models.vocos import Vocos, VocosDimensions
from tts.voice.checkpoints import hifigan, waveglow, wavenet
from tts.voice.checkpoints.reading import convert, read_checkpoint
from tts.voice.checkpoints.weights import CheckpointWeights, ConvertedNetwork

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


SIZES = {"channels": 8, "hidden": 16, "n_blocks": 1}
MEL = {"n_mels": 80}


class Toy:
    """A layout whose tensors have our names behind `toy.`."""

    def __init__(self, options=None):
        self.options = SIZES if options is None else options
        self.given = None

    def matches(self, weights, extras):
        return "toy.head.bias" in weights

    def convert(self, weights, extras, hyperparameters):
        self.given = (extras, hyperparameters)
        taken = weights.take_all("toy.")
        return ConvertedNetwork("a toy", "vocoder", "vocos", self.options, taken, MEL, dropped=weights.finish())


class Never:
    def matches(self, weights, extras):
        return False

    def convert(self, weights, extras, hyperparameters):
        raise AssertionError("it does not match")


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    network = Vocos(MelSettings(), VocosDimensions(**SIZES))
    state = {f"module.toy.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "toy.pt")
    return tmp_path / "toy.pt"


def test_a_checkpoint_is_converted_by_the_first_layout_that_matches(checkpoint):
    toy = Toy()
    converted = convert(checkpoint, layouts=[Never(), toy, Never()])
    assert (converted.network, converted.dropped) == ("vocos", ())
    assert toy.given == ({"epoch": 3}, None)
    torch.manual_seed(0)
    expected = Vocos(MelSettings(), VocosDimensions(**SIZES)).state_dict()
    assert all(torch.equal(converted.weights[name], expected[name]) for name in expected)


def test_the_hyperparameters_are_beside_the_checkpoint_or_are_named(checkpoint, tmp_path):
    (tmp_path / "config.json").write_text('{"layers": 12}')
    toy = Toy()
    convert(checkpoint, layouts=[toy])
    assert toy.given[1] == {"layers": 12}
    checkpoint.with_suffix(".json").write_text('{"layers": 24}')
    (tmp_path / "other.json").write_text('{"layers": 30}')
    toy = Toy()
    convert(checkpoint, layouts=[toy])
    assert toy.given[1] == {"layers": 24}
    convert(checkpoint, tmp_path / "other.json", layouts=[toy])
    assert toy.given[1] == {"layers": 30}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("layers: 24", "are not JSON"),
        ("[" * 100_000, "are not JSON"),
        ("\xff", "are not JSON"),
        ("[1]", "must be one JSON object"),
        (json.dumps({"x": "y" * 2**20}), "must be one JSON object"),
    ],
)
def test_wrong_hyperparameters_are_refused(checkpoint, tmp_path, text, sentence):
    path = tmp_path / "hparams.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(TtsError, match=sentence):
        convert(checkpoint, path, layouts=[Toy()])


def test_named_hyperparameters_must_exist(checkpoint, tmp_path):
    with pytest.raises(TtsError, match="cannot be read: No such file"):
        convert(checkpoint, tmp_path / "absent.json", layouts=[Toy()])


def test_an_unknown_layout_is_named_by_its_first_tensors(checkpoint):
    with pytest.raises(TtsError, match=r"no known layout \(it holds 'toy\..*' and \d+ more\): known are NVIDIA's"):
        convert(checkpoint, layouts=[Never()])


@pytest.mark.parametrize("options", [{**SIZES, "hidden": 32}, {**SIZES, "n_blocks": 2}, {**SIZES, "unknown": 1}])
def test_what_does_not_fit_its_network_is_refused(checkpoint, options):
    with pytest.raises(TtsError, match=r"looks like a toy, but does not fit it \("):
        convert(checkpoint, layouts=[Toy(options)])


def test_the_layouts_that_ship_are_used_by_default(checkpoint):
    with pytest.raises(TtsError, match="no known layout"):
        convert(checkpoint)


WEIGHTS = {"conv.weight": torch.arange(6.0).reshape(2, 3), "conv.bias": torch.ones(2)}
PREFIXED = {f"module.{name}": tensor for name, tensor in WEIGHTS.items()}


def save(value, path, **options):
    torch.save(value, path, **options)
    return path


def assert_same(found, expected):
    assert list(found) == list(expected)
    assert all(torch.equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("saved", "extras"),
    [
        (WEIGHTS, {}),
        (PREFIXED, {}),
        ({"state_dict": WEIGHTS, "iteration": 3, "learning_rate": 0.1}, {"iteration": 3, "learning_rate": 0.1}),
        (
            {"epoch": 1, "config": {"n": [1, None]}, "rng": torch.zeros(3), "state_dict": PREFIXED},
            {"epoch": 1, "config": {"n": [1, None]}},
        ),
        ({"generator": WEIGHTS}, {}),
        ({"model": {"model_state_dict": WEIGHTS, "step": 2}, "step": 1, "kind": "x"}, {"step": 2, "kind": "x"}),
        ({"something else": {"state_dict": WEIGHTS}}, {}),
        ({"state_dict": WEIGHTS, "optimizer": {"state": {0: {"exp_avg": torch.ones(2)}}}}, {}),
        ({"state_dict": WEIGHTS, "optimizer": None, "model": "a name"}, {"optimizer": None, "model": "a name"}),
        ({**WEIGHTS, "_extra_state": 5}, {"_extra_state": 5}),
    ],
)
def test_the_state_is_found_at_every_level(tmp_path, saved, extras):
    found = read_checkpoint(save(saved, tmp_path / "x.pt"))
    assert_same(found.weights, WEIGHTS)
    assert found.extras == extras


def test_a_prefix_of_some_names_stays(tmp_path):
    mixed = {"module.a": torch.ones(1), "b": torch.ones(1)}
    assert list(read_checkpoint(save(mixed, tmp_path / "x.pt")).weights) == ["module.a", "b"]


def test_safetensors(tmp_path):
    for name in ("x.safetensors", "named otherwise"):
        save_file(PREFIXED, tmp_path / name, metadata={"made by": "a test"})
        found = read_checkpoint(tmp_path / name)
        assert set(found.weights) == set(WEIGHTS)
        assert all(torch.equal(found.weights[key], WEIGHTS[key]) for key in WEIGHTS)
        assert found.extras == {"made by": "a test"}


GONE = """
from torch import nn
from torch.nn.utils import weight_norm

class Layers(nn.Module):
    def __init__(self):
        super().__init__()
        self.n_channels = 4
        self.in_layers = nn.ModuleList([weight_norm(nn.Conv1d(2, 4, 3)), nn.Conv1d(4, 4, 1, bias=False)])

class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.n_flows, self.name, self.callback = 2, "flow", print
        self.wn = nn.ModuleList([Layers(), Layers()])
        self.upsample = nn.ConvTranspose1d(2, 2, 4)
        self.tied = self.upsample
        self.norm = nn.BatchNorm1d(2)
        self.nothing = None
        self.lstm = nn.LSTM(2, 3)
        self.register_parameter("absent", None)
        self.register_buffer("window", nn.Parameter(self.upsample.weight[0, 0].detach().clone()).data)
        self.register_buffer("scratch", self.window.clone(), persistent=False)
        self.register_forward_pre_hook(hook)

def hook(module, inputs):
    return inputs
"""


@pytest.fixture
def vanished():
    """Make a network of a module that is gone when the file is read."""
    module = types.ModuleType("gone_glow")
    exec(GONE, module.__dict__)
    sys.modules["gone_glow"] = module
    yield module
    sys.modules.pop("gone_glow", None)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning", "ignore:Couldn't retrieve source")
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "in DataParallel"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_complete_module_whose_class_is_gone(tmp_path, vanished, zipped, wrapped, dtype):
    network = vanished.Flow().to(dtype)
    expected = network.state_dict()
    assert "wn.0.in_layers.0.weight_g" in expected
    saved = {"model": nn.DataParallel(network) if wrapped else network, "iteration": 7}
    path = save(saved, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    del sys.modules["gone_glow"]
    found = read_checkpoint(path)
    assert set(found.weights) == set(expected)
    assert all(torch.equal(found.weights[name], expected[name]) for name in expected)
    assert found.extras == {"iteration": 7, "training": True, "n_flows": 2, "name": "flow", "nothing": None}


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
def test_a_file_that_holds_only_a_module(tmp_path):
    network = nn.Sequential(weight_norm(nn.Linear(2, 2)))
    found = read_checkpoint(save(network, tmp_path / "x.pt"))
    assert_same(dict(sorted(found.weights.items())), dict(sorted(network.state_dict().items())))


def test_a_module_inside_itself_is_refused(tmp_path):
    network = nn.Sequential(nn.Linear(1, 1))
    network._modules["itself"] = network
    with pytest.raises(TtsError, match="contain themselves"):
        read_checkpoint(save(network, tmp_path / "x.pt"))


def test_modules_that_double_at_every_level_are_refused(tmp_path):
    network = nn.Sequential(nn.Linear(1, 1))
    for _ in range(40):
        network = nn.Sequential(network, network)
    with pytest.raises(TtsError, match="more modules than any network"):
        read_checkpoint(save(network, tmp_path / "x.pt"))


def test_values_that_double_at_every_level_are_left_out(tmp_path):
    value = [1]
    for _ in range(7):
        value = [value] * 30
    assert read_checkpoint(save({"state_dict": WEIGHTS, "laughs": value}, tmp_path / "x.pt")).extras == {}
    endless = []
    endless.append(endless)
    assert read_checkpoint(save({"state_dict": WEIGHTS, "endless": endless}, tmp_path / "x.pt")).extras == {}


@pytest.mark.parametrize("saved", [{}, {"epoch": 3}, [torch.ones(2)], torch.ones(2), "text", {"a": {"b": {"c": 1}}}])
def test_a_file_without_a_network_is_refused(tmp_path, saved):
    with pytest.raises(TtsError, match="holds no network"):
        read_checkpoint(save(saved, tmp_path / "x.pt"))


def tone(path):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(bytes(100))


def evil_tar(path):
    with tarfile.open(path, "w") as archive:
        member = tarfile.TarInfo("../evil.txt")
        archive.addfile(member)


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        (b"", "is empty: its download failed"),
        (b"<!DOCTYPE html><html>Not found</html>", "is a web page, not a checkpoint: the server sent it"),
        (b"\n <html lang='en'>", "is a web page"),
        (b"<?xml version='1.0'?><Error>AccessDenied</Error>", "is an XML document"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "is a Git LFS pointer, not a checkpoint",
        ),
        (b'{"error": "Repository not found"}', "is JSON text, not a checkpoint."),
        (b"Not Found", "is text, not a checkpoint."),
        ("naïve ".encode() * 300, "is text, not a checkpoint."),
        (tone, "is a sound or picture, not a checkpoint."),
        (b"\x08\x07\x12\x07pytorch\x1a\x05" + bytes(99), "is an ONNX model, not a checkpoint: only PyTorch's"),
        (evil_tar, "is an archive, not a checkpoint: unpack it"),
        (gzip.compress(b"x", mtime=0), "is an archive"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file"),
        (b"\x93NUMPY\x01\x00", "is a NumPy array"),
        (b"\x7fELF\x02", "is a program"),
        (bytes(range(1, 255)) * 9, "is no known checkpoint"),
    ],
)
def test_what_is_no_checkpoint_is_named(tmp_path, contents, sentence):
    path = tmp_path / "deep" / "x.pt"
    path.parent.mkdir()
    if callable(contents):
        contents(path)
    else:
        path.write_bytes(contents)
    with pytest.raises(TtsError) as refused:
        read_checkpoint(path)
    assert f"{path} {sentence}" in str(refused.value)
    assert str(refused.value).endswith(".")
    assert list(tmp_path.rglob("*.txt")) == []


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(TtsError, match="No such file"):
        read_checkpoint(tmp_path / "absent.pt")
    with pytest.raises(TtsError, match="cannot be read"):
        read_checkpoint(tmp_path)


def entry(start, end, shape=(2,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ({"a": entry(0, 8)}, 2**40),
        ({"a": entry(0, 8)}, 2**63),
        ({"a": entry(0, 8)}, 99 * 2**20),
        ({"a": entry(0, 16)}, None),
        ({"a": entry(0, 4)}, None),
        ({"a": entry(4, 12)}, None),
        ({"a": entry(8, 0)}, None),
        ({"a": entry(-8, 0)}, None),
        ({"a": entry(0, 8), "b": entry(0, 8)}, None),
        ({"a": entry(0, 8, (2**62, 8))}, None),
        ({"a": entry(0, 8, (-2,))}, None),
        ({"a": entry(0, 8, dtype="X9")}, None),
        ({"a": 5}, None),
        ({}, None),
    ],
)
def test_a_safetensors_header_that_lies_is_refused(tmp_path, header, length):
    text = json.dumps(header).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + bytes(8))
    with pytest.raises(TtsError, match=r"safetensors are damaged|is no known checkpoint|holds no network"):
        read_checkpoint(path)


def test_a_true_safetensors_header_is_not_refused(tmp_path):
    text = json.dumps({"a": entry(0, 8)}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    assert_same(read_checkpoint(path).weights, {"a": torch.zeros(2)})


def test_damaged_safetensors(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file(WEIGHTS, path)
    complete = path.read_bytes()
    for length in range(8, len(complete)):
        path.write_bytes(complete[:length])
        with pytest.raises(TtsError):
            read_checkpoint(path)


def test_a_zip_without_a_checkpoint(tmp_path):
    path = tmp_path / "ngc.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("nvidia_tacotron2.pt", "x")
    with pytest.raises(TtsError, match="unpack it and name the checkpoint inside"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("module", "state"),
    [(waveglow, nvidia_waveglow_state(**WAVEGLOW)), (hifigan, hifigan_state(**HIFIGAN)),
     (wavenet, wavenet_state(**WAVENET))],
    ids=["waveglow", "hifigan", "wavenet"],
)  # fmt: skip
def test_each_layout_knows_its_own_and_no_other(module, state):
    matching = [m for m in (waveglow, hifigan, wavenet) if m.matches(CheckpointWeights(state), {})]
    assert matching == [module]


@pytest.mark.parametrize("module", [waveglow, hifigan, wavenet])
def test_converted_values_can_stand_in_a_manifest(module):
    state = {
        waveglow: nvidia_waveglow_state(**WAVEGLOW),
        hifigan: hifigan_state(**HIFIGAN),
        wavenet: wavenet_state(**WAVENET),
    }[module]
    converted = module.convert(CheckpointWeights(state), {}, HYPERPARAMETERS if module is wavenet else None)
    table = {"options": converted.options, "mel": converted.mel}
    assert tomllib.loads(tomli_w.dumps(table)) == table
    assert all(tensor.is_contiguous() for tensor in converted.weights.values())


def test_a_hyperparameter_of_the_wrong_kind_is_reported(tmp_path):
    torch.save({"state_dict": wavenet_state(**WAVENET)}, tmp_path / "x.pth")
    (tmp_path / "hparams.json").write_text(json.dumps({**HYPERPARAMETERS, "fmin": "low"}))
    with pytest.raises(TtsError, match=r"^The hyperparameters .*hparams\.json have a value of the wrong kind"):
        convert(tmp_path / "x.pth")


@pytest.mark.parametrize(
    "prefix",
    [
        *(
            "_orig_mod.",
            "module._orig_mod.",
            "_orig_mod.module.",
            "model.",
            "ema.",
            "ema_model.module.",
            "net.",
            "generator.",
        ),
        *("_forward_module.model.", "model.vocoder.", "module.module.", "_fsdp_wrapped_module.model.generator."),
        *("anything.else.", "a.b.c."),
    ],
)
def test_what_wrappers_put_before_all_names_is_removed(tmp_path, prefix):
    state = hifigan_state(**HIFIGAN)
    expected = convert(save(state, tmp_path / "bare.pt"))
    for beside in ({}, {"n_averaged": torch.tensor(3)}):
        wrapped = {**{f"{prefix}{name}": tensor for name, tensor in state.items()}, **beside}
        for name, saved in {
            "a.pt": wrapped,
            "b.pt": {"state_dict": wrapped, "epoch": 1},
            "c.pt": {"ema": wrapped},
        }.items():
            converted = convert(save(saved, tmp_path / name))
            assert_same(converted.weights, expected.weights)
            assert set(converted.dropped) <= {"n_averaged"}


def test_compiled_parts_are_recognised(tmp_path):
    state = nvidia_waveglow_state(**WAVEGLOW)
    expected = convert(save(state, tmp_path / "bare.pt"))
    compiled = {re.sub(r"^(WN\.\d+)\.", r"\1._orig_mod.", name): tensor for name, tensor in state.items()}
    assert compiled.keys() != state.keys()
    assert_same(convert(save(compiled, tmp_path / "x.pt")).weights, expected.weights)


def test_a_network_beside_others_is_found(tmp_path):
    state = hifigan_state(**HIFIGAN)
    averaged = {name: 2 * tensor for name, tensor in state.items()}
    expected = convert(save(state, tmp_path / "bare.pt"))
    several = {
        **{f"ema.{name}": tensor for name, tensor in averaged.items()},
        **{f"discriminator.{name}.x": tensor for name, tensor in state.items()},
        **{f"model.generator.{name}": tensor for name, tensor in state.items()},
    }
    converted = convert(save(several, tmp_path / "x.pt"))
    assert_same(converted.weights, expected.weights)
    assert set(converted.dropped) == {name for name in several if not name.startswith("model.generator.")}
    both = {"ema": averaged, "model": state, "optimizer": {"state": {}}}
    assert_same(convert(save(both, tmp_path / "x.pt")).weights, expected.weights)
