"""Many utterances: a file of sentences becomes a folder of audio files and a manifest that tells what became of each."""
