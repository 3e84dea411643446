"""Implementations for NVIDIA GPUs: CUDA graphs, and programs of Triton."""

from tts.dependencies import prepare_triton

# Before anything here imports Triton.
prepare_triton()
