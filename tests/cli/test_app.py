import json
import subprocess
import sys

import pytest

import tts as package
from tts.cli.app import current_spelling

HEAVY = {
    "torch",
    "lightning_fabric",
    "tensorboard",
    "numpy",
    "librosa",
    "soundfile",
    "phonemizer",
    "matplotlib",
    "scipy",
    "httpx",
    "filelock",
}


def test_version(tts):
    assert tts("--version").stdout.decode() == f"tts {package.__version__}\n"


def test_help_names_the_commands_there_are_and_no_others(tts):
    text = tts("--help").stdout.decode()
    assert all(
        name in text
        for name in ("say", "batch", "serve", "mcp", "voices", "text", "train", "evaluate", "bench", "doctor")
    )


@pytest.mark.parametrize("command", ["trian", "sya"])
def test_an_unknown_command_is_refused(tts, command):
    done = tts(command)
    assert done.returncode == 2
    assert command in done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["voices", "list"],
        ["train", "recipes"],
        ["voices", "list", "--available"],
        ["text", "normalize", "5 km"],
    ],
)
def test_light_commands_import_nothing_heavy(tts, arguments):
    code = (
        "import sys, tts.cli\n"
        f"sys.argv = ['tts', *{arguments!r}]\n"
        "try: tts.cli.main()\n"
        "except SystemExit: pass\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=tts.environment, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("old", "current"),
    [
        ("say --engine torch Hi", "say --runtime torch Hi"),
        ("bench --engine=onnx", "bench --runtime=onnx"),
        ("say Hi --offline", "say Hi"),
        ("--debug doctor --offline --json", "--debug doctor --json"),
        ("batch a.txt --engine ray --engine onnx", "batch a.txt --engine ray --runtime onnx"),
        ("batch --engine=local a.txt", "batch --engine=local a.txt"),
        ("batch --engine onnx a.txt", "batch --runtime onnx a.txt"),
        ("voices install x --offline", "voices install x --offline"),
        ("text normalize --runtime", "text normalize --runtime"),
    ],
)
def test_old_spellings_of_flags(old, current):
    assert current_spelling(old.split()) == current.split()


def test_old_spellings_work_and_are_not_shown(tts, here, tmp_path):
    done = here("say", "Hi.", "--engine", "torch", "--offline", "-o", "a.wav", "--", TTS_OFFLINE="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (tmp_path / "list.txt").write_text("a|One.")
    flags = ("--jobs", "1", "--engine", "local", "--engine", "torch", "--offline", "--quiet")
    assert tts("batch", "list.txt", "-o", "out", *flags).returncode == 0
    assert (tmp_path / "out" / "a.wav").exists()
    shown = b"".join(here(command, "--help").stdout for command in ("say", "batch", "bench", "evaluate", "doctor"))
    assert shown.count(b"--runtime") >= 3
    assert b"--offline" not in shown
    assert b"--engine" not in here("say", "--help").stdout


def test_voices_list(tts):
    voices = json.loads(tts("voices", "list", "--json").stdout)
    assert [voice["name"] for voice in voices] == ["heart", "pulse", "random"]
    table = tts("voices", "list").stdout.decode()
    assert "pulse" in table
    assert "vocos, griffinlim" in table
    assert "fastspeech2, tacotron2" in table
    chosen = {voice["name"]: (voice["acoustics"], voice["default_acoustic"]) for voice in voices}
    assert chosen["random"] == (["fastspeech2", "tacotron2"], "fastspeech2")


def test_voices_info(tts):
    info = json.loads(tts("voices", "info", "pulse", "--json").stdout)
    assert (info["name"], info["licence"], info["sample_rate"]) == ("pulse", "Apache-2.0", 22050)
    both = tts("voices", "info", "random").stdout.decode()
    assert "fastspeech2 (default), tacotron2" in both
    components = json.loads(tts("voices", "info", "random", "--json").stdout)["components"]
    assert list(components)[:2] == ["acoustic fastspeech2", "acoustic tacotron2"]
    done = tts("voices", "info", "puls")
    assert done.returncode == 2
    assert "did you mean pulse?" in done.stderr.decode()


def test_voices_verify(tts, tmp_path, pulse_voice):
    assert tts("voices", "verify", "pulse").returncode == 0
    voice = tmp_path / "broken"
    voice.mkdir()
    (voice / "voice.toml").write_bytes((pulse_voice / "voice.toml").read_bytes())
    done = tts("voices", "verify", voice)
    assert done.returncode == 1
    assert b"fastspeech2.safetensors is missing" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "text", "expected"),
    [
        ("normalize", "Dr. Smith paid $3.50.", ["Doctor Smith paid three dollars fifty cents."]),
        ("phonemes", "Dr. Smith", ["dˈɑːktɚ smˈɪθ"]),
        ("segment", "Dr. Smith left. He ran.", ["Dr. Smith left.", "He ran."]),
    ],
)
def test_text(tts, command, text, expected):
    assert tts("text", command, text).stdout.decode().splitlines() == expected


def test_text_answers_line_for_line(tts):
    done = tts("text", "normalize", "--encoding", "windows-1252", stdin="5 €\n½ – “é”".encode("cp1252"))
    assert done.stdout.decode().splitlines() == ["five euros", 'one half – "é"']
    done = tts("text", "normalize", stdin="Größe, naïve".encode("cp1252"))
    assert b"Convert the text to UTF-8 (it looks like windows-1252, so try --encoding windows-1252)." in done.stderr
    done = tts("text", "normalize", "-", stdin=b"1 cat\n\n2 dogs\r\n")
    assert done.stdout.decode() == "one cat\n\ntwo dogs\n"


def test_doctor(tts):
    rows = {row["check"]: row for row in json.loads(tts("doctor", "--json").stdout)}
    assert rows["torch"]["status"] == "ok"
    assert rows["espeak-ng"]["detail"].startswith("1.52")
    assert rows["voice heart"]["status"] == "ok"
    packages = ("FastAPI", "Uvicorn", "websockets", "PyAV", "prometheus-client", "wyoming", "mcp")
    assert all(f"{name} " in rows["server"]["detail"] for name in packages)


def test_doctor_names_the_users_lexicons(tts, tmp_path):
    def rows(**environment):
        answer = json.loads(tts("doctor", "--json", **environment).stdout)
        return {row["check"]: (row["status"], row["detail"]) for row in answer if row["check"].startswith("lexicon")}

    path = tmp_path / "lexicon.tsv"
    assert rows() == {"lexicon": ("ok", f"{path} (none)")}
    path.write_text("SQL\tsequel\ngif\tjif\n")
    path.with_name("lexicon.en.tsv").write_text("SQL\n")
    found = rows(TTS_NO_USER_LEXICON="1")
    assert found["lexicon"] == ("ok", f"{path}, 2 entries; ignored because of TTS_NO_USER_LEXICON")
    assert found["lexicon en"][0] == "fail"
    assert "lexicon.en.tsv, line 1: expected a word" in found["lexicon en"][1]


def test_doctor_fails_where_a_voice_is_damaged(tts, tmp_path, pulse_voice):
    (tmp_path / "voices" / "pulse").mkdir(parents=True)
    target = tmp_path / "voices" / "pulse" / "voice.toml"
    target.write_bytes((pulse_voice / "voice.toml").read_bytes())
    done = tts("doctor", TTS_VOICES_DIR=str(tmp_path / "voices"))
    assert done.returncode == 1
    assert "missing" in done.stdout.decode()
