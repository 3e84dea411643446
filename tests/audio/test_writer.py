from __future__ import annotations

import io
import os
import stat
import struct
import subprocess
import sys
import wave

import numpy as np
import pytest
import soundfile

from tts.audio import writer as writer_module
from tts.audio.audio import Audio, to_int16
from tts.audio.writer import FORMATS, AudioWriter, Resampler, format_of, output_rate, wav_header
from tts.errors import TtsError, UsageError

RATE = 22050


def tone(seconds=0.5, rate=RATE, hertz=440.0, peak=0.5):
    time = np.arange(round(seconds * rate)) / rate
    return Audio((peak * np.sin(2 * np.pi * hertz * time)).astype(np.float32), rate)


def write(path, pieces, name=None, rate=None):
    with AudioWriter(path, format_of(path, name), rate) as writer:
        for piece in pieces:
            writer.write(piece)


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("a.wav", None, "wav"),
        ("a.WAV", None, "wav"),
        ("a.wave", "wav", "wav"),
        ("a.flac", None, "flac"),
        ("a.ogg", None, "ogg"),
        ("a.ogg", "opus", "opus"),
        ("a.opus", None, "opus"),
        ("a.mp3", "MP3", "mp3"),
        ("a.pcm", None, "raw"),
        ("a", "flac", "flac"),
        ("a.b", "flac", "flac"),
        ("-", None, "wav"),
        ("-", "mp3", "mp3"),
    ],
)
def test_format_of(path, name, expected):
    assert format_of(path, name).name == expected


@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        ("a.wav", "mp3", ["a.wav", ".wav", "mp3"]),
        ("a.opus", "ogg", [".opus", "ogg"]),
        ("a.xyz", None, [".xyz", "wav, flac, ogg, opus, mp3, raw"]),
        ("a", None, ["no suffix", "wav, flac"]),
        ("a.wav", "wavv", ["'wavv'", "wav, flac"]),
    ],
)
def test_format_contradictions_and_unknown_formats_are_refused(path, name, words):
    with pytest.raises(UsageError) as caught:
        format_of(path, name)
    assert all(word in str(caught.value) for word in words)


def test_output_rate_is_the_next_rate_that_the_format_has():
    assert output_rate(FORMATS["wav"], 22050) == 22050
    assert output_rate(FORMATS["opus"], 22050) == 24000
    assert output_rate(FORMATS["opus"], 44100) == 48000
    assert output_rate(FORMATS["opus"], 96000) == 48000
    assert output_rate(FORMATS["mp3"], 22050) == 22050
    assert output_rate(FORMATS["flac"], 22050, 16000) == 16000


@pytest.mark.parametrize(
    ("name", "rate"), [("opus", 44100), ("mp3", 96000), ("wav", 7999), ("wav", 0), ("wav", 192001)]
)
def test_output_rate_refuses_what_the_format_cannot_have(name, rate):
    with pytest.raises(UsageError, match=str(rate)):
        output_rate(FORMATS[name], 22050, rate)


def test_wav_is_exactly_header_and_samples(tmp_path):
    write(tmp_path / "a.wav", [Audio(np.array([0, 0.5, -1], np.float32), RATE), Audio(np.array([1], np.float32), RATE)])
    content = (tmp_path / "a.wav").read_bytes()
    assert content[:44] == wav_header(RATE, 8)
    assert struct.unpack("<4h", content[44:]) == (0, 16384, -32768, 32767)
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels(), file.getsampwidth()) == (RATE, 4, 1, 2)


def test_wav_header_of_more_than_four_gibibytes_reads_until_the_end():
    assert struct.unpack_from("<I", wav_header(RATE, 5 << 30), 40) == (0xFFFFFFFF,)
    assert struct.unpack_from("<I", wav_header(RATE, 5 << 30), 4) == (0xFFFFFFFF,)


def test_raw_is_little_endian_samples(tmp_path):
    write(tmp_path / "a.raw", [Audio(np.array([1 / 32768, -2 / 32768], np.float32), RATE)])
    assert (tmp_path / "a.raw").read_bytes() == b"\x01\x00\xfe\xff"


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_lossless_formats_keep_every_sample(tmp_path, name):
    audio = tone()
    write(tmp_path / f"a.{name}", [audio])
    samples, rate = soundfile.read(tmp_path / f"a.{name}", dtype="int16")
    assert rate == RATE
    np.testing.assert_array_equal(samples, to_int16(audio.samples))


@pytest.mark.parametrize(("name", "rate"), [("ogg", RATE), ("opus", 24000), ("mp3", RATE)])
def test_lossy_formats_keep_the_tone(tmp_path, name, rate):
    write(tmp_path / f"a.{name}", [tone(1.0)])
    info = soundfile.info(tmp_path / f"a.{name}")
    samples, found = soundfile.read(tmp_path / f"a.{name}")
    assert (info.samplerate, found, info.channels) == (rate, rate, 1)
    assert len(samples) / rate == pytest.approx(1.0, abs=0.06)
    middle = samples[rate // 4 : 3 * rate // 4]
    peak = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() * rate / len(middle)
    assert peak == pytest.approx(440, abs=3)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_equal_audio_gives_equal_files(tmp_path, name):
    for copy in ("1", "2"):
        write(tmp_path / f"{copy}.{FORMATS[name].suffixes[0][1:]}", [tone(1.0), tone(0.3)])
    first, second = sorted(tmp_path.iterdir())
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["wav", "flac", "ogg"])
def test_the_cut_into_pieces_does_not_show(tmp_path, name):
    audio = tone(1.0)
    write(tmp_path / f"single.{name}", [audio], rate=16000)
    write(tmp_path / f"cut.{name}", [Audio(part, RATE) for part in np.array_split(audio.samples, 17)], rate=16000)
    single, _ = soundfile.read(tmp_path / f"single.{name}", dtype="int16")
    cut, _ = soundfile.read(tmp_path / f"cut.{name}", dtype="int16")
    assert len(single) == len(cut)
    assert np.abs(single.astype(int) - cut).max() <= (1 if name != "ogg" else 512)


def test_resampling_keeps_length_and_tone():
    resample = Resampler(RATE, 48000)
    samples = np.concatenate([resample(tone(1.0).samples), resample(np.zeros(0, np.float32), last=True)])
    assert len(samples) == pytest.approx(48000, abs=2)
    np.testing.assert_allclose(samples[4800:43200], tone(1.0, 48000).samples[4800:43200], atol=2e-4)


def test_an_equal_rate_changes_nothing():
    audio = tone()
    assert Resampler(RATE, RATE)(audio.samples) is audio.samples


def test_ogg_pages_have_stream_number_zero_and_sound_checksums(tmp_path):
    write(tmp_path / "a.ogg", [tone(3.0)])
    content = (tmp_path / "a.ogg").read_bytes()
    assert content[14:18] == bytes(4)
    # libsndfile refuses pages whose checksum is wrong.
    assert soundfile.info(tmp_path / "a.ogg").frames == 3 * RATE


def test_ogg_checksum_is_the_one_libsndfile_writes(tmp_path):
    soundfile.write(tmp_path / "a.ogg", tone().samples, RATE)
    page = (tmp_path / "a.ogg").read_bytes()
    size = 27 + page[26] + sum(page[27 : 27 + page[26]])
    assert writer_module.ogg_checksum(page[:22] + bytes(4) + page[26:size]) == page[22:26]


def test_a_truncated_ogg_file_is_refused(tmp_path):
    (tmp_path / "a.ogg").write_bytes(b"OggS")
    with pytest.raises(TtsError, match="not a complete Ogg file"):
        writer_module.fix_ogg_serial(tmp_path / "a.ogg")


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "a.wav").write_text("old")
    for failure in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(failure), AudioWriter(tmp_path / "a.wav", FORMATS["wav"]) as writer:
            writer.write(tone())
            assert len(list(tmp_path.iterdir())) == 2
            raise failure
        assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert (tmp_path / "a.wav").read_text() == "old"


@pytest.mark.parametrize("name", ["wav", "ogg"])
def test_a_failure_at_the_end_leaves_nothing(tmp_path, name, monkeypatch):
    sink = writer_module._WavSink if name == "wav" else writer_module._SoundfileSink

    def fail(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sink, "finish", fail)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path / f"a.{name}", [tone()])
    assert list(tmp_path.iterdir()) == []


def test_no_audio_is_an_error_and_no_file(tmp_path):
    with pytest.raises(TtsError, match="no audio"):
        write(tmp_path / "a.wav", [])
    assert list(tmp_path.iterdir()) == []


def test_pieces_of_another_rate_are_refused(tmp_path):
    with pytest.raises(ValueError, match="22050"):
        write(tmp_path / "a.wav", [tone(), tone(rate=16000)])
    assert list(tmp_path.iterdir()) == []


STDOUT_SCRIPT = """
import sys, numpy as np
from tts.audio.writer import AudioWriter, FORMATS
from tts.audio.audio import Audio
with AudioWriter("-", FORMATS[sys.argv[1]]) as writer:
    for _ in range(2):
        writer.write(Audio(np.full(11025, 0.25, np.float32), 22050))
"""


def run_to(stdout, name):
    done = subprocess.run(
        [sys.executable, "-c", STDOUT_SCRIPT, name], stdout=stdout, stderr=subprocess.PIPE, check=True
    )
    assert done.stderr == b""
    return done.stdout


def test_wav_to_a_pipe_is_readable_and_says_unknown_size():
    content = run_to(subprocess.PIPE, "wav")
    assert content[:44] == wav_header(RATE, None)
    samples, rate = soundfile.read(io.BytesIO(content), dtype="int16")
    assert rate == RATE
    assert samples.tolist() == [8192] * RATE
    with wave.open(io.BytesIO(content)) as file:
        assert len(file.readframes(file.getnframes())) == 2 * RATE


def test_wav_to_standard_output_that_is_a_file_has_exact_sizes(tmp_path):
    with open(tmp_path / "a.wav", "wb") as file:
        file.write(b"")
        run_to(file, "wav")
    assert (tmp_path / "a.wav").read_bytes()[:44] == wav_header(RATE, 2 * RATE)


def test_appended_wav_keeps_what_was_there(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"before")
    with open(tmp_path / "a.wav", "ab") as file:
        run_to(file, "wav")
    content = (tmp_path / "a.wav").read_bytes()
    assert content[:6] == b"before"
    assert content[6:50] == wav_header(RATE, None)


@pytest.mark.parametrize("name", ["flac", "opus"])
def test_compressed_formats_go_to_a_pipe_when_complete(name):
    content = run_to(subprocess.PIPE, name)
    assert soundfile.info(io.BytesIO(content)).duration == pytest.approx(1.0, abs=0.05)


def test_new_files_follow_the_umask_and_replaced_ones_keep_their_rights(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "a.wav", [tone()])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o640
    (tmp_path / "a.wav").chmod(0o604)
    write(tmp_path / "a.wav", [tone()])
    assert stat.S_IMODE((tmp_path / "a.wav").stat().st_mode) == 0o604


def test_a_link_is_followed(tmp_path):
    (tmp_path / "real.wav").write_text("old")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    write(tmp_path / "link.wav", [tone()])
    assert (tmp_path / "link.wav").is_symlink()
    assert (tmp_path / "real.wav").read_bytes()[:4] == b"RIFF"


def test_special_files_are_written_in_place(tmp_path):
    with AudioWriter(os.devnull, format_of(os.devnull)) as writer:
        writer.write(tone())
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    write(tmp_path / "pipe", [Audio(np.zeros(2, np.float32), RATE)])
    assert reader.communicate()[0] == wav_header(RATE, None) + bytes(4)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_long_name_leaves_room_for_the_temporary_one(tmp_path):
    path = tmp_path / ("n" * 251 + ".wav")
    write(path, [tone(0.01)])
    assert path.is_file()


LIMITED_SCRIPT = """
import resource, sys, numpy as np
from tts.audio.writer import AudioWriter, format_of
from tts.audio.audio import Audio
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
noise = 0.1 * np.random.default_rng(0).standard_normal(44100).astype(np.float32)
try:
    with AudioWriter(sys.argv[1], format_of(sys.argv[1])) as writer:
        writer.write(Audio(noise, 22050))
except OSError as error:
    print(error.strerror)
"""


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_cannot_be_written_to_its_end_does_not_appear(name, tmp_path):
    """libsndfile finished an Opus file without its last page where the disk was full, and said nothing."""

    def run(limit):
        command = [sys.executable, "-c", LIMITED_SCRIPT, tmp_path / f"a.{name}", str(limit)]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    run(1 << 30)
    size = (tmp_path / f"a.{name}").stat().st_size
    (tmp_path / f"a.{name}").unlink()
    for limit in (0, size // 2, size - 1):
        done = run(limit)
        assert (done.stdout, done.stderr) == ("File too large\n", "")
        assert list(tmp_path.iterdir()) == []
    assert run(size).stdout == ""
    assert (tmp_path / f"a.{name}").stat().st_size == size
