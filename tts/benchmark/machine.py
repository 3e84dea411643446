"""What this machine is, as far as it matters for speed; read from the system's own files, None where there are none."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tts.kernels.threads import available_cores

# Of the processor's instructions those that multiply many numbers at once.
VECTOR_INSTRUCTIONS = ("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
ARM_INSTRUCTIONS = ("asimd", "asimddp", "bf16", "i8mm", "sve", "sve2")
PACKAGES = ("torch", "numpy", "numba", "onnxruntime")
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


@dataclass(frozen=True)
class Machine:
    """caches in KB, by name ("L1d", "L2", …): of one core, as its first core sees them."""

    cpu: str
    cores: int
    instructions: tuple[str, ...]
    caches_kb: dict[str, int]
    memory_gb: float | None
    system: str
    python: str
    packages: dict[str, str]

    def sentence(self) -> str:
        """The processor in a line."""
        caches = ", ".join(f"{name} {size} KB" for name, size in self.caches_kb.items())
        cores = f"{self.cores} core{'s' if self.cores > 1 else ''}"
        return "; ".join(part for part in (self.cpu, cores, " ".join(self.instructions), caches) if part)


def this_machine() -> Machine:
    facts = _cpu_facts(_content(Path("/proc/cpuinfo")))
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    memory = _cpu_facts(_content(Path("/proc/meminfo"))).get("MemTotal", "").removesuffix(" kB")
    return Machine(
        cpu=facts.get("model name") or platform.processor() or platform.machine(),
        cores=available_cores(),
        instructions=tuple(name for name in (*VECTOR_INSTRUCTIONS, *ARM_INSTRUCTIONS) if name in flags),
        caches_kb=_caches(_CACHES),
        memory_gb=round(int(memory) / 2**20, 1) if memory.isdecimal() else None,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages=_versions(),
    )


def _cpu_facts(content: str) -> dict[str, str]:
    """The lines "name : value"; of a name that comes again, the first."""
    facts: dict[str, str] = {}
    for line in content.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            facts.setdefault(name.strip(), value.strip())
    return facts


def _caches(folder: Path) -> dict[str, int]:
    """Data caches, the smallest first: {"L1d": 32, "L2": 512, …} in KB."""
    found = {}
    for place in sorted(folder.glob("index*")):
        level, kind, size = (_content(place / name).strip() for name in ("level", "type", "size"))
        if kind in ("Data", "Unified") and size.endswith("K"):
            found[f"L{level}{'d' if kind == 'Data' else ''}"] = int(size[:-1])
    return found


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _content(path: Path) -> str:
    if not os.access(path, os.R_OK):
        return ""
    return path.read_text(encoding="utf-8", errors="replace")
