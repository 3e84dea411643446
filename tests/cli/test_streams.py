"""Closed standard streams, locales that are not UTF-8, long paths, and texts that look like flags."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).parents[2]
DEEP = "/".join(["a folder with spaces and ümläuts, which is long"] * 6)


def shell(line, folder, **environment):
    """Run a line of sh in which $TTS is the command."""
    tts = f"{sys.executable} -m tts"
    return subprocess.run(
        ["sh", "-c", line.replace("$TTS", tts)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )


pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_speaks_into_a_file_whatever_stream_is_closed(tmp_path, closed):
    done = shell(f"$TTS say 'A ~ b.' -o a.wav {closed}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Error" not in done.stderr
    # Beside the words that are left out.
    assert all(line.startswith(b"tts: warning: left out") for line in done.stderr.splitlines())
    assert soundfile.info(tmp_path / "a.wav").duration > 0.4


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["voices list", "text normalize 5", "doctor"])
def test_every_command_runs_without_a_stream(tmp_path, command, closed):
    done = shell(f"$TTS {command} {closed}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"Error" not in done.stderr


def test_a_batch_runs_without_streams(tmp_path):
    (tmp_path / "lines.txt").write_text("one|Hello.\ntwo|A ~ b.\n")
    assert shell("$TTS batch lines.txt -o out --jobs 1 <&- >&- 2>&-", tmp_path).returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.wav")) == ["one.wav", "two.wav"]


def test_no_message_gets_into_the_audio(tmp_path):
    done = shell("$TTS say 'A ~ b.' -o - 2>&-", tmp_path)
    expected = shell("$TTS say 'A ~ b.' -o -", tmp_path)
    assert done.returncode == expected.returncode == 0
    assert done.stdout == expected.stdout
    assert b"left out" in expected.stderr


def test_audio_for_a_closed_standard_output_is_refused(tmp_path):
    done = shell("$TTS say Hello. -o - >&-", tmp_path)
    assert done.returncode == 1
    assert done.stderr == b"tts: Standard output is closed: name a file with -o.\n"


def test_the_library_prints_nothing_without_streams(tmp_path):
    code = "import sys; sys.stderr = sys.stdout = None; import tts; tts.load_voice().say('A ~ b.')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


NOT_UTF8 = [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LANG": "en_US.ISO-8859-1", "LC_ALL": ""}]


@pytest.mark.parametrize("locale", NOT_UTF8, ids=lambda locale: locale["LC_ALL"] or locale["LANG"])
def test_works_in_a_locale_that_is_not_utf8(tmp_path, locale):
    environment = {**locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert shell("$TTS text normalize 'Café: 5 €'", tmp_path, **environment).stdout == "Café: five euros\n".encode()
    (tmp_path / "Bücher.txt").write_text("ä|Über 5 Häuser.\n", encoding="utf-8")
    done = shell("$TTS batch Bücher.txt -o 'Töne hier' --jobs 1 --json", tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "Töne hier").glob("*.wav")] == ["ä.wav"]
    done = shell("echo 'Ein Käse.' | $TTS say -o 'Käse.flac' --timings 'Käse.srt'", tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert "Käse" in (tmp_path / "Käse.srt").read_text(encoding="utf-8")


def test_an_argument_in_the_encoding_of_the_locale_is_read(tmp_path):
    line = b"$TTS text normalize 'caf\xe9'".replace(b"$TTS", f"{sys.executable} -m tts".encode())
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 1
    assert done.stderr == b"tts: The text is not UTF-8: its character 3 cannot be decoded.\n"


def test_long_paths_with_spaces_and_umlauts(tmp_path, voices_folder, monkeypatch):
    folder = tmp_path / DEEP
    folder.mkdir(parents=True)
    shutil.copytree(voices_folder / "pulse", folder / "pulse")
    # The folder of espeak-ng's data too: it has room for 160 bytes of its path.
    code = (
        "import espeakng_loader, sys; data = sys.argv.pop(1); espeakng_loader.get_data_path = lambda: data;"
        "from tts.cli import main; main()"
    )
    import espeakng_loader

    (folder / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path())
    arguments = ["say", "Hello there.", "-v", str(folder / "pulse"), "-o", str(folder / "out.flac")]
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "espeak-ng-data"), *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert soundfile.info(folder / "out.flac").duration > 0.3
    (folder / "lines.txt").write_text("one|Hello.\n")
    assert shell("$TTS batch lines.txt -v ./pulse -o out --jobs 1", folder).returncode == 0
    assert (folder / "out" / "one.wav").is_file()


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    name = "a" * 251 + ".wav"
    assert shell(f"$TTS say Hello. -o {name} --timings {'b' * 251}.srt", tmp_path).returncode == 0
    assert {len(path.name) for path in tmp_path.iterdir()} == {255}
    odd = "c." + "d" * 253
    assert shell(f"$TTS say Hello. -o {odd} --format wav", tmp_path).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("say", "-face", "-o", "x.wav"),
        ("say", "-very well", "-o", "x.wav"),
        ("say", "-only this"),
        ("say", "-5 degrees", "-o", "x.wav"),
        ("text", "normalize", "-x marks the spot"),
        ("text", "phonemes", "-dash"),
    ],
)
def test_a_text_that_looks_like_a_flag_is_told_from_one(tts, arguments):
    done = tts(*arguments)
    assert done.returncode == 2
    assert b"put -- before" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_flag_with_a_wrong_value_is_no_text(tts, tmp_path):
    (tmp_path / "a.xyz").write_text("A text.")
    done = tts("say", "-f" + str(tmp_path / "a.xyz"), "-o", "x.wav")
    assert done.returncode == 2
    assert b"--" not in done.stderr


def test_what_is_written_stays_when_playing_fails(tts, tmp_path):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("ffplay", "paplay", "aplay", "play", "pw-play", "afplay"):
        (bin_folder / name).write_text("#!/bin/sh\ncat > /dev/null\necho no device >&2\nexit 1\n")
        (bin_folder / name).chmod(0o755)
    path = f"{bin_folder}:{os.environ['PATH']}"
    done = tts("say", "Hello.", "-o", "keep.wav", "--timings", "keep.srt", "--play", PATH=path)
    assert done.returncode == 1
    assert b"could not play, exit code 1 (no device)" in done.stderr
    assert soundfile.info(tts.folder / "keep.wav").frames > 0
    assert (tts.folder / "keep.srt").is_file()
