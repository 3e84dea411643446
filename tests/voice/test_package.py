"""Packing, merging and unpacking; hostile archives write nothing outside of the folder."""

import gzip
import io
import os
import pickle
import shutil
import stat
import struct
import tarfile
import zipfile
from dataclasses import replace

import pytest
import torch

from tests.tiny_runs import LEFT_BEHIND, acoustic_run, vocoder_run
from tts.errors import TtsError, UsageError
from tts.voice.load import load_acoustic_model, load_vocoder
from tts.voice.manifest import Component, Speaker, file_sha256, load_manifest, verify_files, write_manifest
from tts.voice.package import Bounds, check_torch_file, holds_archive, merge, pack, pack_voice, unpack


@pytest.fixture
def pair(random_voice, tmp_path):
    return [
        load_manifest(acoustic_run(tmp_path / "ac", random_voice, "fastspeech2")),
        load_manifest(vocoder_run(tmp_path / "voc", random_voice, "waveglow")),
    ]


def pack_into(sources, destination, **head):
    return pack_voice(sources, destination, head, print)


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


PAIR_FILES = {"voice.toml", "fastspeech2.safetensors", "waveglow.safetensors"}


@pytest.mark.parametrize("name", ["mine.tar", "mine.tar.gz", "mine"])
def test_into_a_file_or_a_folder(pair, tmp_path, name):
    destination = tmp_path / name
    assert pack_into(pair, destination, name="mine").name == "mine"
    if name != "mine":
        (tmp_path / "unpacked").mkdir()
        unpack(destination, tmp_path / "unpacked")
        destination = tmp_path / "unpacked"
    assert {path.name for path in destination.iterdir()} == PAIR_FILES
    assert {path.stat().st_mode & 0o777 for path in destination.iterdir()} <= {0o644, 0o664}
    assert verify_files(load_manifest(destination)) == []
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", ["my-voice.tar", "my-voice.tar.gz", "my-voice"])
def test_what_is_made_of_several_is_called_after_its_destination(pair, tmp_path, name):
    assert pack_into(pair, tmp_path / name).name == "my-voice"
    assert pack_into(pair[:1], tmp_path / f"one-{name}", licence="MIT").name == "random"


def test_the_same_bytes_from_the_same_runs(pair, tmp_path):
    for name in ("a.tar", "b.tar"):
        pack_into(pair, tmp_path / name, name="mine")
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
def test_graphs_come_along(pair, tmp_path, named):
    voice = with_graph(pair[1].folder)
    pack_into([voice], tmp_path / "voc.tar", **named)
    (tmp_path / "unpacked").mkdir()
    unpack(tmp_path / "voc.tar", tmp_path / "unpacked")
    packed = load_manifest(tmp_path / "unpacked")
    assert packed.vocoders["waveglow"].graph == "waveglow.onnx"
    assert set(packed.files) == {packed.vocoders["waveglow"].file, "waveglow.onnx"}
    assert verify_files(packed) == []


def test_a_new_graph_replaces_the_old(pair, tmp_path):
    destination = tmp_path / "packed"
    pack_into([with_graph(pair[1].folder)], destination)
    pack_into([with_graph(pair[1].folder, b"a better graph")], destination)
    packed = load_manifest(destination)
    graph = packed.vocoders["waveglow"].graph
    assert graph == f"waveglow-{packed.files[graph][:12]}.onnx"
    assert (destination / graph).read_bytes() == b"a better graph"
    assert {path.name for path in destination.iterdir()} == {"voice.toml", *packed.files}


def test_one_voice_as_it_is(pulse_voice, tmp_path):
    pack_into([load_manifest(pulse_voice)], tmp_path / "pulse")
    for path in pulse_voice.iterdir():
        assert (tmp_path / "pulse" / path.name).read_bytes() == path.read_bytes()


def test_one_run_leaves_its_states_behind(pair, tmp_path):
    pack_into(pair[:1], tmp_path / "mine")
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {"voice.toml", "acoustic.safetensors"}


def test_one_voice_under_another_name(pulse_voice, tmp_path):
    packed = pack_into([load_manifest(pulse_voice)], tmp_path / "mine", name="mine")
    assert (packed.name, packed.description) == ("mine", "A tiny voice for tests.")
    assert load_manifest(tmp_path / "mine").name == "mine"


def test_a_voice_can_be_packed_into_its_own_folder(pair, tmp_path, pulse_voice):
    voice = shutil.copytree(pulse_voice, tmp_path / "pulse")
    pack_into([load_manifest(voice), pair[1]], voice)
    manifest = load_manifest(voice)
    assert list(manifest.vocoders) == ["vocos", "waveglow", "griffinlim"]
    # What has not changed keeps its name.
    assert {path.name for path in voice.iterdir()} == {*PAIR_FILES, "vocos.safetensors"}
    assert verify_files(manifest) == []


def test_what_else_is_in_a_folder_is_not_touched(pair, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.md").write_text("Mine.")
    with pytest.raises(TtsError, match=r"full holds other things, for example diary\.md"):
        pack_into(pair, tmp_path / "full")
    with pytest.raises(TtsError, match=rf"ac holds other things, for example {LEFT_BEHIND[-1]}"):
        pack_into(pair, tmp_path / "ac")
    assert hidden(tmp_path) == []
    (tmp_path / "empty").mkdir()
    pack_into(pair, tmp_path / "empty")
    assert {path.name for path in (tmp_path / "empty").iterdir()} == PAIR_FILES


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("x.zip", UsageError, "end in .tar or .tar.gz, or in no suffix, not 'x.zip'"),
        ("missing/x.tar", TtsError, "does not exist"),
        ("missing/x", TtsError, "does not exist"),
        ("file", TtsError, "is a file: name a folder"),
    ],
)
def test_where_nothing_can_be_written(pair, tmp_path, name, error, said):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(error, match=said.replace(".", r"\.")):
        pack_into(pair, tmp_path / name)
    assert (tmp_path / "file").read_text() == "precious"


def test_nothing_is_left_of_a_refusal(pair, tmp_path):
    (tmp_path / "mine.tar").write_bytes(b"precious")
    for destination in (tmp_path / "mine.tar", tmp_path / "mine"):
        with pytest.raises(UsageError, match="both have"):
            pack_into([*pair, pair[1]], destination)
    assert (tmp_path / "mine.tar").read_bytes() == b"precious"
    assert not (tmp_path / "mine").exists()
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("name", ["x.tar", "x"])
def test_a_damaged_voice_is_refused(pulse_voice, tmp_path, name):
    voice = shutil.copytree(pulse_voice, tmp_path / "pulse")
    (voice / "vocos.safetensors").write_bytes(b"cut")
    with pytest.raises(TtsError, match="pulse cannot be packed"):
        pack_into([load_manifest(voice)], tmp_path / name)
    assert not (tmp_path / name).exists()


CPU = torch.device("cpu")
HEAD = {"name": "mine", "description": "My own.", "licence": "CC0-1.0", "version": "2"}


@pytest.fixture
def runs(random_voice, tmp_path):
    """Run folders by the name of their network."""
    folders = {
        name: acoustic_run(tmp_path / f"run-{name}", random_voice, name) for name in ("fastspeech2", "tacotron2")
    }
    return folders | {
        name: vocoder_run(tmp_path / f"run-{name}", random_voice, name) for name in ("source_filter", "waveglow")
    }


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def merged(runs, folder, *names, head=HEAD, reports=None):
    return merge(
        [load_manifest(runs[name]) for name in names], head, folder, ([] if reports is None else reports).append
    )


def changed(run, **fields):
    write_manifest(replace(load_manifest(run), **fields))


def same_weights(first, second):
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_runs_become_one_voice(runs, folder):
    voice = merged(runs, folder, "waveglow", "tacotron2", "source_filter", "fastspeech2")
    assert (list(voice.acoustics), voice.default_acoustic) == (["tacotron2", "fastspeech2"], "tacotron2")
    assert list(voice.vocoders) == ["waveglow", "source_filter", "griffinlim"]
    assert voice.default_vocoder == "waveglow"
    assert (voice.name, voice.description, voice.licence, voice.version) == ("mine", "My own.", "CC0-1.0", "2")
    assert (voice.language, voice.sample_rate) == ("en-us", 22050)
    assert {path.name for path in folder.iterdir()} == {
        "voice.toml",
        *(f"{name}.safetensors" for name in ("waveglow", "tacotron2", "source_filter", "fastspeech2")),
    }
    assert load_manifest(folder) == voice
    assert verify_files(voice) == []


def test_its_networks_are_those_of_the_runs(runs, folder, random_voice):
    voice, source = merged(runs, folder, *runs), load_manifest(random_voice)
    for name in voice.acoustics:
        assert same_weights(load_acoustic_model(voice, CPU, name), load_acoustic_model(source, CPU, name))
    for name in ("source_filter", "waveglow"):
        assert same_weights(load_vocoder(voice, name, CPU), load_vocoder(source, name, CPU))
    assert voice.vocoders["griffinlim"].options == {"n_iterations": 2}


def test_where_weights_come_from_is_noted_where_it_differs(runs, folder):
    changed(runs["waveglow"], licence="MIT")
    voice = merged(runs, folder, "fastspeech2", "waveglow")
    assert voice.provenance == "Trained as fastspeech2."
    assert voice.acoustics["fastspeech2"].note == ""
    assert voice.vocoders["waveglow"].note == "From random-waveglow: Trained as waveglow; licence: MIT."
    assert voice.vocoders["griffinlim"].note == ""


def test_acoustic_models_by_themselves_speak_through_griffin_lim(runs, folder):
    voice = merged(runs, folder, "tacotron2", "fastspeech2")
    assert (list(voice.vocoders), voice.default_vocoder) == (["griffinlim"], "griffinlim")


def test_vocoders_only_stay_vocoders(runs, folder):
    package = merged(runs, folder, "source_filter", "waveglow")
    assert not package.speaks
    assert (list(package.vocoders), package.default_vocoder) == (["source_filter", "waveglow"], "source_filter")


def test_a_vocoder_is_added_to_a_voice(runs, folder, pulse_voice):
    voice = merge([load_manifest(pulse_voice), load_manifest(runs["waveglow"])], {}, folder, print)
    assert list(voice.vocoders) == ["vocos", "waveglow", "griffinlim"]
    assert (voice.name, voice.default_vocoder) == ("pulse", "vocos")


def test_other_symbols_are_refused(runs, folder):
    run = load_manifest(runs["tacotron2"])
    symbols = (*run.frontend.symbols[:-1], "ɸ")
    changed(runs["tacotron2"], frontend=replace(run.frontend, symbols=symbols))
    with pytest.raises(UsageError, match=r"run-fastspeech2 and .*run-tacotron2 have different symbols"):
        merged(runs, folder, "fastspeech2", "tacotron2")


def test_acoustic_models_of_other_speakers_are_refused(runs, folder):
    part = load_manifest(runs["tacotron2"]).acoustics["tacotron2"]
    part = replace(part, options={**part.options, "n_speakers": 2})
    changed(runs["tacotron2"], acoustics={"tacotron2": part}, speakers=(Speaker("anna"), Speaker("ben")))
    with pytest.raises(UsageError, match="have different speakers: their acoustic models cannot be in one voice"):
        merged(runs, folder, "fastspeech2", "tacotron2")


def test_acoustic_models_of_another_mel_are_refused(runs, folder):
    changed(runs["tacotron2"], mel=load_manifest(runs["tacotron2"]).mel | {"f_max": 7600.0})
    with pytest.raises(UsageError, match="have different mels"):
        merged(runs, folder, "fastspeech2", "tacotron2")


def test_a_vocoder_of_another_mel_is_noted_or_refused(runs, folder):
    reports = []
    changed(runs["source_filter"], mel=load_manifest(runs["source_filter"]).mel | {"f_max": 7600.0})
    voice = merged(runs, folder, "fastspeech2", "source_filter", reports=reports)
    assert voice.vocoders["source_filter"].mel["f_max"] == 7600.0
    assert load_vocoder(voice, "source_filter", CPU).mel.f_max == 7600.0
    assert reports == ["source_filter expects another mel than this voice has: it will be converted"]
    changed(runs["waveglow"], mel=load_manifest(runs["waveglow"]).mel | {"f_max": 9000.0})
    with pytest.raises(UsageError, match=r"waveglow of .* does not fit: .*9000 Hz"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_two_of_one_name_are_refused(runs, folder, random_voice, tmp_path):
    again = acoustic_run(tmp_path / "again", random_voice, "fastspeech2")
    with pytest.raises(UsageError, match=r"run-fastspeech2 and .*again both have acoustic models called fastspeech2"):
        merge([load_manifest(runs["fastspeech2"]), load_manifest(again)], {}, folder, print)


def test_an_acoustic_model_and_a_vocoder_may_share_a_name(runs, folder):
    part = load_manifest(runs["waveglow"]).vocoders["waveglow"]
    changed(runs["waveglow"], vocoders={"FastSpeech2": part}, default_vocoder="FastSpeech2")
    voice = merged(runs, folder, "fastspeech2", "waveglow")
    assert voice.acoustics["fastspeech2"].file == "fastspeech2.safetensors"
    assert voice.vocoders["FastSpeech2"].file == f"FastSpeech2-{part.sha256[:12]}.safetensors"
    assert verify_files(voice) == []


@pytest.mark.parametrize("name", ["../x", "a b", ""])
def test_a_name_that_no_voice_can_have_is_refused(runs, folder, name):
    with pytest.raises(UsageError, match="No voice can be called"):
        merged(runs, folder, "fastspeech2", head={"name": name})


def test_a_network_that_no_file_can_be_called_after_is_refused(runs, folder):
    part = load_manifest(runs["waveglow"]).vocoders["waveglow"]
    changed(runs["waveglow"], vocoders={"../x": part}, default_vocoder="../x")
    with pytest.raises(UsageError, match=r"has a network called '\.\./x', which cannot name a file"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_a_damaged_run_is_refused(runs, folder):
    (runs["waveglow"] / "vocoder.safetensors").write_bytes(b"cut")
    with pytest.raises(TtsError, match=r"random-waveglow cannot be packed: .* is damaged"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_weights_of_another_network_are_refused(runs, folder):
    run = load_manifest(runs["tacotron2"])
    changed(runs["tacotron2"], acoustics={"tacotron2": replace(run.acoustics["tacotron2"], network="fastspeech2")})
    with pytest.raises(TtsError, match="The voice mine has options its fastspeech2 does not know"):
        merged(runs, folder, "tacotron2")


def test_texts_come_along(runs, folder):
    for name in ("fastspeech2", "waveglow"):
        (runs[name] / "LICENSE.txt").write_text("Terms.")
    merged(runs, folder, "fastspeech2", "waveglow")
    assert (folder / "LICENSE.txt").read_text() == "Terms."
    (runs["waveglow"] / "LICENSE.txt").write_text("Other terms.")
    with pytest.raises(UsageError, match=r"different files LICENSE\.txt"):
        merged(runs, folder, "fastspeech2", "waveglow")


def test_one_griffin_lim_is_kept_and_it_is_the_voices(runs, folder):
    lent = load_manifest(runs["waveglow"])
    changed(runs["waveglow"], vocoders=lent.vocoders | {"griffinlim": Component("griffinlim")})
    voice = merged(runs, folder, "waveglow", "fastspeech2")
    assert voice.vocoders["griffinlim"] == Component("griffinlim", options={"n_iterations": 2})


PULSE_FILES = {"voice.toml", "fastspeech2.safetensors", "vocos.safetensors"}


@pytest.fixture
def area(tmp_path):
    """A folder with a folder `inside` to unpack to; what else is in `area` afterwards was written outside."""
    (tmp_path / "inside").mkdir()
    return tmp_path


def tar_of(path, members, mode="w"):
    """members: name or TarInfo → content."""
    with tarfile.open(path, mode) as archive:
        for member, content in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            if info.isreg():
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def refused(path, area, said, **bounds):
    before = sorted(p for p in area.rglob("*") if area / "inside" not in p.parents)
    with pytest.raises(TtsError, match=said) as caught:
        unpack(path, area / "inside", Bounds(**bounds))
    assert "\n" not in str(caught.value)
    assert sorted(p for p in area.rglob("*") if area / "inside" not in p.parents) == before


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_packs_and_unpacks(pulse_voice, area, suffix):
    voice = shutil.copytree(pulse_voice, area / "pulse")
    (voice / "LICENSE.txt").write_text("Terms.")
    (voice / "junk.bin").write_text("junk")
    packed = pack(voice, area / f"pulse{suffix}")
    assert holds_archive(packed)
    unpack(packed, area / "inside")
    assert {path.name for path in (area / "inside").iterdir()} == PULSE_FILES | {"LICENSE.txt"}
    assert verify_files(load_manifest(area / "inside")) == []


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_packing_gives_the_same_bytes_whenever_it_is_done(pulse_voice, area, suffix):
    voice = shutil.copytree(pulse_voice, area / "pulse")
    first = pack(voice, area / f"one{suffix}").read_bytes()
    for path in voice.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert pack(voice, area / f"two{suffix}").read_bytes() == first


def test_only_intact_voices_are_packed(pulse_voice, area):
    with pytest.raises(UsageError, match=r"end in \.tar or \.tar\.gz, not 'x\.zip'"):
        pack(pulse_voice, area / "x.zip")
    voice = shutil.copytree(pulse_voice, area / "pulse")
    (voice / "vocos.safetensors").write_bytes(b"cut")
    with pytest.raises(TtsError, match=r"pulse cannot be packed: .* is damaged"):
        pack(voice, area / "x.tar")
    assert not (area / "x.tar").exists()


@pytest.mark.parametrize("mode", ["w:xz", "w:gz", "w"])
@pytest.mark.parametrize("top", ["", "./", "pulse/"])
def test_other_peoples_tars(pulse_voice, area, mode, top):
    members = [(f"{top}{name}", (pulse_voice / name).read_bytes()) for name in sorted(PULSE_FILES)]
    unpack(tar_of(area / "v", [(special("pulse", tarfile.DIRTYPE), b""), *members], mode), area / "inside")
    assert verify_files(load_manifest(area / "inside")) == []


def test_other_peoples_zips(pulse_voice, area):
    with zipfile.ZipFile(area / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("pulse") if hasattr(archive, "mkdir") else None
        for name in PULSE_FILES:
            archive.write(pulse_voice / name, f"pulse/{name}")
    assert holds_archive(area / "v.zip")
    unpack(area / "v.zip", area / "inside")
    assert verify_files(load_manifest(area / "inside")) == []


OUTSIDE = ["../voice.toml", "a/../../voice.toml", "/voice.toml", "..\\voice.toml", "C:voice.toml", "a/.."]


@pytest.mark.parametrize("name", OUTSIDE)
def test_nothing_is_written_outside(area, name):
    refused(tar_of(area / "v.tar", [(name, b"x")]), area, "would be written outside")
    with zipfile.ZipFile(area / "v.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), b"x")
    refused(area / "v.zip", area, "would be written outside|is no file of a voice")


@pytest.mark.parametrize(
    "member",
    [
        special("voice.toml", tarfile.SYMTYPE, "/etc/passwd"),
        special("voice.toml", tarfile.LNKTYPE, "../secret"),
        special("voice.toml", tarfile.CHRTYPE),
        special("voice.toml", tarfile.FIFOTYPE),
    ],
)
def test_only_plain_files(area, member):
    refused(tar_of(area / "v.tar", [(member, b"")]), area, "'voice.toml' in it is not a plain file")


def test_no_links_in_zips(area):
    link = zipfile.ZipInfo("voice.toml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(area / "v.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    refused(area / "v.zip", area, "not a plain file")


@pytest.mark.parametrize("name", ["model.pkl", "voice.py", ".hidden", "nul.safetensors", "x\x01.safetensors", "run.sh"])
def test_only_a_voices_files(area, name):
    refused(tar_of(area / "v.tar", [(name, b"x")]), area, "no file of a voice")


def test_files_are_beside_each_other_once(area):
    refused(tar_of(area / "a.tar", [("a/voice.toml", b"x"), ("b/README", b"x")]), area, "is not beside the other files")
    shutil.rmtree(area / "inside")
    (area / "inside").mkdir()
    refused(tar_of(area / "b.tar", [("README", b"x"), ("Readme", b"x")]), area, "'Readme' twice")


def test_pickles_never_run(area):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(area / "executed"),))

    refused(tar_of(area / "v.tar", [("weights.pt", pickle.dumps(Bomb()))]), area, "'weights.pt', which is no file")
    refused(tar_of(area / "w.tar", [("a.safetensors", pickle.dumps(Bomb()))]), area, r"holds no voice\.toml")


def test_a_zip_bomb(area):
    with zipfile.ZipFile(area / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("voice.toml", bytes(50_000_000))
    assert (area / "v.zip").stat().st_size < 60_000
    refused(area / "v.zip", area, "more comes out of it than any voice holds", always_allowed=1_000_000)
    written = sum(path.stat().st_size for path in (area / "inside").iterdir())
    assert written <= 2_500_000


def test_a_zip_bomb_that_lies_about_its_size(area):
    with zipfile.ZipFile(area / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("voice.toml", bytes(50_000_000))
    content = (area / "v.zip").read_bytes()
    (area / "v.zip").write_bytes(content.replace(struct.pack("<L", 50_000_000), struct.pack("<L", 100)))
    refused(area / "v.zip", area, "is damaged", always_allowed=1_000_000)
    assert sum(path.stat().st_size for path in (area / "inside").iterdir()) <= 100


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_a_tar_bomb(area, mode):
    path = tar_of(area / "v", [("a.safetensors", bytes(50_000_000))], mode)
    refused(path, area, "more comes out of it than any voice holds", always_allowed=1_000_000)


def test_a_bomb_in_a_tars_header(area):
    """A name of 200 MB is held in memory by whoever believes it."""
    info = tarfile.TarInfo("n" * 20_000_000)
    info.size = 0
    path = area / "v.tar.gz"
    with gzip.open(path, "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
    refused(path, area, "more comes out of it than any voice holds", always_allowed=100_000_000)


def test_too_many_files(area):
    members = [(f"a{i}.safetensors", b"") for i in range(9)]
    refused(tar_of(area / "v.tar", members), area, "more than 8 files", members=8)


def test_a_bomb_of_folders(area):
    members = [(special(f"a{i}", tarfile.DIRTYPE), b"") for i in range(9)]
    refused(tar_of(area / "v.tar", members), area, "more than 8 files", members=8)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_a_cut_archive(pulse_voice, area, suffix):
    packed = pack(pulse_voice, area / f"v{suffix}")
    packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
    refused(packed, area, "is damaged")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\x1f\x8b nothing", b"text", b"\xfd7zXZ\x00 no"])
def test_what_is_no_archive(area, content):
    (area / "v").write_bytes(content)
    refused(area / "v", area, "is damaged")


def test_torch_files_are_no_archives(area):
    with zipfile.ZipFile(area / "model.pt", "w") as archive:
        archive.writestr("model/data.pkl", b"x")
    assert not holds_archive(area / "model.pt")
    check_torch_file(area / "model.pt")
    with zipfile.ZipFile(area / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model/data.pkl", bytes(100_000_000))
    with pytest.raises(TtsError, match=r"bomb\.pt is refused: it would unpack to 0\.1 GB"):
        check_torch_file(area / "bomb.pt")
