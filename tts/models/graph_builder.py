"""Building ONNX graphs node by node, the same bytes every time, with the weights left where they are.

A weight is declared by its name and shape only: whoever runs the graph hands the array over. So a graph takes some ten
kilobytes, fits every training run of the same sizes, and what ships holds no weight twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
IR_VERSION = 9
"""What ONNX Runtime 1.17 and later read."""

OUTSIDE = "safetensors"
"""What the graph names as the file of its weights. It is never opened."""


class GraphBuilder:
    """Adds nodes in the order of calls; every method gives the name of the value it made."""

    def __init__(self, name: str, weight_shapes: Mapping[str, Sequence[int]]) -> None:
        self._name = name
        self._shapes = weight_shapes
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._sparse: list[onnx.SparseTensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> str:
        self._inputs.append(_value(name, dtype, shape))
        return name

    def output(self, name: str, value: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        self._outputs.append(_value(name, dtype, shape))

    def weight(self, name: str) -> str:
        """A float32 array of the network's state, by its name there."""
        if name not in self._initializers:
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=self._shapes[name])
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=OUTSIDE)
            self._initializers[name] = tensor
        return name

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        array = np.asarray(value, dtype)
        name = f"{array.dtype}_{'x'.join(map(str, array.shape))}_{array.tobytes().hex()[:40]}"
        if array.nbytes > 20:
            name = f"constant_{len(self._initializers)}"
        self._initializers[name] = numpy_helper.from_array(array, name)
        return name

    def sparse(self, name: str, matrix: npt.NDArray[np.float32]) -> str:
        """A matrix that is mostly zeros."""
        rows, columns = np.nonzero(matrix)
        values = numpy_helper.from_array(matrix[rows, columns], name)
        places = numpy_helper.from_array(np.stack([rows, columns], axis=1).astype(np.int64), f"{name}_places")
        self._sparse.append(helper.make_sparse_tensor(values, places, matrix.shape))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One node with one output. Kinds outside the standard are written `com.microsoft.NAME`."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, n_outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """The same with several outputs."""
        domain, _, op_type = kind.rpartition(".")
        stem = f"{op_type.lower()}_{len(self._nodes)}"
        names = [stem] if n_outputs == 1 else [f"{stem}_{i}" for i in range(n_outputs)]
        self._nodes.append(helper.make_node(op_type, list(inputs), names, name=stem, domain=domain, **attributes))
        return names

    def linear(self, name: str, x: str) -> str:
        """torch's Linear of this name in the network: x [T, n_in] → [T, n_out]."""
        return self.op("Gemm", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), transB=1)

    def layer_norm(self, name: str, x: str) -> str:
        weights = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        return self.op("LayerNormalization", x, *weights, axis=-1, epsilon=1e-5)

    def conv(self, name: str, x: str, groups: int = 1) -> str:
        """torch's Conv1d that keeps the length: x [1, n_in, T] → [1, n_out, T]."""
        weight = self.weight(f"{name}.weight")
        width = self._shapes[weight][2]
        return self.op("Conv", x, weight, self.weight(f"{name}.bias"), pads=[width // 2, width // 2], group=groups)

    def channels_first(self, x: str) -> str:
        """[T, C] → [1, C, T]."""
        return self.op("Unsqueeze", self.op("Transpose", x, perm=[1, 0]), self.constant([0], np.int64))

    def time_first(self, x: str) -> str:
        """[1, C, T] → [T, C]."""
        return self.op("Transpose", self.op("Squeeze", x, self.constant([0], np.int64)), perm=[1, 0])

    def convnext_block(self, name: str, x: str) -> str:
        """`layers.ConvNeXtBlock`: x [T, C] → [T, C]."""
        width = self._shapes[f"{name}.depthwise.weight"]
        y = self.time_first(self.conv(f"{name}.depthwise", self.channels_first(x), groups=width[0]))
        y = self.linear(f"{name}.expand", self.layer_norm(f"{name}.norm", y))
        y = self.linear(f"{name}.contract", self.op("Gelu", y))
        return self.op("Add", x, self.op("Mul", y, self.weight(f"{name}.scale")))

    def model(self) -> bytes:
        """The finished graph, checked."""
        graph = helper.make_graph(
            self._nodes,
            self._name,
            self._inputs,
            self._outputs,
            list(self._initializers.values()),
            sparse_initializer=self._sparse,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="")
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def _value(name: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
