"""Written text to tokens: sentences, spoken words, phonemes and their ids. Needs no PyTorch and no numpy."""
