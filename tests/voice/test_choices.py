from dataclasses import replace

import pytest

from tts.errors import UsageError
from tts.voice.choices import check_choices, resolve_speaker
from tts.voice.manifest import Component, Speaker
from tts.voice.store import find_voice

SPEAKERS = ("anna", "ben", "3922", "a:b")


@pytest.fixture
def voice(voices_folder, monkeypatch):
    monkeypatch.setenv("TTS_VOICES_DIR", str(voices_folder))
    return replace(find_voice("pulse"), speakers=tuple(map(Speaker, SPEAKERS)))


def test_an_acoustic_model_is_the_voices_own(voice):
    check_choices(find_voice("random"), acoustic="tacotron2")
    with pytest.raises(UsageError, match=r"pulse has no acoustic model 'tacotron2'; there are: fastspeech2\."):
        check_choices(voice, acoustic="tacotron2")
    with pytest.raises(UsageError, match=r"random has no acoustic model 'tacotron'; did you mean tacotron2\?"):
        check_choices(find_voice("random"), acoustic="tacotron")


@pytest.mark.parametrize("chosen", [{"vocoder": "griffinlim"}, {"acoustic": "fastspeech2"}])
def test_one_network_has_no_stages_to_choose(voice, chosen):
    whole = replace(voice, acoustics={}, vocoders={}, end_to_end=Component("piper"))
    (name,) = chosen
    with pytest.raises(UsageError, match=rf"pulse is a single network .*VITS \(Piper\).*: leave --{name} out\."):
        check_choices(whole, **chosen)


@pytest.mark.parametrize(
    ("requested", "mix"),
    [
        (None, {0: 1.0}),
        ("ben", {1: 1.0}),
        ("1", {1: 1.0}),
        ("3922", {2: 1.0}),
        ("a:b", {3: 1.0}),
        ("anna:60,ben:40", {0: 0.6, 1: 0.4}),
        (" ben : 1 , anna ", {1: 0.5, 0: 0.5}),
        ("anna:1,ben:1,anna:2", {0: 0.75, 1: 0.25}),
    ],
)
def test_a_speaker_is_a_name_a_number_or_a_blend(voice, requested, mix):
    assert dict(resolve_speaker(voice, requested)) == pytest.approx(mix)


@pytest.mark.parametrize(
    ("requested", "problem"),
    [
        ("bn", r"pulse has no speaker 'bn'; did you mean ben\?"),
        ("4", r"pulse has no speaker '4'; there are: 3922, a:b, anna, ben\."),
        ("-1", r"pulse has no speaker '-1'; "),
        ("", r"pulse has no speaker ''; "),
        ("anna:x", r"A speaker's weight must be a number above 0, not 'x'"),
        ("anna:0,ben:1", "not '0'"),
        ("anna:nan", "not 'nan'"),
        ("anna:-1", "not '-1'"),
        ("anna:", "not ''"),
        ("anna,", r"pulse has no speaker ''; "),
    ],
)
def test_refuses_what_names_no_speaker(voice, requested, problem):
    with pytest.raises(UsageError, match=problem):
        resolve_speaker(voice, requested)


def test_a_voice_of_one_speaker_has_none_to_choose():
    heart = find_voice("heart")
    assert resolve_speaker(heart, None) == ()
    with pytest.raises(UsageError, match=r"heart has a single speaker: leave --speaker out\."):
        resolve_speaker(heart, "anna")


def test_many_speakers_are_not_listed(voice):
    many = replace(voice, speakers=tuple(Speaker(str(1000 + n)) for n in range(904)))
    assert resolve_speaker(many, "903") == ((903, 1.0),)
    with pytest.raises(UsageError, match="it has 904, numbered from 0 to 903; tts voices info lists them"):
        resolve_speaker(many, "zzzzz")
