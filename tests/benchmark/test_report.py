import json

import pytest
from matplotlib.figure import Figure

from tests.benchmark.reports import network_report, voice_report
from tts.benchmark import report
from tts.benchmark.report import Machine, this_machine

MACHINE = {
    "cpu": "A Processor",
    "cores": 2,
    "instructions": ("avx2",),
    "caches_kb": {"L2": 512},
    "memory_gb": 16.0,
    "system": "Linux x86_64",
    "python": "3.11.7",
    "packages": {"torch": "2.6.0"},
}


def spread(median, low=None, high=None):
    return {"median": median, "low": median if low is None else low, "high": median if high is None else high}


def test_the_document_of_networks():
    document = network_report().document()
    json.dumps(document)
    vocoder, acoustic = document.pop("stages")
    assert document == {
        "format": 1,
        "machine": MACHINE,
        "device": "cpu",
        "threads": 2,
        "repeat": 3,
        "limits": {
            "products": "float32",
            "gflop_per_second": 150.0,
            "copy_gb_per_second": 30.0,
            "read_gb_per_second": 25.0,
        },
        "voice": None,
        "warnings": [],
    }
    assert vocoder == {
        "name": "waveglow-256",
        "stage": "vocoder",
        "engine": "torch",
        "precision": "float32",
        "batch": 1,
        "weights": 87_000_000,
        "reference": {
            "rtf": spread(8.0, 7.6, 8.8),
            "audio_seconds": 0.7,
            "first_seconds": 9.0,
            "peak_mb": 800.0,
        },
        "fast": {"rtf": spread(2.0, 1.9, 2.2), "audio_seconds": 5.0, "first_seconds": 1.5, "peak_mb": 900.0},
        "speedup": spread(4.0),
        "difference": {"largest": 2e-6, "reference_peak": 0.5},
        "cost": {"gflop": 400.0, "steps": 0.0, "step_weights": 0.0},
        "limit": {"compute_rtf": 1.0, "memory_rtf": 0.5, "read_gb_per_second": None, "rtf": 1.0, "reached": 0.5},
    }
    assert (acoustic["difference"], acoustic["limit"]["reached"]) == (None, 0.2)


def test_the_document_of_a_voice():
    document = voice_report().document()
    json.dumps(document)
    assert (document["limits"], document["warnings"]) == (None, ["a warning"])
    assert document["voice"] == {
        "voice": "heart",
        "acoustic": "fastspeech2",
        "vocoder": "source_filter",
        "runtimes": "PyTorch",
        "lines": 1,
        "characters": 193,
        "load_seconds": 1.25,
        "peak_mb": 345.6,
        "first_audio_ms": spread(200.0, 190.0, 230.0),
        "cold_start": {
            "hello": {"seconds": spread(1.4, 1.3, 1.5), "peak_mb": spread(311.0, 310.0, 312.0)},
            "import_torch": {"seconds": spread(1.0), "peak_mb": spread(299.5, 299.0, 300.0)},
            "ratio": spread(1.4, 1.3, 1.5),
        },
    }
    frontend, whole = document["stages"]
    assert [frontend[name] for name in ("reference", "speedup", "difference", "cost", "limit", "weights")] == [None] * 6
    assert whole["speedup"] == spread(2.0)


def test_the_table_of_networks():
    headings, rows = network_report().stage_table()
    assert headings == [
        "stage", "reference", "on", "fast", "on", "times faster", "difference", "peak MB", "limit", "reached"
    ]  # fmt: skip
    assert rows == [
        ["waveglow-256", "8 (7.6–8.8)", "0.7 s", "2 (1.9–2.2)", "5 s", "4", "2.0e-06", "900", "1", "50%"],
        ["tacotron2", "0.5", "5 s", "0.25", "5 s", "2", "other length", "700", "0.05", "20%"],
    ]
    assert network_report().fact_table()[1] == [
        ["matrix products, float32", "150 GFLOP/s"],
        ["memory", "25 GB/s read, 30 GB/s copied"],
        ["computed on", "cpu, 2 threads, 3 runs"],
        ["machine", "A Processor; 2 cores; avx2; L2 512 KB"],
    ]


def test_the_table_of_a_voice_has_no_empty_columns():
    headings, rows = voice_report().stage_table()
    assert headings == ["stage", "reference", "on", "fast", "on", "times faster", "peak MB"]
    assert rows == [
        ["frontend", "", "", "0.001", "10 s", "", "300"],
        ["whole", "0.04", "10 s", "0.02", "10 s", "2", "400"],
    ]
    assert voice_report().fact_table()[1] == [
        ["voice", "heart, fastspeech2 and source_filter by PyTorch"],
        ["first audio", "200 (190–230) ms"],
        ["loading", "1.25 s"],
        ["peak memory", "346 MB"],
        ["process, Hello world.", "1.4 (1.3–1.5) s, 312 MB"],
        ["process, import torch", "1 s, 300 MB"],
        ["their ratio", "1.4 (1.3–1.5)"],
        ["computed on", "cpu, 1 thread, 2 runs"],
        ["machine", "A Processor; 2 cores; avx2; L2 512 KB"],
    ]


CPUINFO = """processor\t: 0
model name\t: A Processor of Ours
flags\t\t: fpu sse2 avx2 fma avx512f
bugs\t\t:

processor\t: 1
model name\t: another
"""


def test_the_first_processor_counts():
    facts = report._cpu_facts(CPUINFO)
    assert facts["model name"] == "A Processor of Ours"
    assert facts["bugs"] == ""


def test_caches_hold_data(tmp_path):
    for index, (level, kind, size) in enumerate(
        [(1, "Data", "32K"), (1, "Instruction", "32K"), (2, "Unified", "512K")]
    ):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        for name, value in {"level": level, "type": kind, "size": size}.items():
            (folder / name).write_text(f"{value}\n")
    assert report._caches(tmp_path) == {"L1d": 32, "L2": 512}
    assert report._caches(tmp_path / "nowhere") == {}


def test_the_processor_in_one_line():
    ours = Machine("A Processor", 2, ("avx2", "fma"), {"L2": 512}, 23.5, "Linux x86_64", "3.11.7", {})
    assert ours.sentence() == "A Processor; 2 cores; avx2 fma; L2 512 KB"
    bare = Machine("ARM", 1, (), {}, None, "Darwin arm64", "3.12.1", {})
    assert bare.sentence() == "ARM; 1 core"


def test_this_machine_has_all_of_it(monkeypatch):
    here = this_machine()
    assert here.cpu
    assert here.cores >= 1
    assert {"torch", "numpy"} <= set(here.packages)
    # A system without these files gives a machine all the same.
    monkeypatch.setattr(report, "_content", lambda path: "")
    assert this_machine().memory_gb is None


@pytest.mark.parametrize("name", ["torch", "numpy", "numba"])
def test_versions_are_of_what_is_installed(name):
    assert this_machine().packages[name][0].isdigit()


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were written."""
    figures = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **options: (figures.append(figure), path.touch()))
    return figures


def test_a_bar_for_each_path_with_its_figure(drawn, tmp_path):
    report.draw(network_report(), tmp_path / "networks.png")
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
    report.draw(voice_report(), tmp_path / "voice.png")
    (axes,) = drawn[0].axes
    assert len(axes.patches) == 3
    assert drawn[0].get_suptitle() == "heart: real-time factor of each stage"
    low, high = axes.get_xlim()
    assert low < 0.001
    assert high > 1


def test_it_is_a_png_and_nothing_else_is_left(tmp_path):
    report.draw(voice_report(), tmp_path / "voice.png")
    assert [path.name for path in tmp_path.iterdir()] == ["voice.png"]
    assert (tmp_path / "voice.png").read_bytes().startswith(b"\x89PNG")
