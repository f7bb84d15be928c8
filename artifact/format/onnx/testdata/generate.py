"""Writes the models of this folder with onnx 1.23.2: a node, and a tensor that a node adds. Run as "python3 generate.py"."""
import pathlib

import numpy as np
from onnx import TensorProto, helper

here = pathlib.Path(__file__).parent
x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
(here / "node.onnx").write_bytes(helper.make_model(graph, producer_name="picket").SerializeToString())
weights = helper.make_tensor("w", TensorProto.FLOAT, [400], np.zeros(400))
graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [weights])
(here / "tensor.onnx").write_bytes(helper.make_model(graph, ir_version=10).SerializeToString())
