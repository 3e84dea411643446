from __future__ import annotations

import stat
import sys

import numpy as np
import pytest

from tts.audio.audio import Audio, to_int16
from tts.audio.playback import PLAYERS, PlayerStream, find_player, play
from tts.audio.writer import wav_header
from tts.errors import TtsError

AUDIO = Audio(np.array([0, 0.25, -0.25], np.float32), 22050)


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Install shell scripts as the only programs on the search path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "platform", "linux")

    def install(name, script):
        (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        (folder / name).chmod(0o755 | stat.S_IXUSR)

    return install


def test_no_player_is_an_error_that_names_the_way_out(programs):
    with pytest.raises(TtsError, match=r"No audio player .* -o FILE"):
        find_player()


@pytest.mark.parametrize("player", [player.program for player in PLAYERS])
def test_every_player_is_found(programs, player):
    programs(player, "exit 0")
    assert find_player().program == player


def test_sound_servers_go_before_the_rest(programs):
    for name in ("ffplay", "aplay", "paplay"):
        programs(name, "exit 0")
    assert find_player().program == "paplay"


@pytest.mark.parametrize(
    ("name", "words"),
    [("aplay", "-r 22050"), ("paplay", "--rate=22050"), ("ffplay", "-ar 22050"), ("play", "-r 22050")],
)
def test_a_player_receives_every_sample_at_the_right_rate_from_a_pipe(programs, tmp_path, name, words):
    programs(name, f'echo "$@" > {tmp_path}/received.txt; cat > {tmp_path}/received.bin')
    play(AUDIO)
    assert words in (tmp_path / "received.txt").read_text()
    assert (tmp_path / "received.bin").read_bytes() == to_int16(AUDIO.samples).astype("<i2").tobytes()


@pytest.mark.parametrize("name", ["pw-play", "afplay"])
def test_a_file_player_receives_a_complete_wav_that_is_removed_afterwards(programs, tmp_path, name):
    programs(name, f'echo "$1" > {tmp_path}/received.txt; cat "$1" > {tmp_path}/received.bin')
    with PlayerStream(find_player()) as stream:
        stream.write(AUDIO)
        stream.write(AUDIO)
    samples = to_int16(AUDIO.samples).tobytes()
    assert (tmp_path / "received.bin").read_bytes() == wav_header(22050, 12) + 2 * samples
    assert not tmp_path.joinpath((tmp_path / "received.txt").read_text().strip()).exists()


def test_a_player_that_fails_is_reported_with_its_reason(programs):
    programs("aplay", 'cat > /dev/null; echo "no such device" >&2; exit 3')
    with pytest.raises(TtsError, match=r"aplay .* 3 \(no such device\)"):
        play(AUDIO)


def test_a_player_that_stops_early_is_reported(programs):
    programs("aplay", "exit 2")
    long = Audio(np.zeros(1_000_000, np.float32), 22050)
    with pytest.raises(TtsError, match="aplay"):
        play(long)


def test_a_failure_while_playing_ends_the_player(programs):
    programs("aplay", "exec sleep 60")
    stream = PlayerStream(find_player())
    with pytest.raises(KeyboardInterrupt), stream:
        stream.write(AUDIO)
        raise KeyboardInterrupt
    assert stream._process.poll() == -9


def test_nothing_to_play_starts_nothing(programs):
    programs("aplay", "exit 5")
    with PlayerStream(find_player()) as stream:
        pass
    assert stream._process is None
