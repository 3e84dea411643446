"""Jobs for tests."""

from tts.batch.job import Job
from tts.synthesis.options import SynthesisOptions


def job(line, text="Hello.", *, voice="pulse", **options):
    name = f"{line:03}"
    return Job(name, line, f"{name}.wav", text, voice, SynthesisOptions(**options), None, f"key {line}")
