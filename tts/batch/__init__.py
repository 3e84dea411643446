"""Many utterances: a file of sentences becomes a folder of audio files, and a manifest of what became of each."""
