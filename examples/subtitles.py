"""Write when each word is spoken, from the pieces of a voice, as lines of "start end word"."""

from tts import load_voice

TEXT = "Dr. Smith paid $3.50 for coffee. Then he left."

voice = load_voice("heart")
offset = 0.0  # of the current piece in the complete audio
for piece in voice.stream(TEXT):
    for word in piece.words:
        print(f"{offset + word.start:6.2f} {offset + word.end:6.2f} {word.text}")
    offset += piece.audio.seconds
