import gzip
import io
import os
import pickle
import shutil
import stat
import struct
import tarfile
import zipfile

import pytest

from tts.errors import TtsError, UsageError
from tts.voice.archives import Bounds, check_torch_file, holds_archive, pack, unpack
from tts.voice.manifest import load_manifest, verify_files
from tts.voice.names import check_voice_name, is_voice_file, voice_name_from

FILES = {"voice.toml", "fastspeech2.safetensors", "vocos.safetensors"}


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
    assert {path.name for path in (area / "inside").iterdir()} == FILES | {"LICENSE.txt"}
    assert verify_files(load_manifest(area / "inside")) == []


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_packing_gives_the_same_bytes_whenever_it_is_done(pulse_voice, area, suffix):
    voice = shutil.copytree(pulse_voice, area / "pulse")
    first = pack(voice, area / f"one{suffix}").read_bytes()
    for path in voice.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert pack(voice, area / f"two{suffix}").read_bytes() == first


def test_only_whole_voices_are_packed(pulse_voice, area):
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
    members = [(f"{top}{name}", (pulse_voice / name).read_bytes()) for name in sorted(FILES)]
    unpack(tar_of(area / "v", [(special("pulse", tarfile.DIRTYPE), b""), *members], mode), area / "inside")
    assert verify_files(load_manifest(area / "inside")) == []


def test_other_peoples_zips(pulse_voice, area):
    with zipfile.ZipFile(area / "v.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("pulse") if hasattr(archive, "mkdir") else None
        for name in FILES:
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


def test_files_lie_beside_each_other_once(area):
    refused(tar_of(area / "a.tar", [("a/voice.toml", b"x"), ("b/README", b"x")]), area, "does not lie beside")
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


@pytest.mark.parametrize("name", ["ljspeech", "waveglow_256.v5", "A-1"])
def test_names_of_voices(name):
    assert check_voice_name(name) == name


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b", ".x", "-x", "a b", "con", "NUL.x", "a.", "ö", "x" * 101])
def test_what_no_voice_is_called(name):
    with pytest.raises(UsageError, match="No voice can be called"):
        check_voice_name(name)


def test_a_name_from_a_files_name():
    assert voice_name_from("My voice (1)") == "My-voice-1"
    assert voice_name_from("con") == "voice-con"
    assert voice_name_from("…") == "voice"


def test_files_of_a_voice():
    assert all(map(is_voice_file, ("voice.toml", "a.safetensors", "LICENCE", "readme.md", "NOTICE.txt", "LICENSE-MIT")))
    assert not any(
        map(is_voice_file, ("a.pt", "voice.toml.bak", "Voice.py", "../voice.toml", "README.exe", "licence.txt.sh"))
    )
