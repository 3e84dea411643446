"""The errors this package raises on purpose: each message is one sentence for the person at the terminal."""


class TtsError(Exception):
    """A failure at run time (file, network, model); the command line prints it and exits with 1."""


class UsageError(TtsError):
    """A request that cannot be right (unknown name, bad value); the command line prints it and exits with 2."""
