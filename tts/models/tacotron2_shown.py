"""Tacotron 2's decoder over all frames of a batch at once, its attention told where it looked before.

An LSTM is fast over a whole sequence and slow frame by frame. What keeps Tacotron 2 to the latter is the attention,
whose weights at one frame depend on those before. Where these are told, all inputs of both LSTMs are known; what the
attention makes of them is trained all the same, by its distance from what it should have said.

What it is told is not what it will say when it speaks. `echoes` come closer to that: it is then told what it said
itself a moment ago, when told the alignment, and the decoder hears through its own weights. (The same idea for
Transformers: Mihaylova and Martins 2019, arXiv 1906.07651.)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from tts.models.masks import length_mask
from tts.models.tacotron2 import Attention, Frames, Tacotron2


def forward_shown(
    network: Tacotron2,
    ids: Tensor,
    lengths: Tensor,
    mel: Tensor,
    mel_lengths: Tensor,
    alignment: Tensor,
    *,
    echoes: int = 0,
) -> Frames:
    """What `network(ids, lengths, mel, mel_lengths)` gives if its attention says `alignment` [B, T, symbols].

    The alignments that come back are what it would have said. With `echoes` it is told what it said the time before,
    so many times over, and the frames are made of what it said in the end.
    """
    decoder = network.decoder
    memory = network.encode(ids, lengths)
    prenet = decoder.prenet(delayed(mel.transpose(1, 2)))
    told = alignment
    with torch.no_grad():
        for _ in range(echoes):
            told = _attend(network, prenet, memory, lengths, told)[1]
    query, weights = _attend(network, prenet, memory, lengths, told)
    context = (weights if echoes else alignment) @ memory
    heard = torch.cat([_whole(network, decoder.decoder_rnn, query, context), context], dim=2)
    before = decoder.to_frame(heard).transpose(1, 2)
    mask = length_mask(mel_lengths, mel.shape[2])[:, None]
    return Frames(before, before + network.postnet(before, mask), decoder.to_stop(heard)[..., 0], weights, mel_lengths)


def delayed(x: Tensor) -> Tensor:
    """x [B, T, C], one frame later: zeros first, the last frame gone."""
    return functional.pad(x, (0, 0, 1, 0))[:, :-1]


def _attend(network: Tacotron2, prenet: Tensor, memory: Tensor, lengths: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
    """The attention's queries [B, T, C] and weights [B, T, symbols], from the weights that it is told it had."""
    earlier = delayed(told)
    query = _whole(network, network.decoder.attention_rnn, prenet, earlier @ memory)
    return query, _weights(network.decoder.attention, query, memory, lengths, earlier)


def _whole(network: Tacotron2, cell: nn.LSTMCell, *inputs: Tensor) -> Tensor:
    """The cell's hidden states [B, T, C] over whole sequences [B, T, …]; dropout spares the recurrence."""
    x = torch.cat(inputs, dim=2)
    start = x.new_zeros(1, len(x), cell.hidden_size)
    weights = [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh]
    # Biases, one layer, no dropout between layers, one direction, the batch first.
    hidden: Tensor = torch.lstm(x, (start, start), weights, True, 1, 0.0, network.training, False, True)[0]
    return functional.dropout(hidden, network.dimensions.rnn_dropout, network.training)


def _weights(attention: Attention, query: Tensor, memory: Tensor, lengths: Tensor, earlier: Tensor) -> Tensor:
    """`Attention.forward` for all frames: their weights [B, T, symbols], from those of the frames before."""
    heard = torch.stack([earlier, earlier.cumsum(1)], dim=2).flatten(0, 1)
    location = attention.location(attention.location_filters(heard).transpose(1, 2)).unflatten(0, query.shape[:2])
    summed = attention.query(query)[:, :, None] + location + attention.memory(memory)[:, None]
    energies = attention.energy(torch.tanh(summed))[..., 0]
    mask = length_mask(lengths, memory.shape[1])[:, None]
    return torch.softmax(energies.masked_fill(~mask, -torch.inf), dim=2)
