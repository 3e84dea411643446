"""Triton reads this when it is imported: its programs then run in an interpreter, on the CPU."""

import os

os.environ["TRITON_INTERPRET"] = "1"
