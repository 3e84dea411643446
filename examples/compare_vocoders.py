"""Speak one sentence through several vocoders of a voice; the others than source_filter need utter-tts[torch]."""

import importlib.util
import time

from tts import load_voice

SENTENCE = "One sentence through several vocoders."
has_torch = importlib.util.find_spec("torch") is not None
for vocoder in ("source_filter", "griffinlim", "waveglow") if has_torch else ("source_filter",):
    voice = load_voice("heart", vocoder=vocoder)
    voice.say("Warm up.")
    started = time.perf_counter()
    audio = voice.say(SENTENCE)
    print(f"{vocoder:14} {(time.perf_counter() - started) / audio.seconds:.3f} s per second of audio")
