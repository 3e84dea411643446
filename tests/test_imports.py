"""Imports point one way (docs/architecture.md), and what need not be heavy is not."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tts.voice.export import export_graphs
from tts.voice.manifest import load_manifest

PACKAGE = Path(__file__).parents[1] / "tts"

# What each package may import from the others, beside the leaves.
ALLOWED = {
    "text": set(),
    "audio": set(),
    "kernels": set(),
    "documents": {"text"},
    "models": {"audio", "kernels"},
    "onnx": {"models", "audio"},
    "voice": {"models", "onnx", "kernels", "audio", "text"},
    "synthesis": {"voice", "models", "kernels", "audio", "text"},
    "training": {"voice", "models", "kernels", "audio", "text"},
    "batch": {"documents", "synthesis", "voice", "kernels", "audio", "text"},
    "server": {"batch", "documents", "synthesis", "voice", "audio", "text", "kernels"},
    "evaluation": {"training", "synthesis", "voice", "kernels", "audio", "text"},
    "benchmark": {"synthesis", "voice", "models", "kernels", "audio", "text"},
}
ALLOWED["cli"] = ALLOWED.keys() - {"onnx", "models"}
# Modules that import nothing else of the package, except each other in this order.
LEAVES = ("errors", "encodings", "extras", "interrupts", "files", "options", "config", "dependencies")
HEAVY = {
    "torch",
    "lightning_fabric",
    "tensorboard",
    "numpy",
    "scipy",
    "librosa",
    "soundfile",
    "phonemizer",
    "torchaudio",
    "matplotlib",
}


def imported_packages(path):
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            names = [node.module]
        yield from (name.split(".")[1] for name in names if name.startswith("tts."))


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_imports_point_one_way(package):
    for path in (PACKAGE / package).rglob("*.py"):
        wrong = set(imported_packages(path)) - ALLOWED[package] - {package, *LEAVES}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_import_no_package(leaf):
    wrong = set(imported_packages(PACKAGE / f"{leaf}.py")) - set(LEAVES[: LEAVES.index(leaf)])
    assert not wrong, f"{leaf}.py imports {sorted(wrong)}"


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import tts", HEAVY),
        ("import tts.text.normalize, tts.text.segment, tts.text.frontend", HEAVY),
        ("import tts.voice.store; tts.voice.store.installed_voices()", HEAVY),
        (
            "from tts import load_voice",
            HEAVY - {"numpy"},
        ),
    ],
)
def test_import_weight(code, absent):
    check = f"import sys; {code}; print(*(set(sys.modules) & {absent!r}))"
    command = [sys.executable, "-c", check]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert found.stdout.split() == []


def test_a_voice_with_graphs_speaks_without_torch(random_voice, tmp_path):
    voice = export_graphs(load_manifest(random_voice), tmp_path / "voice", print).folder
    watched = [sys.executable, "-X", "importtime", "-m", "tts"]
    command = [*watched, "say", "Hello.", "--voice", voice, "-o", tmp_path / "a.wav"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "onnxruntime" in imported
    assert not imported & (HEAVY - {"numpy", "phonemizer"} | {"numba", "rich", "httpx", "filelock", "tomli_w", "soxr"})
    assert (tmp_path / "a.wav").stat().st_size > 44
