"""Where Triton is not made for, its programs are not tested."""

import os
import platform
import sys

if sys.platform != "linux" or platform.machine() != "x86_64":
    collect_ignore = ["test_wavenet.py", "test_compiled.py", "test_waveglow_program.py"]

# Triton reads this when it is imported: its programs then run in an interpreter, on the CPU.
os.environ["TRITON_INTERPRET"] = "1"
