"""Gradients of several processes made one."""

from __future__ import annotations

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn


def average_gradients(fabric: Fabric, network: nn.Module, loss: Tensor) -> Tensor:
    """Replace each gradient by its mean over all processes; give the mean loss.

    A parameter that only some processes used counts as zero in the others; one that none used keeps no gradient.
    """
    if fabric.world_size == 1:
        return loss.detach()
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    used = torch.tensor([float(p.grad is not None) for p in parameters], device=loss.device)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    flat = torch.cat([loss.detach().float().reshape(1), used, *(g.float().flatten() for g in gradients)])
    mean = fabric.all_reduce(flat, reduce_op="mean")
    assert isinstance(mean, Tensor)
    flags, values = mean[1 : 1 + len(parameters)], mean[1 + len(parameters) :]
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, flag, value in zip(parameters, flags.tolist(), torch.split(values, sizes), strict=True):
        parameter.grad = value.view_as(parameter).to(parameter.dtype) if flag else None
    return mean[0]
