from __future__ import annotations

import re
import shutil
from dataclasses import fields, replace

import pytest

from tts.batch.job import Setup
from tts.batch.key import KeyMaker
from tts.errors import TtsError, UsageError
from tts.synthesis.options import SynthesisOptions
from tts.voice.manifest import load_manifest, write_manifest

OTHER_OPTIONS = {
    "vocoder": "griffinlim",
    "acoustic": "tacotron2",
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
def no_engine_is_named(monkeypatch):
    monkeypatch.delenv("TTS_ENGINE", raising=False)


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
    return KeyMaker(setup or Setup(), version)(text, voice, options or SynthesisOptions(), suffix, sample_rate)


def test_is_a_hash_and_the_same_every_time(voice):
    assert re.fullmatch("[0-9a-f]{64}", key(voice))
    maker = KeyMaker(Setup(), "1.0")
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
    keys = {key(voice, Setup(**{name: value})) for name, value in others.items()}
    assert len(keys | {key(voice)}) == 5
    assert {*others, "device"} == {field.name for field in fields(Setup)}
    assert key(voice, Setup(device="cuda:1")) == key(voice)


def test_what_computes_is_what_was_asked_for(voice, monkeypatch):
    assert key(voice, Setup(runtime="auto")) == key(voice)
    by_flag = key(voice, Setup(runtime="torch"))
    monkeypatch.setenv("TTS_ENGINE", "torch")
    assert key(voice) == by_flag
    assert key(voice, Setup(runtime="onnx")) != by_flag


class TestLexicon:
    def test_counts_by_what_it_says_and_not_by_where_it_lies(self, voice, lexicon):
        before = key(voice, Setup(lexicon=lexicon))
        moved = lexicon.rename(lexicon.with_name("other.txt"))
        assert key(voice, Setup(lexicon=moved)) == before
        moved.write_text("word\twɔːd\n")
        assert key(voice, Setup(lexicon=moved)) != before

    def test_is_read_once(self, voice, lexicon):
        maker = KeyMaker(Setup(lexicon=lexicon), "1.0")
        before = maker("A", voice, SynthesisOptions(), ".wav", None)
        lexicon.unlink()
        assert maker("A", voice, SynthesisOptions(), ".wav", None) == before

    def test_that_is_missing_is_an_error(self, tmp_path):
        with pytest.raises(TtsError, match=r"lexicon\.txt cannot be read: No such file or directory\.$"):
            KeyMaker(Setup(lexicon=tmp_path / "lexicon.txt"), "1.0")


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
        maker = KeyMaker(Setup(), "1.0")
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
        maker = KeyMaker(Setup(), "1.0")
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
        maker = KeyMaker(Setup(), "1.0")
        before = maker("A", voice, options, ".wav", None)
        assert maker("A", voice, SynthesisOptions(), ".wav", None) != before
        assert maker("A", voice, SynthesisOptions(vocoder="griffinlim"), ".wav", None) != before
        assert maker("A", voice, options, ".wav", None) == before

    def test_that_is_nowhere_is_refused(self, voice):
        with pytest.raises(UsageError, match="no vocoder 'nowhere'"):
            key(voice, options=SynthesisOptions(vocoder="nowhere"))
