"""Building ONNX graphs node by node, the same bytes every time, without the weights.

A weight is declared by its name and shape only: whoever runs the graph passes the array. So a graph has some ten
kilobytes, fits every training run of the same sizes, and no file holds a weight twice. Only `GraphBuilder.model` needs
the package onnx.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

OPSET = 20
IR_VERSION = 9
"""The versions that ONNX Runtime 1.17 and later read."""

WEIGHTS_LOCATION = "safetensors"
"""The graph names this as the file of its weights. It is never opened."""


class GraphBuilder:
    """Adds nodes in the order of calls; every method returns the name of the value that it adds."""

    def __init__(self, name: str, weight_shapes: Mapping[str, Sequence[int]]) -> None:
        self._name = name
        self._shapes = weight_shapes
        self._nodes: list[dict[str, Any]] = []
        # The constants, and None for each weight.
        self._initializers: dict[str, npt.NDArray[Any] | None] = {}
        self._sparse: dict[str, npt.NDArray[np.float32]] = {}
        self._inputs: list[tuple[str, npt.DTypeLike, Sequence[int | str]]] = []
        self._outputs: list[tuple[str, npt.DTypeLike, Sequence[int | str]]] = []

    def input(self, name: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> str:
        self._inputs.append((name, dtype, shape))
        return name

    def output(self, name: str, value: str, dtype: npt.DTypeLike, shape: Sequence[int | str]) -> None:
        self._nodes.append({"op_type": "Identity", "inputs": [value], "outputs": [name], "name": name})
        self._outputs.append((name, dtype, shape))

    def weight(self, name: str) -> str:
        """A float32 array of the network's state, by its name there."""
        self._initializers.setdefault(name, None)
        return name

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        array = np.asarray(value, dtype)
        name = f"{array.dtype}_{'x'.join(map(str, array.shape))}_{array.tobytes().hex()[:40]}"
        if array.nbytes > 20:
            name = f"constant_{len(self._initializers)}"
        self._initializers[name] = array
        return name

    def sparse(self, name: str, matrix: npt.NDArray[np.float32]) -> str:
        """A matrix that is mostly zeros."""
        self._sparse[name] = matrix
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One node with one output. Kinds outside the standard are written `com.microsoft.NAME`."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, n_outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        """The same with several outputs."""
        domain, _, op_type = kind.rpartition(".")
        stem = f"{op_type.lower()}_{len(self._nodes)}"
        names = [stem] if n_outputs == 1 else [f"{stem}_{i}" for i in range(n_outputs)]
        node = {"op_type": op_type, "inputs": list(inputs), "outputs": names, "name": stem, "domain": domain}
        self._nodes.append(node | attributes)
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
        """`tts.models.vocos.ConvNeXtBlock`: x [T, C] → [T, C]."""
        width = self._shapes[f"{name}.depthwise.weight"]
        y = self.time_first(self.conv(f"{name}.depthwise", self.channels_first(x), groups=width[0]))
        y = self.linear(f"{name}.expand", self.layer_norm(f"{name}.norm", y))
        y = self.linear(f"{name}.contract", self.op("Gelu", y))
        return self.op("Add", x, self.op("Mul", y, self.weight(f"{name}.scale")))

    def model(self) -> bytes:
        """The serialized graph."""
        from onnx import TensorProto, helper, numpy_helper

        initializers = []
        for name, array in self._initializers.items():
            if array is not None:
                initializers.append(numpy_helper.from_array(array, name))
                continue
            tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=self._shapes[name])
            tensor.data_location = TensorProto.EXTERNAL
            tensor.external_data.add(key="location", value=WEIGHTS_LOCATION)
            initializers.append(tensor)

        sparse = []
        for name, matrix in self._sparse.items():
            rows, columns = np.nonzero(matrix)
            values = numpy_helper.from_array(matrix[rows, columns], name)
            indices = numpy_helper.from_array(np.stack([rows, columns], axis=1).astype(np.int64), f"{name}_places")
            sparse.append(helper.make_sparse_tensor(values, indices, matrix.shape))

        inputs, outputs = (
            [
                helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
                for name, dtype, shape in values
            ]
            for values in (self._inputs, self._outputs)
        )
        nodes = [helper.make_node(**node) for node in self._nodes]
        graph = helper.make_graph(nodes, self._name, inputs, outputs, initializers, sparse_initializer=sparse)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="")
        content: bytes = model.SerializeToString(deterministic=True)
        return content
