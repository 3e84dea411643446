"""Compiles the WaveNet program for a GPU that need not be there: `python -m tests.kernels.cuda.compiled sm_90`.

Prints a line for each network: its name, the bytes of shared memory a program needs, and the tensor core instructions.
"""

import sys
from typing import Any, NamedTuple

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from tts.kernels.cuda.triton_program import generate_samples
from tts.kernels.cuda.wavenet import N_WARPS, STREAMS, ProgramWeights, program_weights
from tts.kernels.wavenet import Layer, Weights

INTEGER_TABLES = ("dilations", "starts", "nearest_frames")
# The order of `ProgramWeights.tensors`.
N_TENSORS = 13


class Case(NamedTuple):
    kind: str
    dtype: torch.dtype
    n_residual: int
    n_gates: int
    n_skip: int
    n_layers: int
    n_taps: int
    n_outputs: int


CASES = {
    "logistics float32": Case("logistics", torch.float32, 64, 128, 64, 20, 2, 30),
    "classes bfloat16": Case("mulaw", torch.bfloat16, 512, 512, 256, 24, 3, 256),
}


def weights(case: Case) -> ProgramWeights:
    _, dtype, r, g, s, n_layers, n_taps, n_outputs = case
    shapes = [(g, r, n_taps), (g,), (g, 80, 1), (g,), (r, g // 2, 1), (r,), (s, g // 2, 1), (s,)]
    layers = tuple(Layer(2 ** (i % 6), *(torch.zeros(shape) for shape in shapes)) for i in range(n_layers))
    n_inputs = n_outputs if case.kind == "mulaw" else 1
    ends = [torch.zeros(shape) for shape in ((r, n_inputs, 1), (r,), (s, s, 1), (s,), (n_outputs, s, 1), (n_outputs,))]
    plain = Weights(case.kind, False, -9.0, *ends[:2], layers, *ends[2:])
    return program_weights(plain, dtype, n_projected=80)


def compiled(case: Case, architecture: int) -> Any:
    made = weights(case)
    constants = {
        "N_COMPONENTS": made.n_components,
        "N_TAPS": made.n_taps,
        "R": made.residual_width,
        "H": made.half_width,
        "S": made.skip_width,
        "C": made.component_width,
        "CLASSES": made.classes,
        "NEIGHBOURS": 3,
        "SAMPLE_CHANNELS": 0,
        "NOISE_COLUMNS": 1 if made.classes else made.n_components + 1,
        "BLOCK_K": made.blocks[0],
        "BLOCK_N": made.blocks[1],
        "STREAMS": STREAMS,
    }
    names = generate_samples.arg_names
    signature = {name: _type(name, i, made) for i, name in enumerate(names)}
    signature |= dict.fromkeys(constants, "constexpr")
    aligned = {(i,): [["tt.divisibility", 16]] for i, name in enumerate(names) if signature[name].startswith("*")}
    source = ASTSource(generate_samples, signature, constants, aligned)
    return triton.compile(source, target=GPUTarget("cuda", architecture, 32), options={"num_warps": N_WARPS})


def _type(name: str, place: int, made: ProgramWeights) -> str:
    if place < N_TENSORS:
        return {torch.float32: "*fp32", torch.bfloat16: "*bf16"}[made.tensors[place].dtype]
    if name == "least_log_scale":
        return "fp32"
    if name == "first_step" or name.startswith("n_"):
        return "i32"
    return "*i32" if name in INTEGER_TABLES else "*fp64" if name == "noise" else "*fp32"


if __name__ == "__main__":
    for name, case in CASES.items():
        program = compiled(case, int(sys.argv[1].removeprefix("sm_")))
        print(name, program.metadata.shared, program.asm["ptx"].count("mma.sync"), sep="\t", flush=True)
