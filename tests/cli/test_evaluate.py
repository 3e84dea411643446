import json

import pytest

from tests.tiny_prepared import CLIPS, TEXT, write_prepared
from tts.cli import evaluate
from tts.errors import UsageError


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return write_prepared(tmp_path_factory.mktemp("evaluate") / "prepared")


def test_a_table_of_all_systems_and_a_page(tts, prepared):
    done = tts("evaluate", prepared, "--vocoder", "vocos", "--vocoder", "griffinlim", "-o", "report")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    names = ["system", "recording", "copy: vocos", "copy: griffinlim", "full: vocos", "full: griffinlim"]
    assert [line.split("  ")[0] for line in lines] == names
    assert "MCD dB" in lines[0]
    report = tts.folder / "report"
    assert sorted(path.name for path in report.iterdir()) == ["audio", "index.html", "pictures", "report.json"]
    assert len(list((report / "audio").iterdir())) == 2 * 5
    assert len(json.loads((report / "report.json").read_text("utf-8"))["items"]) == 2


def test_json_has_the_means_and_each_item(tts, prepared):
    done = tts("evaluate", prepared, "--split", "val", "--limit", "1", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    document = json.loads(done.stdout)
    assert (document["format"], document["dataset"], document["split"], document["n_items"]) == (1, "tiny", "val", 1)
    assert (document["voice"], document["report"], document["warnings"]) == ("pulse", None, [])
    systems = [(row["system"], row["vocoder"]) for row in document["systems"]]
    assert systems == [("recording", None), ("copy", "vocos"), ("full", "vocos")]
    (item,) = document["items"]
    assert (item["id"], item["text"]) == (CLIPS[2][0], TEXT)
    assert item["systems"][2]["duration_ms"] == document["systems"][2]["duration_ms"] == pytest.approx(11.61, abs=0.01)
    assert item["systems"][0]["mcd"] is None


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--split", "train"], 2, "There is no split 'train' to evaluate on; say test or val."),
        (["--limit", "0"], 2, "--limit must be 1 or more, not 0."),
        (["--voice", "puls"], 2, "did you mean pulse?"),
        (["--vocoder", "vocoss"], 2, "did you mean vocos?"),
        (["--acoustic", "tacotron"], 2, "has no acoustic model 'tacotron'"),
        (["--whisper", "nowhere"], 2, "nowhere is not a Whisper model"),
        (["-o", "nowhere/report"], 1, "does not exist; make it first"),
    ],
)
def test_what_cannot_be_done_is_refused(tts, prepared, arguments, code, sentence):
    done = tts("evaluate", prepared, *arguments)
    assert (done.returncode, done.stdout) == (code, b"")
    assert sentence in done.stderr.decode()
    assert len(done.stderr.decode().splitlines()) == 1


def test_a_folder_that_was_not_prepared_is_refused(tts, tmp_path):
    done = tts("evaluate", tmp_path)
    assert done.returncode == 1
    assert "is not a prepared data set" in done.stderr.decode()


def test_a_split_without_items_names_one_that_has_some(tts, tmp_path):
    folder = write_prepared(tmp_path / "prepared")
    rows = (folder / "items.jsonl").read_text("utf-8").replace('"test"', '"train"')
    (folder / "items.jsonl").write_text(rows, "utf-8")
    done = tts("evaluate", folder, "-o", "report")
    assert done.returncode == 1
    assert "has no items in the split test: say --split val." in done.stderr.decode()
    assert not (tts.folder / "report").exists()


def test_without_the_extra_its_columns_are_left_out_with_one_notice(tmp_path, monkeypatch, capsys):
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).touch()
    for name in ("can_recognise", "can_predict_opinions"):
        monkeypatch.setattr(f"tts.evaluation.listening.{name}", lambda: False)
    assert evaluate.available_measures(tmp_path, mos=True) == (None, False)
    notice = "tts: no word error rate and no MOS: that needs pip install 'utter-tts[eval]'\n"
    assert capsys.readouterr().err == notice
    assert evaluate.available_measures(None, mos=False) == (None, False)
    assert capsys.readouterr().err == ""
    with pytest.raises(UsageError):
        evaluate.available_measures(tmp_path / "nowhere", mos=False)


def test_the_config_file_chooses_the_voice_but_no_vocoder(tts, prepared):
    (tts.folder / "config.toml").write_text('voice = "random"\nvocoder = "griffinlim"\nseed = 7\n')
    environment = dict(tts.environment)
    del tts.environment["TTS_VOICE"]
    done = tts("evaluate", prepared, "--limit", "1", "--json")
    tts.environment = environment
    assert done.returncode == 0, done.stderr.decode()
    document = json.loads(done.stdout)
    assert (document["voice"], document["seed"]) == ("random", 7)
    assert [row["vocoder"] for row in document["systems"]] == [None, "source_filter", "source_filter"]
