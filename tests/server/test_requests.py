"""How a client may name a voice, and what of the table of options it may set."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

pytest.importorskip("fastapi", reason="the server is an extra")

from tts.config import load_settings
from tts.errors import TtsError, UsageError
from tts.options import BATCH_COLUMNS
from tts.server.requests import OPENAI_VOICES, Naming, SpeechBody, speech_request
from tts.voice.choices import CONTROLS, controls_of
from tts.voice.load import ACOUSTIC_MODELS, END_TO_END
from tts.voice.manifest import Speaker, load_manifest, write_manifest


@pytest.fixture
def voices(tmp_path, voices_folder, monkeypatch):
    """The tiny voices; the one named `pair` has speakers, as far as its manifest says."""
    for name in ("pulse", "random"):
        shutil.copytree(voices_folder / name, tmp_path / name)
    shutil.copytree(voices_folder / "pulse", tmp_path / "pair")
    manifest = load_manifest(tmp_path / "pair")
    [(name, acoustic)] = manifest.acoustics.items()
    acoustic = replace(acoustic, options={**acoustic.options, "n_speakers": 2})
    speakers = (Speaker("af_alloy"), Speaker("bm_ben"))
    write_manifest(replace(manifest, name="pair", acoustics={name: acoustic}, speakers=speakers))
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("requested", "voice", "speaker"),
    [
        (None, "heart", None),
        ("", "heart", None),
        ("pulse", "pulse", None),
        ("pair", "pair", None),
        ("pair/bm_ben", "pair", "bm_ben"),
        ("bm_ben", "pair", "bm_ben"),
        ("af_alloy+bm_ben", "pair", "af_alloy,bm_ben"),
        ("af_alloy(2)+bm_ben(0.5)", "pair", "af_alloy:2,bm_ben:0.5"),
        ("alloy", "pair", "af_alloy"),
        ("echo", "heart", None),
        ("nova", "random", None),
        ("robot", "pair", "bm_ben"),
    ],
)
def test_voices_by_their_names(voices, requested, voice, speaker):
    naming = Naming("heart", {"nova": "random", "robot": "pair/bm_ben"})
    manifest, chosen = naming.resolve(requested)
    assert (manifest.name, chosen) == (voice, speaker)


@pytest.mark.parametrize(
    ("requested", "message"),
    [
        ("hart", "There is no voice 'hart'; did you mean heart?"),
        ("pair/x", "has no speaker 'x'"),
        ("af_alloy(x)+bm_ben", "weight must be a number above 0"),
        ("af_alloy+x", "has no speaker 'x'"),
        ("heart/x", "has a single speaker"),
        ("./pulse", "There is no voice './pulse'"),
        ("pulse/../random", "The voice pulse has a single speaker"),
        ("a(1", "There is no voice 'a(1'"),
    ],
)
def test_names_that_are_none_are_refused(voices, requested, message, monkeypatch):
    # Also where a folder of that name is.
    monkeypatch.chdir(voices)
    with pytest.raises(UsageError) as refused:
        Naming().resolve(requested)
    assert message in str(refused.value)


def test_all_names_of_openai_speak(voices):
    assert len(set(OPENAI_VOICES)) == 13
    for name in OPENAI_VOICES:
        assert Naming("pulse").resolve(name)[0].name in ("pulse", "pair")


def test_every_option_of_a_text_is_a_field():
    of_server = {"voice", "format", "timings", "input"}
    assert set(BATCH_COLUMNS) - of_server <= set(SpeechBody.model_fields)
    assert "input_type" in SpeechBody.model_fields
    body = SpeechBody(input="a", pitch=2.0, seed=3, input_type="ssml", sentence_silence=1.0, speaker="0")
    request = speech_request(SpeechBody(input="a", pitch=2.0, seed=3, input_type="ssml"), Naming())
    assert (request.options.pitch, request.options.seed, request.options.input) == (2.0, 3, "ssml")
    assert body.options().sentence_silence == 1.0


def test_controls_are_those_of_the_networks():
    from tts.models.fastspeech2 import FastSpeech2
    from tts.models.tacotron2 import Tacotron2
    from tts.onnx.kokoro import OnnxKokoro

    assert CONTROLS.keys() == ACOUSTIC_MODELS.keys() | END_TO_END.keys()
    assert set(CONTROLS["fastspeech2"]) == FastSpeech2.controls
    assert set(CONTROLS["tacotron2"]) == Tacotron2.controls
    assert set(CONTROLS["kokoro"]) == OnnxKokoro.controls
    assert controls_of(Naming().resolve("heart")[0], "tacotron2") == ["speed"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("voice-aliases = 'heart'", "voice-aliases must be a table"),
        ("voice-aliases = { nova = 3 }", "the alias 'nova' must be the name of a voice, not 3"),
    ],
)
def test_wrong_aliases_are_named(tmp_path, content, message):
    path = tmp_path / "config.toml"
    path.write_text(content)
    with pytest.raises(TtsError) as refused:
        load_settings(path)
    assert message in str(refused.value)
