"""Compiled for a GPU, down to its machine code, but not run: that needs the GPU."""

import os
import subprocess
import sys
from pathlib import Path

# What the smallest GPUs that have tensor cores for bfloat16 (compute capability 8.6) let a program have.
SHARED_BYTES = 99 * 1024


def test_the_wavenet_program_is_compiled_for_a_gpu(tmp_path):
    """In a process of its own, because Triton interprets in this one."""
    environment = {**os.environ, "TRITON_CACHE_DIR": str(tmp_path)}
    environment.pop("TRITON_INTERPRET")
    command = [sys.executable, "-m", "tests.kernels.cuda.compiled", "sm_90"]
    root = Path(__file__).parents[3]
    printed = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True).stdout
    columns = [line.split("\t") for line in printed.splitlines()]
    programs = {name: (int(shared), int(products)) for name, shared, products in columns}
    assert list(programs) == ["logistics float32", "classes bfloat16"]
    assert all(shared <= SHARED_BYTES for shared, _ in programs.values())
    # Tensor cores multiply bfloat16, but not float32, which they would round.
    assert [products > 0 for _, products in programs.values()] == [False, True]
