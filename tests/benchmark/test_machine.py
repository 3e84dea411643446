import pytest

from tts.benchmark import machine
from tts.benchmark.machine import Machine, this_machine

CPUINFO = """processor\t: 0
model name\t: A Processor of Ours
flags\t\t: fpu sse2 avx2 fma avx512f
bugs\t\t:

processor\t: 1
model name\t: another
"""


def test_the_first_processor_counts():
    facts = machine._cpu_facts(CPUINFO)
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
    assert machine._caches(tmp_path) == {"L1d": 32, "L2": 512}
    assert machine._caches(tmp_path / "nowhere") == {}


def test_what_is_told_in_a_line():
    ours = Machine("A Processor", 2, ("avx2", "fma"), {"L2": 512}, 23.5, "Linux x86_64", "3.11.7", {})
    assert ours.sentence() == "A Processor; 2 cores; avx2 fma; L2 512 KB"
    bare = Machine("ARM", 1, (), {}, None, "Darwin arm64", "3.12.1", {})
    assert bare.sentence() == "ARM; 1 core"


def test_this_machine_has_all_of_it(monkeypatch):
    here = this_machine()
    assert here.cpu
    assert here.cores >= 1
    assert {"torch", "numpy"} <= set(here.packages)
    # Where the system tells nothing of itself, there is a machine all the same.
    monkeypatch.setattr(machine, "_content", lambda path: "")
    assert this_machine().memory_gb is None


@pytest.mark.parametrize("name", ["torch", "numpy", "numba"])
def test_versions_are_of_what_is_installed(name):
    assert this_machine().packages[name][0].isdigit()
