import pytest

from tts.errors import UsageError
from tts.voice.store import find_voice, installed_voices, voices_folder


@pytest.fixture(autouse=True)
def only_tiny_voices(voices_folder, monkeypatch):
    monkeypatch.setenv("TTS_VOICES_DIR", str(voices_folder))


def test_lists_embedded_and_own_voices_by_name():
    assert [voice.name for voice in installed_voices()] == ["heart", "pulse", "random"]


def test_finds_by_name_and_by_folder(pulse_voice):
    assert find_voice("pulse").folder == pulse_voice
    assert find_voice(str(pulse_voice)).name == "pulse"


def test_suggests_the_nearest_name():
    with pytest.raises(UsageError, match=r"no voice 'puls'; did you mean pulse\?"):
        find_voice("puls")
    with pytest.raises(UsageError, match=r"there are: heart, pulse, random\."):
        find_voice("zzz")


def test_the_users_folder_is_utters(monkeypatch):
    monkeypatch.delenv("TTS_VOICES_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert voices_folder().parts[-2:] == ("utter", "voices")
