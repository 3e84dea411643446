import pytest

from tts.errors import TtsError
from tts.evaluation.folder import DATA, INDEX, check_report_folder, report_folder


def write_report(folder, text):
    for name in (INDEX, DATA):
        (folder / name).write_text(text)


def test_a_report_is_there_when_it_is_whole(tmp_path):
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


def test_what_is_no_report_is_left_alone(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / INDEX).write_text("mine")
    with pytest.raises(TtsError, match="is no report"):
        check_report_folder(tmp_path / "thesis")
    with pytest.raises(TtsError, match="is no report"):
        check_report_folder(tmp_path / "thesis" / INDEX)
    with pytest.raises(TtsError, match="does not exist"):
        check_report_folder(tmp_path / "nowhere" / "report")
