"""Each operation in plain PyTorch, as the published implementations compute it: the definition of correct."""
