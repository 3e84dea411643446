"""`python -m tts`."""

from tts.cli import main

main()
