"""The page of a report: everything that it shows lies beside it, and nothing in it is taken as HTML."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile

from tests.tiny_prepared import write_prepared
from tests.tiny_voice import MEL
from tts.errors import TtsError
from tts.evaluation import report as report_module
from tts.evaluation.evaluator import Evaluator
from tts.evaluation.listening import Listeners
from tts.evaluation.report import DATA, INDEX, ReportPage, check_report_folder, report_folder
from tts.options import SynthesisOptions
from tts.synthesis.voice import load_voice
from tts.training.data import PreparedCorpus


def write_report(folder, text):
    for name in (INDEX, DATA):
        (folder / name).write_text(text)


def test_a_report_appears_when_it_is_complete(tmp_path):
    with report_folder(tmp_path / "report") as folder:
        write_report(folder, "new")
        assert not (tmp_path / "report").exists()
    assert (tmp_path / "report" / INDEX).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_report_and_nothing_else(tmp_path, failure):
    target = tmp_path / "report"
    target.mkdir()
    write_report(target, "old")
    with pytest.raises(failure), report_folder(target) as folder:
        write_report(folder, "new")
        raise failure
    assert (target / INDEX).read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_an_old_report_is_replaced_with_all_its_files(tmp_path):
    target = tmp_path / "report"
    target.mkdir()
    write_report(target, "old")
    (target / "audio").mkdir()
    with report_folder(target) as folder:
        write_report(folder, "new")
    assert sorted(path.name for path in target.iterdir()) == [INDEX, DATA]
    assert (target / INDEX).read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_an_empty_folder_will_do_and_a_link_is_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with report_folder(tmp_path / "link") as folder:
        write_report(folder, "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / INDEX).read_text() == "new"


def test_other_folders_are_refused(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / INDEX).write_text("mine")
    with pytest.raises(TtsError, match="is no report"):
        check_report_folder(tmp_path / "thesis")
    with pytest.raises(TtsError, match="is no report"):
        check_report_folder(tmp_path / "thesis" / INDEX)
    with pytest.raises(TtsError, match="does not exist"):
        check_report_folder(tmp_path / "nowhere" / "report")


class Sources(HTMLParser):
    """What a page refers to, and the text of its cells."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.texts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture
def item(tmp_path, pulse_voice):
    corpus = PreparedCorpus(write_prepared(tmp_path / "prepared"))
    voice = load_voice(str(pulse_voice), device="cpu")
    options = [SynthesisOptions(vocoder=name) for name in ("vocos", "griffinlim")]
    return Evaluator(corpus, voice, options, Listeners(None, "en-us", mos=False)).evaluate(corpus.items[0])


def write_page(folder, items):
    folder.mkdir()
    page = ReportPage(folder, MEL.hop_length / MEL.sample_rate)
    for item in items:
        page.add(item)
    page.finish("A title", [("voice", "pulse")], "{}\n")
    return (folder / INDEX).read_text("utf-8")


def test_the_page_needs_nothing_but_its_folder(tmp_path, item):
    text = write_page(tmp_path / "page", [item, item])
    sources = Sources(text).sources
    assert len(sources) == 2 * (5 + 1)
    assert all((tmp_path / "page" / source).stat().st_size > 1000 for source in sources)
    assert not re.search(r"https?:|//", text)
    assert (tmp_path / "page" / DATA).read_text() == "{}\n"


def test_the_page_shows_the_table_and_each_item(tmp_path, item):
    texts = Sources(write_page(tmp_path / "page", [item])).texts
    for expected in ("A title", "pulse", "MCD dB", "copy: griffinlim", "full: vocos", "first", item.text):
        assert expected in texts


def test_the_players_play_what_was_spoken(tmp_path, item):
    write_page(tmp_path / "page", [item])
    samples, rate = soundfile.read(tmp_path / "page" / "audio" / "000-2.wav", dtype="float32")
    assert rate == MEL.sample_rate
    np.testing.assert_allclose(samples, item.utterances[2].audio.samples, atol=1 / 32768)


def test_a_text_is_no_markup(tmp_path, item):
    text = write_page(tmp_path / "page", [replace(item, text="<script>a & b</script>", id='"><img src=x>')])
    assert "<script>" not in text
    assert "<script>a & b</script>" in Sources(text).texts


def test_without_matplotlib_there_are_no_pictures(tmp_path, item, monkeypatch):
    monkeypatch.setattr(report_module, "can_draw", lambda: False)
    text = write_page(tmp_path / "page", [item])
    assert "<img" not in text
    assert not (tmp_path / "page" / "pictures").exists()


def test_the_same_item_is_drawn_the_same(tmp_path, item):
    write_page(tmp_path / "page", [item, item])
    first, second = (tmp_path / "page" / "pictures" / f"00{number}.png" for number in (0, 1))
    assert first.read_bytes() == second.read_bytes()
