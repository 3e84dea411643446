"""What lies in the repository: no dangling links, no stray artefacts, and files that a package needs."""

import ast
import subprocess
import zipfile
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# What a run, a build or an editor leaves behind; `tests` has small sounds that it compares with.
ARTEFACTS = {".pt", ".npy", ".log", ".orig", ".rej", ".swp", ".tmp", ".pyc", ".state"}
ARTEFACT_FOLDERS = {"__pycache__", "build", "dist", "runs", "site"}
FIXTURES = ROOT / "tests" / "parity" / "fixtures"


def tracked_files() -> list[Path]:
    """The files that git tracks, or, in an archive without git, those of the folders that ship."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    folders = ("benchmarks", "docs", "examples", "tests", "tts", "voices")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_symlink() or path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


def test_no_link_dangles():
    dangling = [str(path.relative_to(ROOT)) for path in tracked_files() if path.is_symlink() and not path.exists()]
    assert dangling == []


def test_no_artefact_is_tracked():
    stray = []
    for path in tracked_files():
        inside = path.relative_to(ROOT)
        if FIXTURES in path.parents:
            continue
        if path.suffix in ARTEFACTS or ARTEFACT_FOLDERS & set(inside.parts[:-1]):
            stray.append(str(inside))
    assert stray == []


def test_top_level_holds_what_it_should():
    for name in ("LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "mkdocs.yml", "tts/py.typed"):
        assert (ROOT / name).is_file(), name


def test_what_ships_is_small():
    shipped = [path for path in tracked_files() if path.relative_to(ROOT).parts[0] in ("tts", "voices")]
    assert sum(path.stat().st_size for path in shipped) < 60e6


def module_imports(path: Path, modules: dict[str, Path]) -> set[str]:
    """The package's modules that a file imports, at its top, inside functions or for types."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & modules.keys()
            found |= submodules or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & modules.keys()


def test_no_two_modules_import_each_other():
    modules = {}
    for path in (ROOT / "tts").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    imports = {name: module_imports(path, modules) - {name} for name, path in modules.items()}

    # Depth-first search; a module on the path that leads to it closes a cycle.
    state: dict[str, int] = defaultdict(int)
    cycles = []

    def visit(name, path):
        state[name] = 1
        for other in sorted(imports[name]):
            if state[other] == 1:
                cycles.append(" → ".join([*path[path.index(other) :], other]))
            elif state[other] == 0:
                visit(other, [*path, other])
        state[name] = 2

    for name in sorted(modules):
        if state[name] == 0:
            visit(name, [name])
    assert cycles == []


@pytest.mark.parametrize("name", ["tts/py.typed", "tts/voice/embedded/heart/voice.toml", "tts/__init__.py"])
def test_the_wheel_has_what_it_needs(wheel_names, name):
    assert name in wheel_names


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    """The names of the files in a wheel that is built of this tree, without the network."""
    builder = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    folder = tmp_path_factory.mktemp("wheel")
    [wheel] = builder.WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return set(zipfile.ZipFile(wheel).namelist())
