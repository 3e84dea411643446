"""Receive a text sentence by sentence: the first one is ready while the others are still to be computed."""

import time

from tts import load_voice

TEXT = "The first sentence is short. The second one is computed while you listen to the first. This is the last."

voice = load_voice("heart")
voice.say("Warm up.")  # loads the networks
started = time.perf_counter()
for piece in voice.stream(TEXT):
    ready_ms = 1000 * (time.perf_counter() - started)
    print(f"{ready_ms:6.0f} ms: {piece.audio.seconds:.2f} s of audio, {piece.text!r}, {piece.phonemes}")
