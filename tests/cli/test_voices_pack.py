import hashlib
import json
import shutil

import pytest

from tests.cli.conftest import told
from tests.tiny_runs import acoustic_run, vocoder_run
from tts.voice.manifest import load_manifest
from tts.voice.package import pack
from tts.voice.store import find_voice

PHONEMES = ("--input", "phonemes", "həlˈoʊ")


@pytest.fixture
def packed(pulse_voice, tmp_path):
    return pack(pulse_voice, tmp_path / "pulse.tar")


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
    assert "end in .tar or .tar.gz" in told(fresh("voices", "pack", "pulse", "-o", "x.zip"), 2)


def test_packing_a_damaged_voice(fresh, pulse_voice, tmp_path):
    voice = shutil.copytree(pulse_voice, tmp_path / "damaged")
    (voice / "vocos.safetensors").write_bytes(b"cut")
    assert "cannot be packed" in told(fresh("voices", "pack", voice, "-o", "x.tar"), 1)
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


def test_what_it_says_of_itself_is_another_voices_or_as_told(fresh, runs):
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
def test_refusals_leave_nothing(fresh, runs, arguments, code, said):
    before = sorted(fresh.folder.rglob("*"))
    assert said in told(fresh("voices", "pack", *arguments), code)
    assert sorted(fresh.folder.rglob("*")) == before
