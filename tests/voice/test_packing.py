import shutil
from dataclasses import replace

import pytest

from tests.tiny_runs import LEFT_BEHIND, acoustic_run, vocoder_run
from tts.errors import TtsError, UsageError
from tts.voice.archives import unpack
from tts.voice.manifest import file_sha256, load_manifest, verify_files, write_manifest
from tts.voice.packing import pack_voice


@pytest.fixture
def runs(random_voice, tmp_path):
    return [
        load_manifest(acoustic_run(tmp_path / "ac", random_voice, "fastspeech2")),
        load_manifest(vocoder_run(tmp_path / "voc", random_voice, "waveglow")),
    ]


def pack(sources, destination, **head):
    return pack_voice(sources, destination, head, print)


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


FILES = {"voice.toml", "fastspeech2.safetensors", "waveglow.safetensors"}


@pytest.mark.parametrize("name", ["mine.tar", "mine.tar.gz", "mine"])
def test_into_a_file_or_a_folder(runs, tmp_path, name):
    destination = tmp_path / name
    assert pack(runs, destination, name="mine").name == "mine"
    if name != "mine":
        (tmp_path / "unpacked").mkdir()
        unpack(destination, tmp_path / "unpacked")
        destination = tmp_path / "unpacked"
    assert {path.name for path in destination.iterdir()} == FILES
    assert {path.stat().st_mode & 0o777 for path in destination.iterdir()} <= {0o644, 0o664}
    assert verify_files(load_manifest(destination)) == []
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", ["my-voice.tar", "my-voice.tar.gz", "my-voice"])
def test_what_is_made_of_several_is_called_after_its_place(runs, tmp_path, name):
    assert pack(runs, tmp_path / name).name == "my-voice"
    assert pack(runs[:1], tmp_path / f"one-{name}", licence="MIT").name == "random"


def test_the_same_bytes_from_the_same_runs(runs, tmp_path):
    for name in ("a.tar", "b.tar"):
        pack(runs, tmp_path / name, name="mine")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def with_graph(voice, content=b"a graph"):
    """A folder's voice, whose default vocoder has a graph too."""
    manifest = load_manifest(voice)
    name = manifest.default_vocoder
    (voice / f"{name}.onnx").write_bytes(content)
    digest = file_sha256(voice / f"{name}.onnx")
    part = replace(manifest.vocoders[name], graph=f"{name}.onnx", graph_sha256=digest)
    write_manifest(replace(manifest, vocoders={**manifest.vocoders, name: part}))
    return load_manifest(voice)


@pytest.mark.parametrize("named", [{}, {"name": "mine"}])
def test_graphs_come_along(runs, tmp_path, named):
    voice = with_graph(runs[1].folder)
    pack([voice], tmp_path / "voc.tar", **named)
    (tmp_path / "unpacked").mkdir()
    unpack(tmp_path / "voc.tar", tmp_path / "unpacked")
    packed = load_manifest(tmp_path / "unpacked")
    assert packed.vocoders["waveglow"].graph == "waveglow.onnx"
    assert set(packed.files) == {packed.vocoders["waveglow"].file, "waveglow.onnx"}
    assert verify_files(packed) == []


def test_a_new_graph_takes_the_place_of_the_old(runs, tmp_path):
    destination = tmp_path / "packed"
    pack([with_graph(runs[1].folder)], destination)
    pack([with_graph(runs[1].folder, b"a better graph")], destination)
    packed = load_manifest(destination)
    graph = packed.vocoders["waveglow"].graph
    assert graph == f"waveglow-{packed.files[graph][:12]}.onnx"
    assert (destination / graph).read_bytes() == b"a better graph"
    assert {path.name for path in destination.iterdir()} == {"voice.toml", *packed.files}


def test_one_voice_as_it_is(pulse_voice, tmp_path):
    pack([load_manifest(pulse_voice)], tmp_path / "pulse")
    for path in pulse_voice.iterdir():
        assert (tmp_path / "pulse" / path.name).read_bytes() == path.read_bytes()


def test_one_run_leaves_its_states_behind(runs, tmp_path):
    pack(runs[:1], tmp_path / "mine")
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"voice.toml", "acoustic.safetensors"}


def test_one_voice_under_another_name(pulse_voice, tmp_path):
    packed = pack([load_manifest(pulse_voice)], tmp_path / "mine", name="mine")
    assert (packed.name, packed.description) == ("mine", "A tiny voice for tests.")
    assert load_manifest(tmp_path / "mine").name == "mine"


def test_a_voice_can_be_packed_into_its_own_folder(runs, tmp_path, pulse_voice):
    voice = shutil.copytree(pulse_voice, tmp_path / "pulse")
    pack([load_manifest(voice), runs[1]], voice)
    manifest = load_manifest(voice)
    assert list(manifest.vocoders) == ["vocos", "waveglow", "griffinlim"]
    # What has not changed keeps its name.
    assert {path.name for path in voice.iterdir()} == {*FILES, "vocos.safetensors"}
    assert verify_files(manifest) == []


def test_what_else_is_in_a_folder_is_not_touched(runs, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.md").write_text("Mine.")
    with pytest.raises(TtsError, match=r"full holds other things, diary\.md for one"):
        pack(runs, tmp_path / "full")
    with pytest.raises(TtsError, match=rf"ac holds other things, {LEFT_BEHIND[-1]} for one"):
        pack(runs, tmp_path / "ac")
    assert hidden(tmp_path) == []
    (tmp_path / "empty").mkdir()
    pack(runs, tmp_path / "empty")
    assert {path.name for path in (tmp_path / "empty").iterdir()} == FILES


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("x.zip", UsageError, "end in .tar or .tar.gz, or in no suffix, not 'x.zip'"),
        ("missing/x.tar", TtsError, "does not exist"),
        ("missing/x", TtsError, "does not exist"),
        ("file", TtsError, "is a file: name a folder"),
    ],
)
def test_where_nothing_can_be_written(runs, tmp_path, name, error, said):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(error, match=said.replace(".", r"\.")):
        pack(runs, tmp_path / name)
    assert (tmp_path / "file").read_text() == "precious"


def test_nothing_is_left_of_a_refusal(runs, tmp_path):
    (tmp_path / "mine.tar").write_bytes(b"precious")
    for destination in (tmp_path / "mine.tar", tmp_path / "mine"):
        with pytest.raises(UsageError, match="both have"):
            pack([*runs, runs[1]], destination)
    assert (tmp_path / "mine.tar").read_bytes() == b"precious"
    assert not (tmp_path / "mine").exists()
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", ["x.tar", "x"])
def test_a_damaged_voice_is_refused(pulse_voice, tmp_path, name):
    voice = shutil.copytree(pulse_voice, tmp_path / "pulse")
    (voice / "vocos.safetensors").write_bytes(b"cut")
    with pytest.raises(TtsError, match="pulse cannot be packed"):
        pack([load_manifest(voice)], tmp_path / name)
    assert not (tmp_path / name).exists()
