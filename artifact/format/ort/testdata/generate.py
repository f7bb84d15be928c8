"""Writes the models of this folder with onnx 1.23.2 and onnxruntime 1.31.1. Run as "python3 generate.py"."""
import pathlib
import tempfile

import numpy as np
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as n

here = pathlib.Path(__file__).parent


def save(name, nodes, inputs, outputs, tensors):
    graph = h.make_graph(nodes, "g", inputs, outputs, tensors)
    model = h.make_model(graph, ir_version=8, opset_imports=[h.make_opsetid("", 17), h.make_opsetid("com.microsoft", 1)])
    h.set_model_props(model, {"author": "A. Person"})
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.optimized_model_filepath = str(here / f"{name}.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    with tempfile.NamedTemporaryFile(suffix=".onnx") as f:
        f.write(model.SerializeToString())
        f.flush()
        ort.InferenceSession(f.name, options, providers=["CPUExecutionProvider"])


x, y = (h.make_tensor_value_info(name, T.FLOAT, [2]) for name in "xy")
w = n.from_array(np.array([1, 2], "f"), "w")
save("tensor", [h.make_node("Add", ["x", "w"], ["a"]), h.make_node("Gelu", ["a"], ["y"], domain="com.microsoft")], [x], [y], [w])
then = h.make_graph([h.make_node("Add", ["x", "w"], ["t"])], "then", [], [h.make_tensor_value_info("t", T.FLOAT, [2])])
other = h.make_graph([h.make_node("Neg", ["x"], ["t"])], "else", [], [h.make_tensor_value_info("t", T.FLOAT, [2])])
save("branch", [h.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)], [x, h.make_tensor_value_info("c", T.BOOL, [])], [y], [w])
