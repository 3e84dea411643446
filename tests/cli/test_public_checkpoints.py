"""From public checkpoint files to speech, all by the command line; the weights are random, the layouts real."""

import json

import numpy as np
import pytest
import soundfile
import torch

from tests.cli.conftest import Tts, in_process
from tests.public_checkpoints import TINY, ngc_tacotron2, write_public_checkpoints
from tts.models.tacotron2 import Tacotron2Dimensions

WORDS = {"waveglow": "waveglow.pt", "wavenet": "wavenet.pth", "hifigan": "hifigan.ckpt"}


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """A command line for which a Tacotron 2 is installed as the voice `reader`, and three vocoders by their words."""
    folder = tmp_path_factory.mktemp("public")
    write_public_checkpoints(folder, TINY)
    tts = Tts(folder / "voices", folder)
    for name, file in {"reader": "tacotron2.pt", **WORDS}.items():
        done = tts("voices", "install", folder / file, "--as", name)
        assert done.returncode == 0, done.stderr.decode()
        # Only WaveNet's mel is another one: HiFi-GAN's differs in nothing audible.
        assert (b"another mel" in done.stderr) == (name == "wavenet")
    return in_process(tts, tts.folder, pytest.MonkeyPatch())


def say(public, *arguments):
    """A word, quickly: random weights never find the end of it."""
    done = public("say", "Hi", "--voice", "reader", "--speed", "4", "--json", "-o", "out.wav", *arguments)
    assert done.returncode == 0, done.stderr.decode()
    samples, rate = soundfile.read(public.folder / "out.wav", dtype="int16")
    assert rate == 22050
    assert len(samples) % 256 == 0
    return samples, json.loads(done.stdout)


@pytest.mark.parametrize("vocoder", [*WORDS, "griffinlim"])
def test_every_vocoder_speaks(public, vocoder):
    samples, report = say(public, "--vocoder", vocoder)
    assert report["vocoder"] == vocoder
    assert len(np.unique(samples)) > 10
    assert any("another mel" in warning for warning in report["warnings"]) == (vocoder == "wavenet")


def test_a_failed_attention_is_a_warning(public):
    _, report = say(public)
    assert any("'hi.'" in warning for warning in report["warnings"])


@pytest.mark.parametrize("vocoder", ["waveglow", "wavenet"])
def test_the_seed_decides(public, vocoder):
    first, same, other = (say(public, "--vocoder", vocoder, "--seed", seed)[0] for seed in ("1", "1", "2"))
    assert np.array_equal(first, same)
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_denoise_changes_waveglow(public):
    plain, quieter = (say(public, "--vocoder", "waveglow", "--denoise", strength)[0] for strength in ("0", "0.5"))
    assert not np.array_equal(plain, quieter)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--vocoder", "waveglo"), "did you mean waveglow"),
        (("--pitch", "2"), "has no control over its pitch"),
        (("--vocoder", "griffinlim", "--denoise", "0.5"), "no constant noise to remove"),
    ],
)
def test_what_cannot_be_done_is_refused(public, arguments, said):
    done = public("say", "Hi", "--voice", "reader", "-o", "refused.wav", *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert not (public.folder / "refused.wav").exists()


def test_a_vocoder_is_no_voice(public):
    done = public("say", "Hi", "--voice", "waveglow", "-o", "refused.wav")
    assert done.returncode == 2
    assert "waveglow is a vocoder" in done.stderr.decode()


def test_the_embedded_voice_borrows_them_too(public):
    done = public("say", "Hi", "--voice", "heart", "--vocoder", "hifigan", "-o", "heart.wav")
    assert done.returncode == 0, done.stderr.decode()
    assert soundfile.info(public.folder / "heart.wav").frames > 0


def test_an_alphabet_that_is_not_known_is_refused(public):
    torch.save(ngc_tacotron2(Tacotron2Dimensions(40, **TINY.tacotron2)), public.folder / "forty.pt")
    done = public("voices", "install", public.folder / "forty.pt")
    assert done.returncode == 1
    assert "This NVIDIA Tacotron 2 has a set of 40 symbols, which is not known." in done.stderr.decode()


def test_verify_info_and_remove(public):
    assert public("voices", "verify", "reader").returncode == 0
    details = json.loads(public("voices", "info", "reader", "--json").stdout)
    assert details["components"]["acoustic tacotron2"]["network"] == "tacotron2"
    assert public("voices", "remove", "hifigan", "--yes").returncode == 0
    assert public("voices", "info", "hifigan").returncode == 2
