"""Trained networks → a voice folder: half-precision weights beside a `voice.toml`.

    python -m tts.training.export VOICE --acoustic RUN --vocoder source_filter=RUN

VOICE is a folder with a `voice.toml` whose head (name, language, licence, …) is kept; networks, files and hashes in it
are written anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from tts.errors import UsageError
from tts.text.symbols import ENGLISH_IPA

# Everything from this line of voice.toml on is written by `export`.
MARKER = "# Below: written by tts.training.export"


def export(voice: Path, acoustic: Path, vocoders: dict[str, Path]) -> None:
    """Write the runs' networks into `voice`; the first vocoder is the default, Griffin-Lim is always there."""
    manifest = voice / "voice.toml"
    head = manifest.read_text(encoding="utf-8").split(MARKER)[0].rstrip()
    parts = [component("acoustic", voice, acoustic, "acoustic.safetensors")]
    parts += [component(f"vocoders.{name}", voice, run, f"{name}.safetensors") for name, run in vocoders.items()]
    parts += ['[vocoders.griffinlim]\nnetwork = "griffinlim"\n']
    symbols = f"[frontend]\nsymbols = '''{''.join(ENGLISH_IPA.symbols)}'''\n"
    manifest.write_text("\n".join([f"{head}\n\n{MARKER}", symbols, *parts]), encoding="utf-8")


def component(table: str, voice: Path, run: Path, file: str) -> str:
    """Write a run's weights in half precision and give its table of the manifest."""
    network: dict[str, Any] = json.loads((run / "network.json").read_text(encoding="utf-8"))
    weights = load_file(run / "weights.safetensors")
    save_file({name: tensor.half() for name, tensor in weights.items()}, voice / file)
    # safetensors writes files that only their owner may read; a voice is for everybody.
    (voice / file).chmod(0o644)
    digest = hashlib.sha256((voice / file).read_bytes()).hexdigest()
    options = "".join(f"{key} = {json.dumps(value)}\n" for key, value in network["options"].items())
    head = f'[{table}]\nnetwork = "{network["network"]}"\nfile = "{file}"\nsha256 = "{digest}"\n'
    return f"{head}\n[{table}.options]\n{options}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("voice", type=Path)
    parser.add_argument("--acoustic", type=Path, required=True)
    parser.add_argument("--vocoder", action="append", required=True, metavar="NAME=RUN")
    args = parser.parse_args()
    vocoders = dict(entry.split("=", 1) for entry in args.vocoder if "=" in entry)
    if len(vocoders) != len(args.vocoder):
        raise UsageError("say --vocoder NAME=RUN, with a different name for each.")
    export(args.voice, args.acoustic, {name: Path(run) for name, run in vocoders.items()})


if __name__ == "__main__":
    main()
