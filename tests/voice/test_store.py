import shutil

import pytest

from tests.tiny_runs import vocoder_run
from tts.config import voices_folder
from tts.errors import TtsError, UsageError
from tts.voice.store import (
    check_voice_name,
    find_installed,
    find_vocoder,
    find_voice,
    installed_voices,
    is_voice_file,
    voice_name_from,
)


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


def test_what_the_catalog_has_is_to_be_installed(pulse_voice):
    with pytest.raises(UsageError, match="no voice 'ljspeech' on this machine: get it by tts voices install ljspeech"):
        find_voice("ljspeech")
    with pytest.raises(UsageError, match="no vocoder 'waveglow-256' on this machine: get it by tts voices install"):
        find_vocoder(find_voice("pulse"), "waveglow-256")


def test_a_folder_lends_its_default_vocoder(random_voice, tmp_path, monkeypatch):
    run = vocoder_run(tmp_path / "runs" / "voc", random_voice, "waveglow")
    pulse = find_voice("pulse")
    monkeypatch.chdir(run.parent)
    for name in ("voc", "./voc", str(run)):
        manifest, key = find_vocoder(pulse, name)
        assert (manifest.folder.resolve(), key) == (run, "waveglow")
    assert find_vocoder(pulse, str(random_voice))[1] == "source_filter"
    with pytest.raises(TtsError, match=r"nothing is not a voice: it has no voice\.toml"):
        find_vocoder(pulse, "./nothing")
    # A folder of the name without a manifest means nothing.
    (run.parent / "vocs").mkdir()
    with pytest.raises(UsageError, match="did you mean vocos"):
        find_vocoder(pulse, "vocs")


def test_a_name_goes_before_a_folder(random_voice, tmp_path, monkeypatch):
    vocoder_run(tmp_path / "vocos", random_voice, "waveglow")
    monkeypatch.chdir(tmp_path)
    assert find_vocoder(find_voice("pulse"), "vocos")[0].name == "pulse"


@pytest.fixture
def lone_vocoder(pulse_voice, tmp_path, monkeypatch):
    """A folder of voices in which `buzz` is pulse's vocoder by itself."""
    shutil.copytree(pulse_voice, tmp_path / "pulse")
    buzz = shutil.copytree(pulse_voice, tmp_path / "buzz") / "voice.toml"
    head, rest = buzz.read_text("utf-8").split("[frontend]")
    vocoders = rest[rest.index("[vocoders.vocos]") :]
    buzz.write_text(head.replace('"pulse"', '"buzz"') + vocoders, "utf-8")
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path))


@pytest.mark.usefixtures("lone_vocoder")
class TestLoneVocoder:
    def test_is_no_voice(self):
        assert not find_installed("buzz").speaks
        with pytest.raises(UsageError, match="buzz is a vocoder: use --voice NAME --vocoder buzz"):
            find_voice("buzz")

    def test_is_not_among_the_voices_that_there_are(self):
        with pytest.raises(UsageError, match=r"There is no voice 'zzz'; there are: heart, pulse\."):
            find_voice("zzz")

    def test_is_lent_to_any_voice(self):
        manifest, key = find_vocoder(find_voice("pulse"), "buzz")
        assert (manifest.name, key) == ("buzz", "vocos")

    def test_yields_to_the_voices_own(self):
        assert find_vocoder(find_voice("pulse"), "vocos")[0].name == "pulse"

    @pytest.mark.parametrize(("name", "near"), [("buz", "did you mean buzz"), ("pulse", "there are: buzz, griffinlim")])
    def test_others_are_refused_with_names(self, name, near):
        with pytest.raises(UsageError, match=f"pulse has no vocoder '{name}'; {near}"):
            find_vocoder(find_voice("pulse"), name)


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
