import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time

import pytest

from tests.cli.conftest import error_message
from tests.tiny_runs import acoustic_run, vocoder_run
from tests.voice.fault_server import FaultServer, hold_after, status
from tts.voice.manifest import load_manifest, verify_files
from tts.voice.package import pack
from tts.voice.store import find_voice


@pytest.fixture
def packed(pulse_voice, tmp_path):
    return pack(pulse_voice, tmp_path / "pulse.tar")


@pytest.fixture
def server(packed):
    with FaultServer({"/pulse.tar": packed.read_bytes()}) as running:
        yield running


def start(tts, *arguments):
    program = [sys.executable, "-m", "tts", *map(str, arguments)]
    return subprocess.Popen(
        program,
        cwd=tts.folder,
        env=tts.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_whole(tts, name="pulse"):
    return verify_files(load_manifest(tts.voices / name)) == []


def test_the_catalog_is_listed(fresh):
    entries = {entry["name"]: entry for entry in json.loads(fresh("voices", "list", "--available", "--json").stdout)}
    assert next(iter(entries)) == "ljspeech"
    waveglow = entries["waveglow-universal"]
    assert (waveglow["kind"], waveglow["installed"], waveglow["size"]) == ("vocoder", False, 676_000_000)
    assert waveglow["files"][0]["sha256"].startswith("7d6b3fb5")
    table = fresh("voices", "list", "--available").stdout.decode().splitlines()
    assert table[0].split() == [
        "name",
        "kind",
        "language",
        "licence",
        "size",
        "speakers",
        "goes",
        "with",
        "installed",
        "description",
    ]
    assert len(table) == len(entries) + 1


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (["--license", "mit"], ["ljspeech", "wavenet-ljspeech"]),
        (["--language", "en", "--license", "mit"], ["ljspeech"]),
        (["--language", "xx"], []),
    ],
)
def test_the_catalog_is_filtered(fresh, flags, names):
    found = json.loads(fresh("voices", "list", "--available", "--json", *flags).stdout)
    assert [entry["name"] for entry in found] == names


def test_info_of_what_could_be_installed(fresh):
    done = fresh("voices", "info", "hifigan-ljspeech")
    assert b"no; tts voices install hifigan-ljspeech" in done.stdout
    assert b"56 MB; licence Apache-2.0" in done.stdout
    assert json.loads(fresh("voices", "info", "ljspeech", "--json").stdout)["default_vocoder"] == "hifigan"
    assert "did you mean ljspeech" in error_message(fresh("voices", "info", "ljspech"), 2)


def test_the_terms_are_shown_and_must_be_agreed_to(fresh):
    done = fresh("voices", "install", "ljspeech")
    message = done.stderr.decode()
    assert "MIT (of the training code; the page states none for the weights)" in message
    assert "https://www.dropbox.com/s/zdbfprugbagfp2w/" in message
    assert error_message(done, 2).endswith("agree with --yes.")
    assert not fresh.voices.exists()


@pytest.mark.parametrize("how", [["--offline"], []])
def test_offline(fresh, how, packed):
    environment = {} if how else {"TTS_OFFLINE": "1"}
    done = fresh("voices", "install", "ljspeech", "--yes", *how, **environment)
    assert "on the network, which --offline (TTS_OFFLINE) forbids" in error_message(done, 1)
    assert fresh("voices", "install", packed, *how, **environment).returncode == 0
    assert is_whole(fresh)


def test_offline_by_config(fresh):
    (fresh.folder / "config.toml").write_text("offline = true\n")
    assert "forbids" in error_message(fresh("voices", "install", "ljspeech", "--yes"), 1)


def test_by_address(fresh, server, packed):
    done = fresh("voices", "install", f"{server.url}/pulse.tar", "--yes", "--json")
    report = json.loads(done.stdout)
    assert report == {
        "name": "pulse",
        "kind": "voice",
        "changed": True,
        "folder": str(fresh.voices / "pulse"),
        "licence": "Apache-2.0",
        "acoustics": ["fastspeech2"],
        "vocoders": ["vocos", "griffinlim"],
        "files": [
            {
                "address": f"{server.url}/pulse.tar",
                "sha256": hashlib.sha256(packed.read_bytes()).hexdigest(),
                "size": packed.stat().st_size,
            }
        ],
    }
    assert "size and licence unknown" in done.stderr.decode()
    spoken = fresh("say", "--voice", "pulse", "--input", "phonemes", "həlˈoʊ", "-o", "x.wav", "--json")
    assert json.loads(spoken.stdout)["voice"] == "pulse"


def test_by_file_and_what_is_printed(fresh, packed):
    done = fresh("voices", "install", packed, "--as", "mine")
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode() == (
        f'tts: installed mine in {fresh.voices / "mine"}; try: tts say --voice mine "Hello world."\n'
    )
    assert fresh("voices", "install", packed, "--quiet").stderr == b""
    assert "There is a voice mine already: --force replaces it" in error_message(
        fresh("voices", "install", packed, "--as", "mine"), 2
    )
    assert fresh("voices", "install", packed, "--as", "mine", "--force").returncode == 0


@pytest.mark.parametrize(("code", "said"), [(403, "does not give it out"), (404, "no such file")])
def test_a_refusal_is_one_sentence(fresh, server, code, said):
    server.always = status(code)
    assert said in error_message(fresh("voices", "install", f"{server.url}/pulse.tar", "--yes"), 1)
    assert not (fresh.voices / "pulse").exists()


def test_a_wrong_hash(fresh, server):
    done = fresh("voices", "install", f"{server.url}/pulse.tar", "--yes", "--sha256", "0" * 64)
    assert "is not the file it should be: its sha256 is" in error_message(done, 1)
    assert not (fresh.voices / "pulse").exists()


@pytest.mark.parametrize("kind", ["tar", "bomb", "junk"])
def test_evil_files_are_refused(fresh, tmp_path, kind):
    path = tmp_path / "evil.tar.gz"
    if kind == "junk":
        path.write_bytes(b"\x1f\x8b" + bytes(100))
    else:
        name, content = ("../../evil/voice.toml", b"x") if kind == "tar" else ("a.safetensors", bytes(80_000_000))
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    before = set(tmp_path.rglob("*"))
    said = {"tar": "would be written outside", "bomb": "more comes out of it", "junk": "is damaged"}[kind]
    assert said in error_message(fresh("voices", "install", path), 1)
    assert set(tmp_path.rglob("*")) - before <= {fresh.voices, fresh.voices / ".lock"}


def test_killed_in_the_middle_and_run_again(fresh, server, packed):
    size = packed.stat().st_size
    server.faults += [hold_after(size // 2)]
    arguments = ("voices", "install", f"{server.url}/pulse.tar", "--yes")
    first = start(fresh, *arguments)
    parts = lambda: list(fresh.voices.glob(".downloads/*.part"))  # noqa: E731
    wait_for(lambda: parts() and parts()[0].stat().st_size == size // 2)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert not (fresh.voices / "pulse").exists()
    assert fresh(*arguments).returncode == 0
    assert is_whole(fresh)
    assert server.sent == size
    assert list(fresh.voices.glob(".downloads/*")) == []


def test_interrupted_with_ctrl_c(fresh, server, packed):
    server.faults += [hold_after(1000)]
    first = start(fresh, "voices", "install", f"{server.url}/pulse.tar", "--yes")
    wait_for(lambda: any(path.stat().st_size for path in fresh.voices.glob(".downloads/*.part")))
    first.send_signal(signal.SIGINT)
    _, message = first.communicate()
    assert first.returncode == 130
    assert message.decode().splitlines()[-1].startswith("tts: interrupted: nothing was installed; the download is kept")
    assert not (fresh.voices / "pulse").exists()


def test_two_at_once(fresh, server, packed):
    """The second waits for the first, and then finds the voice there."""
    server.faults += [hold_after(1000)]
    arguments = ("voices", "install", f"{server.url}/pulse.tar", "--yes")
    first = start(fresh, *arguments)
    wait_for(lambda: list(fresh.voices.glob(".downloads/*.part")))
    second = start(fresh, *arguments)
    lines = iter(second.stderr.readline, b"")
    assert any(b"another installation is running" in line for line in lines)
    server.released.set()
    first.communicate()
    _, message = second.communicate()
    assert (first.returncode, second.returncode) == (0, 2)
    assert b"There is a voice pulse already" in message
    assert is_whole(fresh)
    assert server.sent <= packed.stat().st_size


def test_a_mirror(fresh, server, packed):
    server.files["/m/voices.invalid/a/pulse.tar"] = packed.read_bytes()
    address = "https://voices.invalid/a/pulse.tar"
    assert fresh("voices", "install", address, "--yes", "--mirror", f"{server.url}/m").returncode == 0
    assert fresh("voices", "install", address, "--yes", "--as", "b", TTS_MIRROR=f"{server.url}/m").returncode == 0
    assert "must begin with https://" in error_message(
        fresh("voices", "install", address, "--yes", "--as", "c", "--mirror", "/x"), 2
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("ljspech", "The catalog has no 'ljspech'; did you mean ljspeech"),
        ("./none.pt", "There is no file ./none.pt."),
        ("file:///etc/passwd", "not a web address"),
    ],
)
def test_what_is_not_there(fresh, source, said):
    assert said in error_message(fresh("voices", "install", source, "--yes"), 2)


def test_removal(fresh, packed):
    fresh("voices", "install", packed)
    assert error_message(fresh("voices", "remove", "pulse"), 2).endswith("say --yes.")
    assert is_whole(fresh)
    done = fresh("voices", "remove", "pulse", "--yes")
    assert (done.returncode, done.stdout) == (0, b"")
    assert not (fresh.voices / "pulse").exists()
    assert "cannot be removed" in error_message(fresh("voices", "remove", "heart", "--yes"), 2)
    assert "did you mean heart?" in error_message(fresh("voices", "remove", "hart", "--yes"), 2)


def test_a_broken_voice_can_be_removed(fresh, packed):
    fresh("voices", "install", packed)
    (fresh.voices / "pulse" / "voice.toml").write_text("[")
    assert fresh("voices", "remove", "pulse", "--yes").returncode == 0
    assert not (fresh.voices / "pulse").exists()


def test_removing_the_default_voice_is_a_warning(fresh, packed):
    fresh("voices", "install", packed)
    fresh("voices", "default", "pulse")
    message = fresh("voices", "remove", "pulse", "--yes").stderr.decode()
    assert "pulse is still the default in" in message


def test_default(fresh, packed):
    assert fresh("voices", "default").stdout == b"heart\n"
    fresh("voices", "install", packed)
    config = fresh.folder / "config.toml"
    config.write_text('# mine\nspeed = 1.1 # brisk\nvoice = "heart"\n')
    done = fresh("voices", "default", "pulse")
    assert (done.returncode, done.stdout) == (0, b"")
    assert config.read_text() == '# mine\nspeed = 1.1 # brisk\nvoice = "pulse"\n'
    assert fresh("voices", "default").stdout == b"pulse\n"
    assert json.loads(fresh("voices", "default", "--json").stdout) == {"voice": "pulse", "from": str(config)}
    spoken = fresh("say", "--input", "phonemes", "həlˈoʊ", "-o", "x.wav", "--json", TTS_VOICE="")
    assert json.loads(spoken.stdout)["voice"] == "pulse"
    assert "did you mean pulse?" in error_message(fresh("voices", "default", "puls"), 2)
    done = fresh("voices", "default", "pulse", TTS_VOICE="heart")
    assert "TTS_VOICE is set to heart, which has priority over" in done.stderr.decode()


PHONEMES = ("--input", "phonemes", "həlˈoʊ")


@pytest.fixture
def runs(random_voice, tmp_path):
    """Two acoustic runs and a vocoder run, as somebody names them on the command line."""
    acoustic_run(tmp_path / "runs" / "ac", random_voice, "fastspeech2")
    acoustic_run(tmp_path / "runs" / "taco", random_voice, "tacotron2")
    vocoder_run(tmp_path / "runs" / "voc", random_voice, "waveglow")
    return "runs/ac", "runs/taco", "runs/voc"


def test_packing(fresh, packed, pulse_voice):
    done = fresh("voices", "pack", pulse_voice, "-o", "out.tar", "--json")
    report = json.loads(done.stdout)
    assert (report["voice"], report["file"]) == ("pulse", "out.tar")
    assert (fresh.folder / "out.tar").read_bytes() == packed.read_bytes()
    assert report["sha256"] == hashlib.sha256(packed.read_bytes()).hexdigest()
    fresh("voices", "install", packed)
    assert fresh("voices", "pack", "pulse", "-o", "by-name.tar").returncode == 0
    assert (fresh.folder / "by-name.tar").read_bytes() == packed.read_bytes()
    assert "end in .tar or .tar.gz" in error_message(fresh("voices", "pack", "pulse", "-o", "x.zip"), 2)


def test_packing_a_damaged_voice(fresh, pulse_voice, tmp_path):
    voice = shutil.copytree(pulse_voice, tmp_path / "damaged")
    (voice / "vocos.safetensors").write_bytes(b"cut")
    assert "cannot be packed" in error_message(fresh("voices", "pack", voice, "-o", "x.tar"), 1)
    assert not (fresh.folder / "x.tar").exists()


def test_runs_are_packed_installed_and_speak(fresh, runs):
    done = fresh("voices", "pack", *runs, "-o", "my-voice.tar", "--name", "my-voice", "--licence", "CC0-1.0", "--json")
    report = json.loads(done.stdout)
    assert (report["voice"], report["file"], report["size"]) == (
        "my-voice",
        "my-voice.tar",
        (fresh.folder / "my-voice.tar").stat().st_size,
    )
    assert report["acoustics"] == ["fastspeech2", "tacotron2"]
    assert report["vocoders"] == ["waveglow", "griffinlim"]
    assert fresh("voices", "install", "my-voice.tar").returncode == 0
    assert load_manifest(fresh.voices / "my-voice").licence == "CC0-1.0"

    def said(*flags):
        arguments = ("say", *PHONEMES, "--voice", "my-voice", "-o", "x.wav", "--json", *flags)
        report = json.loads(fresh(*arguments).stdout)
        return report["acoustic"], report["vocoder"], (fresh.folder / "x.wav").read_bytes()

    usual, other = said(), said("--acoustic", "tacotron2")
    assert usual[:2] == ("fastspeech2", "waveglow")
    assert other[:2] == ("tacotron2", "waveglow")
    assert usual[2] != other[2]


def test_a_run_speaks_with_the_vocoder_of_another(fresh, runs):
    """And what is packed of them says the same, sample for sample."""
    flags = ("--voice", "runs/ac", "--vocoder", "runs/voc")
    report = json.loads(fresh("say", *PHONEMES, *flags, "-o", "runs.wav", "--json").stdout)
    assert (report["voice"], report["vocoder"], report["warnings"]) == ("random", "runs/voc", [])
    assert fresh("voices", "pack", "runs/ac", "runs/voc", "-o", "mine/", "--name", "mine").returncode == 0
    assert fresh("say", *PHONEMES, "--voice", "mine/", "-o", "packed.wav").returncode == 0
    assert (fresh.folder / "runs.wav").read_bytes() == (fresh.folder / "packed.wav").read_bytes()
    report = json.loads(fresh("say", *PHONEMES, *flags[:2], "-o", "runs.wav", "--json").stdout)
    assert report["vocoder"] == "griffinlim"


def test_its_description_is_that_of_another_voice_or_of_the_flags(fresh, runs):
    done = fresh("voices", "pack", *runs, "-o", "mine", "--head", "heart", "--version", "7", "--description", "Mine.")
    assert done.stdout == b""
    assert b"packed heart (fastspeech2, tacotron2, waveglow, griffinlim) into mine (" in done.stderr
    packed, heart = load_manifest(fresh.folder / "mine"), find_voice("heart")
    assert (packed.name, packed.licence, packed.provenance) == (heart.name, heart.licence, heart.provenance)
    assert (packed.version, packed.description) == ("7", "Mine.")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("runs/ac", "runs/ac", "-o", "x.tar"), 2, "both have acoustic models called fastspeech2"),
        (("runs/ac", "runs/voc", "-o", "x.tar", "--name", "my voice"), 2, "No voice can be called 'my voice'"),
        (("runs/none", "-o", "x.tar"), 1, "it has no voice.toml"),
        (("runs/ac", "-o", "runs/taco"), 1, "holds other things"),
        (("runs/ac",), 2, "--output"),
        (("-o", "x.tar"), 2, "DIR|NAME"),
    ],
)
def test_refused_packs_leave_nothing(fresh, runs, arguments, code, said):
    before = sorted(fresh.folder.rglob("*"))
    assert said in error_message(fresh("voices", "pack", *arguments), code)
    assert sorted(fresh.folder.rglob("*")) == before


PHONEMES = ("--input", "phonemes", "həlˈoʊ")


@pytest.fixture
def own_voice(fresh, random_voice):
    return shutil.copytree(random_voice, fresh.folder / "mine")


def test_a_voice_gets_graphs_and_speaks_with_them(fresh, own_voice):
    done = fresh("voices", "export", "mine/", "-o", "exported", "--json")
    report = json.loads(done.stdout)
    assert (report["voice"], report["graphs"]) == (
        "random",
        {"fastspeech2": "fastspeech2.onnx", "source_filter": "source_filter.onnx"},
    )
    assert report["sizes"]["fastspeech2.onnx"] == (fresh.folder / "exported" / "fastspeech2.onnx").stat().st_size
    assert b"PyTorch still computes tacotron2, waveglow, griffinlim" in done.stderr
    assert not (own_voice / "fastspeech2.onnx").exists()
    for runtime in ("onnx", "auto"):
        done = fresh("say", *PHONEMES, "-v", "exported/", "--runtime", runtime, "-o", f"{runtime}.wav")
        assert done.returncode == 0, done.stderr
    assert (fresh.folder / "onnx.wav").read_bytes() == (fresh.folder / "auto.wav").read_bytes()
    assert fresh("voices", "verify", "exported/").returncode == 0


def test_without_an_output_the_voice_itself_gets_them(fresh, own_voice):
    done = fresh("voices", "export", "mine/")
    assert done.stdout == b""
    assert b"has graphs of fastspeech2 (" in done.stderr
    assert load_manifest(own_voice).acoustics["fastspeech2"].graph == "fastspeech2.onnx"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("none",), 2, "There is no voice 'none'"),
        (("mine/", "-o", "no/where"), 1, "The folder"),
        ((), 2, "NAME|DIR"),
    ],
)
def test_refused_exports_leave_nothing(fresh, own_voice, arguments, code, said):
    before = sorted(fresh.folder.rglob("*"))
    assert said in error_message(fresh("voices", "export", *arguments), code)
    assert sorted(fresh.folder.rglob("*")) == before
