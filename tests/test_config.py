import pytest

from tts import config
from tts.config import config_file, config_folder, is_offline, load_settings, voices_folder, write_setting
from tts.errors import TtsError
from tts.text.lexicon import user_lexicon_files, user_lexicon_path
from tts.voice.store import voice_folders


def test_writing_a_setting(tmp_path):
    path = tmp_path / "new" / "config.toml"
    write_setting(path, "voice", 'a "b" \\ é')
    assert load_settings(path) == {"voice": 'a "b" \\ é'}
    path.write_text("speed = 1.5\n")
    write_setting(path, "voice", "x")
    assert path.read_text() == 'voice = "x"\nspeed = 1.5\n'
    path.write_text('voice = """\nx\n"""\n')
    with pytest.raises(TtsError, match=r'Could not edit .* automatically\. Add this line yourself: voice = "y"'):
        write_setting(path, "voice", "y")
    assert load_settings(path) == {"voice": "x\n"}


def test_folders(monkeypatch, tmp_path):
    for variable in ("TTS_CONFIG", "TTS_VOICES_DIR"):
        monkeypatch.delenv(variable, raising=False)
    assert config_file().parts[-2:] == ("utter", "config.toml")
    assert voices_folder().parts[-2:] == ("utter", "voices")
    monkeypatch.setenv("TTS_CONFIG", str(tmp_path / "mine.toml"))
    monkeypatch.setenv("TTS_VOICES_DIR", str(tmp_path / "voices"))
    assert (config_file(), config_folder()) == (tmp_path / "mine.toml", tmp_path)
    assert voices_folder() == tmp_path / "voices"
    assert user_lexicon_path() == tmp_path / "lexicon.tsv"


@pytest.mark.parametrize(
    ("value", "settings", "offline"),
    [
        (None, {}, False),
        (None, {"offline": True}, True),
        ("1", {}, True),
        ("true", {}, True),
        ("0", {"offline": True}, False),
    ],
)
def test_offline(monkeypatch, value, settings, offline):
    monkeypatch.delenv("TTS_OFFLINE", raising=False)
    if value is not None:
        monkeypatch.setenv("TTS_OFFLINE", value)
    assert is_offline(settings) is offline


def test_lexicons_of_the_user_are_ignored_where_the_environment_says_so(monkeypatch):
    for value, ignored in (("1", True), ("0", False), ("", False)):
        monkeypatch.setenv("TTS_NO_USER_LEXICON", value)
        assert config.ignores_user_lexicons() is ignored


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sped = 2", "has an unknown key 'sped'; did you mean speed"),
        ("zzz = 2", r"has an unknown key 'zzz'; the keys are voice, "),
        ("speed = 'fast'", "speed must be a number, not 'fast'"),
        ("seed = 1.5", "seed must be a whole number, not 1.5"),
        ("seed = true", "seed must be a whole number, not True"),
        ("offline = 1", "offline must be true or false, not 1"),
        ("voice-aliases = 'joe'", "voice-aliases must be a table, not 'joe'"),
        ("[voice-aliases]\nalloy = 1", "the alias 'alloy' must be the name of a voice, not 1"),
        ("[voice-aliases]\na.b = 'joe'", r"the alias 'a' must be the name of a voice, not \{'b': 'joe'\}"),
        ("speed", "is not valid TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, content, message):
    path = tmp_path / "config.toml"
    path.write_text(content)
    with pytest.raises(TtsError, match=message):
        load_settings(path)


def test_former_keys_are_read_by_their_present_names(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text('engine = "torch"\n', encoding="utf-8")
    assert load_settings(path) == {"runtime": "torch"}
    write_setting(path, "voice", "heart")
    assert load_settings(path) == {"runtime": "torch", "voice": "heart"}


@pytest.mark.parametrize("content", ["speed = 1.5\n", "# of Notepad\r\nspeed = 1.5\r\n"])
def test_a_byte_order_mark_is_no_content(tmp_path, content):
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert load_settings(path) == {"speed": 1.5}
    write_setting(path, "voice", "x")
    assert load_settings(path) == {"speed": 1.5, "voice": "x"}


@pytest.mark.parametrize("home", ["/dev/null", "/dev/null/deep"])
def test_an_odd_home_is_one_without_settings_voices_and_lexicons(monkeypatch, home):
    for variable in ("TTS_CONFIG", "TTS_VOICES_DIR", "TTS_NO_USER_LEXICON", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", home)
    assert load_settings(config_file()) == {}
    assert list(voice_folders()) == ["heart"]
    assert user_lexicon_files("en-us") == []
    with pytest.raises(TtsError, match="cannot be created"):
        write_setting(config_file(), "voice", "x")
