"""Speak a text into a WAV file: python speak.py "Hello world." hello.wav"""

import sys

import soundfile

from tts import SynthesisOptions, load_voice

text = sys.argv[1] if len(sys.argv) > 1 else "Hello world. It costs $3.50."
path = sys.argv[2] if len(sys.argv) > 2 else "hello.wav"

voice = load_voice("heart")
audio = voice.say(text, SynthesisOptions(speed=1.1, pitch=-1))
soundfile.write(path, audio.samples, audio.sample_rate)
print(f"{path}: {audio.seconds:.2f} s")
