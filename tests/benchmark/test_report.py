import json

from tests.benchmark.reports import network_report, voice_report

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
        "engines": "PyTorch",
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
        ["products of matrices, float32", "150 GFLOP/s"],
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
        ["most memory", "346 MB"],
        ["whole process, Hello world.", "1.4 (1.3–1.5) s, 312 MB"],
        ["import torch", "1 s, 300 MB"],
        ["the one over the other", "1.4 (1.3–1.5) times"],
        ["computed on", "cpu, 1 thread, 2 runs"],
        ["machine", "A Processor; 2 cores; avx2; L2 512 KB"],
    ]
