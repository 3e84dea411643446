"""Training: from a folder of recordings to a voice.

prepare, layouts, features, parts   a data set → a prepared folder
data                                the prepared folder, as training batches
recipe, trainer, run, folder        what is trained; one step; many steps; the files of a run
alignment                           durations, learned by an alignment network
acoustic                            FastSpeech 2 and Tacotron 2
vocoder, likelihood, targets        vocoders, and what they learn from
losses, discriminators              what trainers share
"""
