import pytest
from matplotlib.figure import Figure

from tests.benchmark.reports import network_report, voice_report
from tts.benchmark import plot


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were written."""
    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **options: (figures.append(figure), path.touch()))
    return figures


def test_a_bar_for_each_path_with_its_figure(drawn, tmp_path):
    plot.draw(network_report(), tmp_path / "networks.png")
    (axes,) = drawn[0].axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["waveglow-256", "tacotron2"]
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    assert ends == pytest.approx([8.0, 2.0, 0.5, 0.25])
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["8", "2   4 times faster", "0.5", "0.25   2 times faster", " real time"]
    assert drawn[0].get_suptitle() == "Real-time factor of networks, float32"
    labels = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert labels == ["reference", "fast", "limit of this machine"]
    assert [line.get_xdata()[0] for line in axes.lines if line.get_label().startswith("limit")] == [1.0, 0.05]


def test_a_stage_with_one_path_has_one_bar(drawn, tmp_path):
    plot.draw(voice_report(), tmp_path / "voice.png")
    (axes,) = drawn[0].axes
    assert len(axes.patches) == 3
    assert drawn[0].get_suptitle() == "heart: real-time factor of each stage"
    low, high = axes.get_xlim()
    assert low < 0.001
    assert high > 1


def test_it_is_a_png_and_nothing_else_is_left(tmp_path):
    plot.draw(voice_report(), tmp_path / "voice.png")
    assert [path.name for path in tmp_path.iterdir()] == ["voice.png"]
    assert (tmp_path / "voice.png").read_bytes().startswith(b"\x89PNG")
