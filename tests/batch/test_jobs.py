""" """

from __future__ import annotations

import io
import json
import os
import re
import shutil
from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.batch.fakes import Claims
from tts.batch.entry import Entry
from tts.batch.jobs import BatchJob, BatchResult, JobMaker, KeyMaker
from tts.batch.layouts import read_entries
from tts.batch.settings import BatchDefaults, WorkerSetup
from tts.errors import TtsError, UsageError
from tts.options import LIMITS, SynthesisOptions
from tts.voice.manifest import load_manifest, write_manifest


@pytest.fixture(autouse=True)
def only_tiny_voices(voices_folder, monkeypatch):
    monkeypatch.setenv("TTS_VOICES_DIR", str(voices_folder))


def shown_key(text, voice, options, suffix, sample_rate):
    return f"{text}|{voice.name}|{options.speed}|{suffix}|{sample_rate}"


def maker(key=shown_key, max_characters=10_000, **defaults):
    return JobMaker(BatchDefaults(**{"voice": "pulse", **defaults}), Claims(), key, max_characters)


def error(entry, **defaults):
    row = maker(**defaults).make(entry)
    assert isinstance(row, BatchResult)
    return row.error


def job(entry, **defaults):
    made = maker(**defaults).make(entry)
    assert isinstance(made, BatchJob), made
    return made


def test_an_entry_is_a_job_with_what_the_command_line_says():
    options = SynthesisOptions(speed=1.5)
    assert job(Entry(3, "intro", " Hello. "), options=options, format="opus", sample_rate=24000) == BatchJob(
        id="intro",
        line=3,
        file="intro.opus",
        text="Hello.",
        voice="pulse",
        options=options,
        sample_rate=24000,
        key="Hello.|pulse|1.5|.opus|24000",
    )


def test_what_a_line_says_goes_before_it():
    given = {"speed": 2, "vocoder": "waveglow", "acoustic": "tacotron2", "format": "FLAC", "sample_rate": 16000}
    made = job(Entry(1, "a", "Hello.", "random", given), options=SynthesisOptions(speed=1.5, seed=7))
    assert made.options == SynthesisOptions(vocoder="waveglow", acoustic="tacotron2", speed=2.0, seed=7)
    assert type(made.options.speed) is float
    assert (made.voice, made.file, made.sample_rate) == ("random", "a.flac", 16000)
    assert made.key == "Hello.|random|2.0|.flac|16000"


def test_timings_have_the_name_of_the_file():
    assert job(Entry(1, "a.b", "Hello.")).timings is None
    assert job(Entry(1, "a.b", "Hello."), timings="srt").files == ("a.b.wav", "a.b.srt")
    assert job(Entry(1, "a", "Hello.", options={"timings": "textgrid"}), timings="srt").timings == "a.TextGrid"
    assert job(Entry(1, "a", "Hello."), naming="text", timings=".JSON").timings == "hello-000001.json"
    assert error(Entry(1, "a", "Hello.", options={"timings": "str"})) == (
        "There is no format of timings 'str'; did you mean srt?"
    )
    assert error(Entry(1, "a", "Hello.", options={"timings": 1})) == "The timings must be a string, not 1."
    with pytest.raises(UsageError, match="There is no format of timings 'out"):
        maker(timings="out.srt")


def test_an_entry_without_an_id_is_called_by_its_number():
    made = job(Entry(17, None, "Hello."))
    assert (made.id, made.file) == ("000017", "000017.wav")
    assert job(Entry(17, "a", "Hello."), naming="text").file == "hello-000017.wav"


@pytest.mark.parametrize("name", [name for name in SynthesisOptions.names() if name in LIMITS])
def test_every_number_may_be_a_string_as_in_a_csv(name):
    value = LIMITS[name][0]
    expected = SynthesisOptions(**{name: value})
    for written in (str(value), f" {float(value)} ", value, float(value)):
        options = job(Entry(1, "a", "Hello.", None, {name: written})).options
        assert options == expected
        assert type(getattr(options, name)) is (int if name in ("seed", "streams") else float)
    assert job(Entry(1, "a", "Hello.", None, {"seed": str(2**63 - 1)})).options.seed == 2**63 - 1


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("speed", "fast", "speed must be a number, not 'fast'."),
        ("speed", "1,5", "speed must be a number, not '1,5'."),
        ("speed", "1_0", "speed must be a number, not '1_0'."),
        ("speed", "nan", "speed must be a number, not 'nan'."),
        ("speed", float("nan"), "speed must be a number, not NaN."),
        ("speed", True, "speed must be a number, not true."),
        ("speed", [1], "speed must be a number, not a list."),
        ("speed", 10**400, f"speed must be a number, not 1{'0' * 59}…."),
        ("speed", "9", "speed must lie between 0.25 and 4, not 9."),
        ("sentence_silence", -1, "sentence-silence must lie between 0 and 30, not -1."),
        ("seed", 1.5, "seed must be a whole number, not 1.5."),
        ("seed", "1e-3", "seed must be a whole number, not '1e-3'."),
        ("input", "txt", "input must be one of text, phonemes, ssml, not 'txt'."),
        ("input", 1, "The input must be a string, not 1."),
        ("format", "aiff", "There is no audio format 'aiff'; there are: wav, flac, ogg, opus, mp3, raw."),
        ("sample_rate", 100, "sample-rate must lie between 8000 and 192000 Hz, not 100."),
        ("vocoder", "voc\0", "The vocoder has a control character, U+0000, as its character 4: remove it."),
        ("vocoder", "vocs", "The voice pulse has no vocoder 'vocs'; did you mean vocos?"),
        ("acoustic", "x", "The voice pulse has no acoustic model 'x'; there are: fastspeech2."),
    ],
)
def test_a_wrong_option_is_the_problem_of_its_line(name, value, sentence):
    assert error(Entry(1, "a", "Hello.", None, {name: value})) == sentence


def test_a_sample_rate_that_the_lines_format_cannot_have():
    assert error(Entry(1, "a", "Hello.", None, {"format": "opus"}), sample_rate=22050) == (
        "opus files cannot have 22050 Hz; they can have 8000, 12000, 16000, 24000, 48000."
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The text is empty."),
        (" \t\n", "The text is empty."),
        ("Hel\x07lo", "The text has a control character, U+0007, as its character 4: remove it."),
        ("Hel\x85lo", "The text has a control character, U+0085, as its character 4: remove it."),
        ("Hello\rthere", "The text has a control character, U+000D, as its character 6: remove it."),
        ("\ud83dHello", "The text has a control character, U+D83D, as its character 1: remove it."),
        ("Hello\ufffe", "The text has a control character, U+FFFE, as its character 6: remove it."),
        ("Hello\U0010ffff", "The text has a control character, U+10FFFF, as its character 6: remove it."),
        ("x" * 10_001, "The text has 10,001 characters; an utterance has at most 10,000: split it."),
    ],
)
def test_a_text_that_cannot_be_spoken(text, sentence):
    assert error(Entry(1, "a", text)) == sentence


def test_blanks_of_all_kinds_and_other_scripts_are_no_control_characters():
    text = "One\ttwo\nthree\xa0four\u2028five\u200bsix \u202eseven 😀 第\U000e0041"
    assert job(Entry(1, "a", text)).text == text
    assert job(Entry(1, "a", "x" * 10_000)).text == "x" * 10_000


@pytest.mark.parametrize(
    ("voice", "sentence"),
    [
        ("puls", "There is no voice 'puls'; did you mean pulse?"),
        ("ljspeech", "There is no voice 'ljspeech' on this machine: get it by tts voices install ljspeech."),
        ("./nowhere", "nowhere is not a voice: it has no voice.toml."),
        ("a\x1b", "The voice has a control character, U+001B, as its character 2: remove it."),
        ("x" * 1001, "The voice has 1,001 characters; a name has at most 1,000."),
        ("~nobody-of-that-name/voice", "There is no voice '~nobody-of-that-name/voice'."),
        ("x" * 300, f"There is no voice {'x' * 300!r}."),
    ],
)
def test_a_voice_that_is_not_there(voice, sentence):
    made = maker()
    for line in (1, 2):
        assert made.make(Entry(line, None, "Hello.", voice)).error == sentence


def test_a_voice_in_a_folder_is_found_from_everywhere(random_voice, monkeypatch):
    monkeypatch.chdir(random_voice.parent)
    monkeypatch.setenv("TTS_VOICES_DIR", os.devnull)
    keys = []

    def key(text, voice, options, suffix, sample_rate):
        keys.append(options.vocoder)
        return ""

    made = job(Entry(1, "a", "Hello.", "./pulse", {"vocoder": "./random"}), voice=str(random_voice), key=key)
    assert (made.voice, made.options.vocoder) == (str(random_voice.parent / "pulse"), str(random_voice))
    assert keys == ["./random"]


def test_ids_are_given_once():
    made = maker()
    rows = [
        made.make(Entry(line, id, "Hello.")) for line, id in ((3, "intro"), (5, "intro"), (6, "Intro"), (7, "intro "))
    ]
    assert [(row.id, row.line) for row in rows] == [("intro", 3), ("line 5", 5), ("Intro", 6), ("line 7", 7)]
    assert [row.file for row in rows] == ["intro.wav", None, "Intro-24601bca.wav", None]
    assert rows[1] == BatchResult(
        "line 5", 5, error="The id 'intro' is the id of line 3 already: give each line its own."
    )


def test_an_id_like_those_that_lines_without_one_get():
    made = maker()
    entries = [Entry(1, "line 3", "x"), Entry(2, "000004", "x"), Entry(3, problem="It is bad."), Entry(4, None, "x")]
    rows = [made.make(entry) for entry in entries]
    assert [row.id for row in rows] == ["line 3", "000004", "line 3 (2)", "line 4"]
    assert rows[2].error == "It is bad."
    assert rows[3].error == "The id '000004', which this line gets because it has none, is the id of line 2 already."


@pytest.mark.parametrize(
    ("id", "sentence"),
    [
        (" ", "The id is empty."),
        ("a\tb", "The id has a control character, U+0009, as its character 2: remove it."),
        ("x" * 501, "The id has 501 characters; it can have 500."),
    ],
)
def test_an_id_that_cannot_be_used(id, sentence):
    assert maker().make(Entry(8, id, "Hello.")) == BatchResult("line 8", 8, error=sentence)


def test_a_line_that_fails_keeps_its_id_and_its_file_name():
    made = maker()
    assert made.make(Entry(1, "Intro", "")) == BatchResult("Intro", 1, error="The text is empty.")
    assert made.make(Entry(2, "b", problem="It is bad.")) == BatchResult("b", 2, error="It is bad.")
    # As it will be when line 1 is put right.
    assert made.make(Entry(3, "intro", "Hello.")).file.startswith("intro-")
    assert made.make(Entry(4, "b", "Hello.")).error == "The id 'b' is the id of line 2 already: give each line its own."


def test_what_the_key_cannot_read_is_the_problem_of_its_line():
    def key(*asked):
        raise TtsError("voice.toml cannot be read: no.")

    assert error(Entry(1, "a", "Hello."), key=key) == "voice.toml cannot be read: no."


@pytest.mark.parametrize(
    ("defaults", "sentence"),
    [
        ({"voice": "puls"}, "There is no voice 'puls'; did you mean pulse?"),
        ({"options": SynthesisOptions(vocoder="vocs")}, "The voice pulse has no vocoder 'vocs'; did you mean vocos?"),
        ({"format": "wma"}, "There is no audio format 'wma'; there are: wav, flac, ogg, opus, mp3, raw."),
        ({"format": "opus", "sample_rate": 22050}, "opus files cannot have 22050 Hz; they can have 8000, 12000, "),
        ({"naming": "ids"}, "There is no naming 'ids'; did you mean id?"),
    ],
)
def test_what_is_wrong_for_all_lines_is_refused_at_once(defaults, sentence):
    with pytest.raises(UsageError) as refused:
        maker(**defaults)
    assert str(refused.value).startswith(sentence)


# The five lines that are bad among five hundred, in the words of each layout that can have them.
BAD = {100: "", 200: "Hello\x07 there.", 300: "x" * 50_000}
BELL = "The text has a control character, U+0007, as its character 6: remove it."
LONG = "The text has 50,000 characters; an utterance has at most 10,000: split it."
VOICE = "There is no voice 'puls'; did you mean pulse?"
TWICE = "The id 'clip-0007' is the id of line {} already: give each line its own."


def clips():
    for number in range(1, 501):
        id = "clip-0007" if number == 500 else f"clip-{number:04}"
        yield id, "puls" if number == 400 else "pulse", BAD.get(number, f"This is clip {number}.")


def voice_lines():
    # An empty line, as it is there.
    return "".join(f"{id}|{voice}|{text}\n" if text else "\n" for id, voice, text in clips())


def csv_lines():
    return "id;voice;text\r\n" + "".join(f'{id};{voice};"{text}"\r\n' for id, voice, text in clips())


def json_lines():
    return "".join(json.dumps({"id": id, "voice": voice, "text": text}) + "\n" for id, voice, text in clips())


@pytest.mark.parametrize(
    ("content", "first", "empty"),
    [
        (voice_lines, 1, ("line 100", "The line is empty.")),
        (csv_lines, 2, ("clip-0100", "The text is empty.")),
        (json_lines, 1, ("clip-0100", "The text is empty.")),
    ],
)
def test_five_bad_lines_among_five_hundred(content, first, empty):
    made = maker()
    results = [made.make(entry) for entry in read_entries(io.BytesIO(content().encode()), "sentences.txt")]
    failures = [result for result in results if isinstance(result, BatchResult)]
    failed = {result.line - first + 1: (result.id, result.error) for result in failures}
    assert failed == {
        100: empty,
        200: ("clip-0200", BELL),
        300: ("clip-0300", LONG),
        400: ("clip-0400", VOICE),
        500: (f"line {499 + first}", TWICE.format(6 + first)),
    }
    jobs = [result for result in results if isinstance(result, BatchJob)]
    good = [number for number in range(1, 501) if number not in failed]
    assert [job.line - first + 1 for job in jobs] == good
    assert [job.file for job in jobs] == [f"clip-{number:04}.wav" for number in good]
    assert len({result.id for result in results}) == 500


def test_options_of_many_lines_are_what_each_says():
    made = maker(options=SynthesisOptions(seed=5))
    lines = [Entry(line, None, "Hello.", None, {"speed": 1 + line % 3}) for line in range(1, 9)]
    assert [made.make(line).options for line in lines] == [
        replace(SynthesisOptions(seed=5), speed=1.0 + line % 3) for line in range(1, 9)
    ]


KEYS = st.sampled_from(["id", "text", "voice", "speed", "seed", "vocoder", "format", "sample-rate", "input", "mood"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["pulse", "vocos", "~", "/", "..", "mp3"]),
)
OBJECTS = st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=2)))


# The fixture that changes the environment is the same for all examples.
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(OBJECTS, OBJECTS.map(lambda found: found | {"text": "Hello.", "voice": "pulse"}))))
def test_whatever_lines_say_each_is_a_job_or_a_row(objects):
    content = "".join(json.dumps(found) + "\n" for found in objects).encode()
    made = maker()
    results = [made.make(entry) for entry in read_entries(io.BytesIO(content), "-", "json")]
    assert [result.line for result in results] == list(range(1, len(objects) + 1))
    assert all(result.error for result in results if isinstance(result, BatchResult))
    assert len({result.id for result in results}) == len(objects)
    files = [result.file.casefold() for result in results if isinstance(result, BatchJob)]
    assert len(set(files)) == len(files)


OTHER_OPTIONS = {
    "vocoder": "griffinlim",
    "acoustic": "tacotron2",
    "speaker": "anna",
    "noise_scale": 0.5,
    "noise_w": 0.5,
    "speed": 1.25,
    "pitch": 2.0,
    "energy": 1.5,
    "seed": 1,
    "sentence_silence": 0.5,
    "paragraph_silence": 0.5,
    "clause_silence": 0.5,
    "denoise": 0.5,
    "streams": 2,
    "volume": -3.0,
    "loudness": -20.0,
    "input": "phonemes",
}


@pytest.fixture(autouse=True)
def no_runtime_is_named(monkeypatch):
    monkeypatch.delenv("TTS_RUNTIME", raising=False)


@pytest.fixture
def voice(random_voice, tmp_path):
    """A copy, so that it may be changed."""
    return load_manifest(shutil.copytree(random_voice, tmp_path / "voice"))


@pytest.fixture
def lexicon(tmp_path):
    path = tmp_path / "lexicon.txt"
    path.write_text("word\twɜːd\n")
    return path


def key(voice, setup=None, version="1.0", text="A sentence.", options=None, suffix=".wav", sample_rate=None):
    return KeyMaker(setup or WorkerSetup(), version)(text, voice, options or SynthesisOptions(), suffix, sample_rate)


def test_is_a_hash_and_the_same_every_time(voice):
    assert re.fullmatch("[0-9a-f]{64}", key(voice))
    maker = KeyMaker(WorkerSetup(), "1.0")
    assert {maker("A sentence.", voice, SynthesisOptions(), ".wav", None) for _ in range(3)} == {key(voice)}


@pytest.mark.parametrize("name", SynthesisOptions.names())
def test_every_option_counts(name, voice):
    options = replace(SynthesisOptions(), **{name: OTHER_OPTIONS[name]})
    assert getattr(options, name) != getattr(SynthesisOptions(), name)
    assert key(voice, options=options) != key(voice)


def test_whole_numbers_count_the_same_however_they_are_written(voice):
    assert key(voice, options=SynthesisOptions(speed=2, volume=0)) == key(
        voice, options=SynthesisOptions(speed=2.0, volume=-0.0)
    )
    seeds = [2**62, 2**62 + 1]
    assert len({key(voice, options=SynthesisOptions(seed=seed)) for seed in seeds}) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"text": "A sentence!"},
        {"text": "A sentence. "},
        {"text": "half \ud800 a pair"},
        {"version": "1.1"},
        {"suffix": ".flac"},
        {"sample_rate": 22050},
    ],
)
def test_what_else_counts(change, voice):
    assert key(voice, **change) != key(voice)


def test_a_suffix_counts_in_any_case(voice):
    assert key(voice, suffix=".WAV") == key(voice)


def test_the_setup_counts_but_for_the_device(voice, lexicon):
    others = {"runtime": "torch", "precision": "int8", "lexicon": lexicon, "system_espeak": True}
    keys = {key(voice, WorkerSetup(**{name: value})) for name, value in others.items()}
    assert len(keys | {key(voice)}) == 5
    assert {*others, "device"} == {field.name for field in fields(WorkerSetup)}
    assert key(voice, WorkerSetup(device="cuda:1")) == key(voice)


def test_what_computes_is_what_was_asked_for(voice, monkeypatch):
    assert key(voice, WorkerSetup(runtime="auto")) == key(voice)
    by_flag = key(voice, WorkerSetup(runtime="torch"))
    monkeypatch.setenv("TTS_RUNTIME", "torch")
    assert key(voice) == by_flag
    assert key(voice, WorkerSetup(runtime="onnx")) != by_flag


class TestLexicon:
    def test_counts_by_what_it_says_and_not_by_where_it_lies(self, voice, lexicon):
        before = key(voice, WorkerSetup(lexicon=lexicon))
        moved = lexicon.rename(lexicon.with_name("other.txt"))
        assert key(voice, WorkerSetup(lexicon=moved)) == before
        moved.write_text("word\twɔːd\n")
        assert key(voice, WorkerSetup(lexicon=moved)) != before

    def test_is_read_once(self, voice, lexicon):
        maker = KeyMaker(WorkerSetup(lexicon=lexicon), "1.0")
        before = maker("A", voice, SynthesisOptions(), ".wav", None)
        lexicon.unlink()
        assert maker("A", voice, SynthesisOptions(), ".wav", None) == before

    def test_that_is_missing_is_an_error(self, tmp_path):
        with pytest.raises(TtsError, match=r"lexicon\.txt cannot be read: No such file or directory\.$"):
            KeyMaker(WorkerSetup(lexicon=tmp_path / "lexicon.txt"), "1.0")


class TestUserLexicon:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.delenv("TTS_NO_USER_LEXICON")
        monkeypatch.setenv("TTS_CONFIG", str(tmp_path / "config.toml"))
        return tmp_path

    def test_counts_by_what_it_says(self, voice, folder):
        without = key(voice)
        (folder / "lexicon.tsv").write_text("word\twɜːd\n")
        before = key(voice)
        (folder / "lexicon.tsv").write_text("word\twɔːd\n")
        assert len({without, before, key(voice)}) == 3
        (folder / "lexicon.tsv").unlink()
        assert key(voice) == without

    def test_counts_only_for_its_language(self, voice, folder):
        before = key(voice)
        (folder / "lexicon.de.tsv").write_text("Wort\tvˈɔɾt\n")
        assert key(voice) == before
        (folder / "lexicon.en.tsv").write_text("word\twɔːd\n")
        assert key(voice) != before

    def test_is_read_once(self, voice, folder):
        (folder / "lexicon.tsv").write_text("word\twɜːd\n")
        maker = KeyMaker(WorkerSetup(), "1.0")
        before = maker("A", voice, SynthesisOptions(), ".wav", None)
        (folder / "lexicon.tsv").unlink()
        assert maker("A", voice, SynthesisOptions(), ".wav", None) == before


class TestVoice:
    def test_counts_by_what_it_is_and_not_by_where_it_lies(self, voice, tmp_path):
        moved = load_manifest(shutil.copytree(voice.folder, tmp_path / "moved"))
        assert key(moved) == key(voice)

    @pytest.mark.parametrize("kind", ["acoustics", "vocoders"])
    def test_counts_with_the_hash_of_every_file(self, kind, voice):
        before = key(voice)
        name, component = next(iter(getattr(voice, kind).items()))
        for change in ({"sha256": "0" * 64}, {"graph": "g.onnx", "graph_sha256": "0" * 64}):
            changed = {**getattr(voice, kind), name: replace(component, **change)}
            write_manifest(replace(voice, **{kind: changed}))
            assert key(load_manifest(voice.folder)) != before

    def test_has_no_file_without_a_hash(self, voice):
        """So that its manifest stands for them all."""
        path = voice.folder / "voice.toml"
        whole = path.read_text()
        path.write_text(re.sub("sha256 = .*\n", "", whole, count=1))
        with pytest.raises(TtsError, match="sha256"):
            load_manifest(voice.folder)
        path.write_text(whole.replace("file = ", 'graph = "g.onnx"\nfile = ', 1))
        with pytest.raises(TtsError, match="graph_sha256"):
            load_manifest(voice.folder)

    def test_is_read_once(self, voice):
        maker = KeyMaker(WorkerSetup(), "1.0")
        before = maker("A", voice, SynthesisOptions(), ".wav", None)
        (voice.folder / "voice.toml").unlink()
        assert maker("A", voice, SynthesisOptions(), ".wav", None) == before
        with pytest.raises(TtsError, match=r"voice\.toml cannot be read"):
            key(voice)


class TestBorrowedVocoder:
    @pytest.fixture
    def lender(self, random_voice, tmp_path):
        folder = shutil.copytree(random_voice, tmp_path / "lender")
        return load_manifest(folder)

    def test_counts_by_its_own_manifest(self, voice, lender):
        options = SynthesisOptions(vocoder=str(lender.folder))
        before = key(voice, options=options)
        assert before != key(voice)
        write_manifest(replace(lender, version="2"))
        assert key(voice, options=options) != before

    def test_counts_by_which_of_several_it_is(self, voice, lender):
        options = SynthesisOptions(vocoder=str(lender.folder))
        maker = KeyMaker(WorkerSetup(), "1.0")
        before = maker("A", voice, options, ".wav", None)
        assert maker("A", voice, SynthesisOptions(), ".wav", None) != before
        assert maker("A", voice, SynthesisOptions(vocoder="griffinlim"), ".wav", None) != before
        assert maker("A", voice, options, ".wav", None) == before

    def test_that_is_nowhere_is_refused(self, voice):
        with pytest.raises(UsageError, match="no vocoder 'nowhere'"):
            key(voice, options=SynthesisOptions(vocoder="nowhere"))
