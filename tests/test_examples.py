"""The scripts in examples/ and the Python code in docs/python.md run, and print what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXPECTED = {
    "speak.py": r"hello\.wav: \d\.\d\d s",
    "stream.py": r"\d+ ms: \d\.\d\d s of audio, 'This is the last\.'",
    "subtitles.py": r"\d\.\d\d +\d\.\d\d Dr\.\n(.*\n)*.* left\n",
    "audiobook.py": r"01-the-beginning\.flac \d+ bytes\n02-the-end\.flac \d+ bytes",
    "compare_vocoders.py": r"source_filter +\d\.\d+ s per second of audio\ngriffinlim .*\nwaveglow ",
}


def test_every_example_is_expected_to_print_something():
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == EXPECTED.keys()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_example_runs(name, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    command = [sys.executable, str(ROOT / "examples" / name)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(EXPECTED[name], done.stdout), done.stdout


def test_the_code_of_the_python_guide_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    guide = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) >= 5
    namespace: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), namespace)
    assert (tmp_path / "hello.wav").stat().st_size > 44
