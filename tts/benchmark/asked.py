"""A voice as the command line asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from tts.synthesis.options import SynthesisOptions


@dataclass(frozen=True)
class Asked:
    """A voice as somebody asks for it: like `tts.load_voice`, with the options that choose its networks."""

    voice: str
    options: SynthesisOptions
    device: str = "auto"
    engine: str | None = None
    precision: str = "float32"
    threads: int | None = None
    system_espeak: bool = False

    def flags(self) -> list[str]:
        """With which `tts say` does the same."""
        told = {
            "--voice": self.voice,
            "--vocoder": self.options.vocoder,
            "--acoustic": self.options.acoustic,
            "--device": self.device,
            "--engine": self.engine,
            "--precision": self.precision,
            "--threads": None if self.threads is None else str(self.threads),
        }
        flags = [part for flag, value in told.items() if value is not None for part in (flag, value)]
        return [*flags, "--system-espeak"] if self.system_espeak else flags
