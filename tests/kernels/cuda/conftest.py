"""Where Triton is not made for, its programs are not tested."""

import platform
import sys

if sys.platform != "linux" or platform.machine() != "x86_64":
    collect_ignore = ["test_wavenet.py", "test_compiled.py", "test_waveglow_program.py"]
