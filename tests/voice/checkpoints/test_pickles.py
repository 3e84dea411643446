"""Torch files are read as data: equal to what was saved, and nothing in them is run."""

from __future__ import annotations

import io
import pickle
import random
import struct
import sys
import tracemalloc
import zipfile
from collections import OrderedDict, defaultdict
from contextlib import contextmanager

import pytest
import torch

from tts.errors import TtsError
from tts.voice.checkpoints.pickles import Global, Record, read_pickle
from tts.voice.checkpoints.reading import read_checkpoint

FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def save(value, path, *, zipped=True, **options):
    torch.save(value, path, _use_new_zipfile_serialization=zipped, **options)
    return path


def rewrite_zip(path, changed=None, *, compression=zipfile.ZIP_STORED):
    """The same archive with some entries replaced, by the last part of their names."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, (changed or {}).get(name.partition("/")[2], data))
    return path


def zip_with(path, pickled):
    save({"weight": torch.zeros(3)}, path)
    return rewrite_zip(path, {"data.pkl": pickled})


def legacy_with(path, pickled):
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in head) + pickled + pickle.dumps([], 2))
    return path


@FORMATS
@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32]
)
def test_numbers_of_every_kind(tmp_path, zipped, dtype):
    value = {"a": torch.arange(24).to(dtype).reshape(2, 3, 4), "empty": torch.zeros(0, 3, dtype=dtype)}
    read = read_pickle(save(value, tmp_path / "x.pt", zipped=zipped))
    for name, tensor in value.items():
        assert read[name].dtype == dtype
        assert torch.equal(read[name], tensor)


@FORMATS
def test_views_share_their_storage_and_keep_their_strides(tmp_path, zipped):
    base = torch.arange(20.0)
    value = {"base": base, "turned": base[2:14].reshape(3, 4).T, "overlapping": base.as_strided((8, 4), (1, 2), 3)}
    read = read_pickle(save(value, tmp_path / "x.pt", zipped=zipped))
    assert read["turned"].stride() == (1, 4)
    for name, tensor in value.items():
        assert torch.equal(read[name], tensor)
        assert read[name].untyped_storage().data_ptr() == read["base"].untyped_storage().data_ptr()


@FORMATS
def test_plain_values(tmp_path, zipped):
    value = {
        "none": None, "yes": True, "no": False, "int": -3, "long": 2**40, "float": 0.5, "text": "é",
        "list": [1, [2, ()]], "tuple": (1, 2, 3, 4), "pair": (1, 2), "size": torch.Size([2, 3]),
        "ordered": OrderedDict(a=1), "default": defaultdict(dict, {3: {}}), 7: {1.5: "key", (1, "a"): 0},
    }  # fmt: skip
    read = read_pickle(save(value, tmp_path / "x.pt", zipped=zipped))
    assert read == {**value, "size": (2, 3)}


@FORMATS
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol(tmp_path, zipped, protocol):
    value = {"w": torch.nn.Parameter(torch.ones(2)), "text": "a" * 300, "bytes": b"b" * 300, "set": [1] * 300}
    read = read_pickle(save(value, tmp_path / "x.pt", zipped=zipped, pickle_protocol=protocol))
    assert torch.equal(read["w"], torch.ones(2))
    assert (read["text"], read["set"]) == (value["text"], value["set"])


@FORMATS
def test_what_torch_itself_reads_comes_out_equal(tmp_path, zipped):
    network = torch.nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.ones(5, 3))[0].sum().backward()
    optimizer.step()
    path = save({"n": network.state_dict(), "o": optimizer.state_dict()}, tmp_path / "x.pt", zipped=zipped)
    ours, theirs = read_pickle(path), torch.load(path, weights_only=True)
    assert list(ours["n"]) == list(theirs["n"])
    assert all(torch.equal(ours["n"][name], theirs["n"][name]) for name in theirs["n"])
    state = theirs["o"]["state"]
    assert all(torch.equal(ours["o"]["state"][i][name], state[i][name]) for i in state for name in state[i])
    assert ours["o"]["param_groups"] == theirs["o"]["param_groups"]


def test_numbers_saved_on_a_gpu_come_to_the_cpu(tmp_path):
    path = save({"a": torch.ones(2)}, tmp_path / "x.pt")
    with zipfile.ZipFile(path) as archive:
        pickled = archive.read("x/data.pkl")
    cuda = pickled.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
    assert cuda != pickled
    read = read_pickle(rewrite_zip(path, {"data.pkl": cuda}))
    assert read["a"].device.type == "cpu"


# What must never happen: each of these calls `mark` when an ordinary unpickler reads it.
HERE = __name__.encode()
MARKED: list[str] = []


def mark(*_):
    MARKED.append("executed")


class Marker:
    """Marks in whatever way an unpickler may touch a class."""

    def __new__(cls, *_):
        mark()
        return super().__new__(cls)

    def __init__(self, *_):
        mark()

    def __setstate__(self, state):
        mark()

    def __setattr__(self, name, value):
        mark()

    def __setitem__(self, name, value):
        mark()

    def append(self, value):
        mark()


def short(text):
    return b"\x8c" + bytes([len(text)]) + text


MALICIOUS = {
    "GLOBAL and REDUCE": b"c" + HERE + b"\nmark\n(tR.",
    "STACK_GLOBAL": b"\x80\x04" + short(HERE) + short(b"mark") + b"\x93)R.",
    "INST": b"(i" + HERE + b"\nmark\n.",
    "OBJ": b"(c" + HERE + b"\nmark\no.",
    "NEWOBJ": b"\x80\x02c" + HERE + b"\nMarker\n)\x81.",
    "NEWOBJ_EX": b"\x80\x04c" + HERE + b"\nMarker\n)}\x92.",
    "BUILD": b"\x80\x02c" + HERE + b"\nMarker\n)\x81}X\x01\x00\x00\x00aK\x01sb.",
    "SETITEM": b"\x80\x02c" + HERE + b"\nMarker\n)\x81K\x01K\x02s.",
    "APPEND": b"\x80\x02c" + HERE + b"\nMarker\n)\x81K\x01a.",
    "eval": b"cbuiltins\neval\n(S'__import__(\"" + HERE + b"\").MARKED.append(1)'\ntR.",
    "exec by Python 2 name": b"c__builtin__\nexec\n(S'import " + HERE + b" as m; m.mark()'\ntR.",
    "getattr, then its result": b"cbuiltins\ngetattr\n(c" + HERE + b"\nMARKED\nS'append'\ntR(K\x01tR.",
    "dotted name": b"\x80\x04" + short(HERE) + short(b"MARKED.append") + b"\x93K\x01\x85R.",
    "torch.load": b"ctorch.serialization\nload\n(S'/etc/passwd'\ntR.",
    "torch's own globals": b"ctorch.serialization\npickle.loads\n(S'c" + HERE + b"\\nmark\\n(tR.'\ntR.",
    "a maker of ours, given a function": b"ctorch._tensor\n_rebuild_from_type_v2\n(c" + HERE + b"\nmark\nN)NtR.",
    "a hook": b"\x80\x02ctorch._utils\n_rebuild_parameter\n(NNc" + HERE + b"\nMarker\n)\x81tR.",
    "functools.partial": b"cfunctools\npartial\n(c" + HERE + b"\nmark\ntR(tR.",
    "a state's attribute": b"}\x80\x02(X\x0a\x00\x00\x00state_dictc" + HERE + b"\nMarker\n)\x81u.",
    "a persistent id's class": b"\x80\x02(X\x06\x00\x00\x00modulec" + HERE + b"\nMarker\nNNtQ)\x81.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_executed():
    MARKED.clear()
    yield
    assert MARKED == []


@pytest.mark.parametrize("attack", ["GLOBAL and REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD", "dotted name"])
def test_the_attacks_are_real(attack):
    pickle.loads(MALICIOUS[attack])
    assert MARKED
    MARKED.clear()


@pytest.mark.parametrize("container", [zip_with, legacy_with])
@pytest.mark.parametrize("attack", MALICIOUS)
def test_nothing_is_executed(tmp_path, container, attack):
    with pytest.raises(TtsError, match=r"holds no network|cannot be read as a checkpoint"):
        read_checkpoint(container(tmp_path / "x.pt", MALICIOUS[attack]))


def test_a_command_beside_real_weights_stays_inert(tmp_path):
    class Command:
        def __reduce__(self):
            return mark, ("x",)

    path = save({"state_dict": {"w": torch.ones(1)}, "callback": Command()}, tmp_path / "x.pt")
    read = read_pickle(path)
    assert isinstance(read["callback"], Record)
    assert read["callback"].made_by == Global(__name__, "mark")
    assert read_checkpoint(path).extras == {}


@pytest.mark.parametrize(
    "pickled",
    [b"\x82\x01.", b"\x83\x01\x00.", b"\x84\x01\x00\x00\x00.", b"\x80\x05\x97.", b"\x80\x05\x97\x98.", b"P1\n."],
    ids=["EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER", "PERSID"],
)
def test_operations_that_no_checkpoint_needs_are_refused(tmp_path, pickled):
    with pytest.raises(TtsError, match="which no checkpoint needs"):
        read_pickle(zip_with(tmp_path / "x.pt", pickled))


def test_no_module_is_imported(tmp_path):
    assert "antigravity" not in sys.modules
    read = read_pickle(zip_with(tmp_path / "x.pt", b"cantigravity\nfly\n(tR."))
    assert read.made_by == Global("antigravity", "fly")
    assert "antigravity" not in sys.modules


DEEP = 300_000


@pytest.mark.parametrize(
    "pickled",
    [
        b"\x80\x02" + b")" + b"\x85" * DEEP + b"}" + b".",
        b"\x80\x02}" + b")" + b"\x85" * DEEP + b"K\x01s.",
        b"(" * DEEP + b".",
        b"0.",
        b"h\x05.",
        b"N",
        b"",
        b"\x80\x09N.",
        b"\x8a\xff" + b"\x7f" * 255 + b".",
        b"\x8b\xff\xff\xff\x7f.",
        b"\x8e" + struct.pack("<Q", 2**40) + b"a.",
        b"\x96" + struct.pack("<Q", 2**62) + b"a.",
        b"X\xff\xff\xff\xffa.",
        b"N" * 2_100_000 + b".",
        b"(Na.",
        b"Nb.",
        b"}K\x01K\x02}s.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(NNNNNNtR.",
    ],
)
def test_a_senseless_pickle_is_refused(tmp_path, pickled):
    for container in (zip_with, legacy_with):
        with pytest.raises(TtsError, match="cannot be read as a checkpoint"):
            read_pickle(container(tmp_path / "x.pt", pickled))


def test_a_deep_nest_neither_recurses_nor_crashes(tmp_path):
    read = read_pickle(zip_with(tmp_path / "x.pt", b"\x80\x02)" + b"\x85" * DEEP + b"."))
    assert isinstance(read, tuple)


def test_a_huge_memo_index_needs_no_memory(tmp_path):
    assert read_pickle(zip_with(tmp_path / "x.pt", b"Nr\xff\xff\xff\xff.")) is None


def tensor_pickle(size, stride, offset=0, length=3, key="0", kind="FloatStorage"):
    """The pickle of one tensor, with whatever it says of itself."""

    class Tensor:
        def __reduce__(self):
            return torch._utils._rebuild_tensor_v2, (Stored(), offset, size, stride, False, OrderedDict())

    class Stored:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            named = getattr(torch, kind)
            return ("storage", named, key, "cpu", length) if isinstance(value, Stored) else None

    buffer = io.BytesIO()
    Pickler(buffer, 2).dump({"weight": Tensor()})
    return buffer.getvalue()


def test_the_pickle_of_a_tensor_is_as_torch_writes_it(tmp_path):
    read = read_pickle(zip_with(tmp_path / "x.pt", tensor_pickle((3,), (1,))))
    assert torch.equal(read["weight"], torch.zeros(3))


@pytest.mark.parametrize(
    "lie",
    [
        {"size": (4,), "stride": (1,)},
        {"size": (3,), "stride": (2,)},
        {"size": (3,), "stride": (1,), "offset": 1},
        {"size": (3,), "stride": (1,), "offset": -1},
        {"size": (3,), "stride": (-1,), "offset": 2},
        {"size": (-3,), "stride": (1,)},
        {"size": (3, 1), "stride": (1,)},
        {"size": (2**40, 2**40), "stride": (0, 0)},
        {"size": (1,) * 100, "stride": (1,) * 100},
        {"size": (3.0,), "stride": (1,)},
        {"size": (3,), "stride": (1,), "length": 4},
        {"size": (3,), "stride": (1,), "length": 2**50},
        {"size": (3,), "stride": (1,), "length": -1},
        {"size": (3,), "stride": (1,), "key": "1"},
        {"size": (3,), "stride": (1,), "key": "../data.pkl"},
        {"size": (3,), "stride": (1,), "kind": "DoubleStorage"},
        {"size": (3,), "stride": (1,), "kind": "ComplexFloatStorage"},
    ],
)
def test_a_tensor_that_lies_about_itself_is_refused(tmp_path, lie):
    with pytest.raises(TtsError, match="cannot be read as a checkpoint"):
        read_pickle(zip_with(tmp_path / "x.pt", tensor_pickle(**lie)))
    with pytest.raises(TtsError, match="cannot be read as a checkpoint"):
        read_pickle(legacy_with(tmp_path / "x.pt", tensor_pickle(**lie)))


@contextmanager
def at_most(megabytes):
    """No more memory than this is taken inside, beside torch's own, which only ever follows bytes that were read."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 2**20
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path):
    path = save({"weight": torch.zeros(3)}, tmp_path / "x.pt")
    rewrite_zip(path, {"data/0": bytes(2**28)}, compression=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**20
    with at_most(2), pytest.raises(TtsError, match="contents are compressed"):
        read_pickle(path)


def test_a_legacy_file_cannot_claim_more_than_it_holds(tmp_path):
    path = legacy_with(tmp_path / "x.pt", tensor_pickle((3,), (1,), length=2**28))
    with at_most(2), pytest.raises(TtsError, match="says that it holds more"):
        read_pickle(path)


def test_a_small_file_cannot_stand_for_a_huge_tensor(tmp_path):
    path = zip_with(tmp_path / "x.pt", tensor_pickle((2**15, 2**15), (0, 0)))
    with pytest.raises(TtsError, match="far larger than the file"):
        read_checkpoint(path)


def test_zip_entries_that_overlap_are_refused(tmp_path):
    path = save({"a": torch.zeros(300), "b": torch.zeros(300), "c": torch.zeros(300)}, tmp_path / "x.pt")
    data = bytearray(path.read_bytes())
    entries, start = [], data.rfind(b"PK\x05\x06")
    position = data.find(b"PK\x01\x02")
    while 0 <= position < start:
        entries.append(position)
        position = data.find(b"PK\x01\x02", position + 4)
    sizes = [struct.unpack_from("<I", data, entry + 20)[0] for entry in entries]
    for entry, size in zip(entries, sizes, strict=True):
        if size == 1200:
            struct.pack_into("<II", data, entry + 20, 3000, 3000)
    path.write_bytes(data)
    with pytest.raises(TtsError, match="cannot be read as a checkpoint"):
        read_pickle(path)


def test_a_zip_entry_beyond_any_file_is_refused(tmp_path):
    """Found by changing bytes: the place of an entry did not fit the system's file offsets."""
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", b"N.")
        info = zipfile.ZipInfo("x/byteorder")
        info.extra = struct.pack("<HHQ", 1, 8, 2**63 + 5)
        archive.writestr(info, b"little")
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rfind(b"PK\x01\x02") + 42, 0xFFFFFFFF)  # "see the extra field"
    path.write_bytes(data)
    with pytest.raises(TtsError, match="damaged or cut short") as refused:
        read_pickle(path)
    assert type(refused.value.__cause__) is ValueError


def test_other_archives_are_named(tmp_path):
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.txt", "x")
    with pytest.raises(TtsError, match="it is a zip archive; unpack it"):
        read_checkpoint(path)
    assert not (tmp_path.parent.parent / "evil.txt").exists()
    program = io.BytesIO()
    save({"weight": torch.zeros(3)}, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x/code/__torch__.py", program.getvalue())
    with pytest.raises(TtsError, match="TorchScript"):
        read_checkpoint(path)


def test_a_plain_pickle_is_not_a_torch_file(tmp_path):
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(TtsError, match="a pickle that torch did not write"):
        read_checkpoint(path)


@FORMATS
def test_a_damaged_file_gives_one_sentence_and_nothing_else(tmp_path, zipped):
    """Truncations and wrong bytes: never another error, never much memory."""
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    path = save({"state_dict": network.state_dict(), "step": 3}, tmp_path / "x.pt", zipped=zipped)
    complete = path.read_bytes()
    draw = random.Random(0)
    damaged = [complete[:length] for length in range(1, len(complete), 29)]
    for _ in range(400):
        wrong = bytearray(complete)
        for _ in range(draw.randint(1, 3)):
            wrong[draw.randrange(len(complete))] = draw.randrange(256)
        damaged.append(bytes(wrong))
    with at_most(4):
        answers = [answer(path, data) for data in damaged]
    refusals = [answer for answer in answers if answer is not None]
    assert len(refusals) > len(damaged) / 4
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in refusals)


def answer(path, data):
    path.write_bytes(data)
    try:
        read_checkpoint(path)
    except TtsError as error:
        return str(error)
    return None
