"""Piper's voices: folders with NAME.onnx, NAME.onnx.json, NAME_cases.json and NAME_expected.npz."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.parity.comparison import Comparison, arrays, compare
from tts.models.base import SpeechRequest
from tts.text.frontend import frontend_for
from tts.voice.load import Computing, load_end_to_end_stage
from tts.voice.manifest import file_sha256
from tts.voice.onnx_voices import OnnxSource, make_onnx_voice


def matches(folder: Path) -> bool:
    return any(graph.with_name(f"{graph.stem}_cases.json").exists() for graph in folder.glob("*.onnx"))


def check(folder: Path) -> Iterator[Comparison]:
    for graph in sorted(folder.glob("*.onnx")):
        cases = graph.with_name(f"{graph.stem}_cases.json")
        if cases.exists():
            yield from _check_voice(graph, json.loads(cases.read_text("utf-8")))


def _check_voice(graph: Path, cases: list[dict]) -> Iterator[Comparison]:
    expected = arrays(graph.with_name(f"{graph.stem}_expected.npz"))

    def beside(name: str) -> Path | None:
        path = graph.with_name(name)
        return path if path.exists() else None

    with tempfile.TemporaryDirectory() as made:
        source = OnnxSource(graph, graph.name, graph.name, file_sha256(graph), beside)
        manifest = make_onnx_voice(source, Path(made), graph.stem)
        assert manifest.frontend is not None
        assert manifest.end_to_end is not None
        frontend = frontend_for(manifest.frontend.kind, manifest.language, (), manifest.frontend.ids)
        network = load_end_to_end_stage(manifest, Computing())
        network.wait()
        pad = manifest.frontend.ids["_"][0]
        length_scale = manifest.end_to_end.options["length_scale"]
        for case in cases:
            name = f"{graph.stem} {case['case']}"
            encoded = frontend.encode(case["phonemes"])
            # The network puts a pad behind each symbol but the last.
            ids = np.full(2 * len(encoded.ids) - 1, pad)
            ids[::2] = encoded.ids
            yield compare(f"{name} ids", ids, np.array(case["ids"]))

            speakers = ((int(case.get("sid") or 0), 1.0),) if manifest.speakers else ()
            speed = length_scale / case["length_scale"]
            spoken = network.speak(
                SpeechRequest(encoded.ids, speed, np.random.default_rng(0), speakers, noise_scale=0.0, noise_w=0.0)
            )
            durations = expected[f"{case['case']}_durations"].reshape(-1).astype(np.int64)
            with_pads = np.add.reduceat(durations, np.arange(0, len(durations), 2))
            yield compare(f"{name} durations", spoken.durations, with_pads)

            samples = np.concatenate(list(spoken.chunks))
            yield compare(f"{name} samples", samples, expected[f"{case['case']}_output"].reshape(-1))
            if (whole := expected.get(f"{case['case']}_int16_normalised")) is not None:
                scaled = samples / max(float(np.abs(samples).max()), 1e-8) * 32767
                yield compare(f"{name} int16", scaled, whole.reshape(-1).astype(np.float64), atol=4.0)
