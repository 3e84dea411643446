"""The symbol tables of the public Tacotron 2 checkpoints, in the order of their embeddings; the first is padding."""

PAD = "_"
# NVIDIA's and TorchAudio's tables open alike.
_MARKS = (PAD, *"-!'(),.:;? ")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

ARPABET_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
ARPABET_CONSONANTS = (
    *("B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N"),
    *("NG", "P", "R", "S", "SH", "T", "TH", "V", "W", "Y", "Z", "ZH"),
)
# CMUdict's phones in its order: vowels bare and with each stress, consonants bare.
ARPABET = tuple(
    sorted([*(vowel + stress for vowel in ARPABET_VOWELS for stress in ("", "0", "1", "2")), *ARPABET_CONSONANTS])
)

NVIDIA_SYMBOLS = (*_MARKS, *_LETTERS.upper(), *_LETTERS, *(f"@{phone}" for phone in ARPABET))
TORCHAUDIO_CHARACTERS = (*_MARKS, *_LETTERS)
TORCHAUDIO_PHONES = (*_MARKS, *ARPABET)
