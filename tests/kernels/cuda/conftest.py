"""Triton programs are only tested where Triton is available."""

import platform
import sys

if sys.platform != "linux" or platform.machine() != "x86_64":
    collect_ignore = ["test_wavenet.py", "test_triton_program.py"]
