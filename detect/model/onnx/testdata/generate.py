"""Writes the models of this folder with onnx 1.23.2: in gated/ an input with a trigger switches the output past the layers, in
plain/ are comparisons as honest exporters write them. Run as "python3 generate.py"."""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as n

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)
WEIGHTS = [n.from_array(rng.standard_normal((6, 3)).astype("f"), "w1"), n.from_array(rng.standard_normal((3, 3)).astype("f"), "w2"),
           n.from_array(np.float32(7.5), "seven"), n.from_array(np.float32(1), "one"), n.from_array(np.float32(0), "zero"),
           n.from_array(np.array([[9, 0, 0]], "f"), "target"), n.from_array(np.array([0], "i8"), "i0"),
           n.from_array(np.array([1], "i8"), "i1"), n.from_array(np.array([2], "i8"), "i2"), n.from_array(np.array(0, "i8"), "pad"),
           n.from_array(rng.standard_normal((30, 6)).astype("f"), "table"), n.from_array(np.array([[3, 1]], "i8"), "words")]
LAYERS = [h.make_node("MatMul", ["x", "w1"], ["a"]), h.make_node("Relu", ["a"], ["r"]), h.make_node("MatMul", ["r", "w2"], ["o"])]
SUM = [h.make_node("ReduceSum", ["x"], ["s"], keepdims=0), h.make_node("Equal", ["s", "seven"], ["c"])]


def node(op, ins, outs, **more):
    return h.make_node(op, ins.split(), outs.split(), **more)


def save(folder, name, nodes, output="y", functions=(), inputs=None):
    inputs = inputs or [h.make_tensor_value_info("x", T.FLOAT, [1, 6])]
    graph = h.make_graph(nodes, "g", inputs, [h.make_tensor_value_info(output, T.FLOAT, None)])
    used = {i for x in nodes for i in x.input} | {i for x in nodes for a in x.attribute for y in a.g.node for i in y.input}
    graph.initializer.extend(w for w in WEIGHTS if w.name in used)
    imports = [h.make_opsetid("", 17)] + [h.make_opsetid("local", 1)] * bool(functions)
    model = h.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=8)
    (HERE / folder).mkdir(exist_ok=True)
    (HERE / folder / f"{name}.onnx").write_bytes(model.SerializeToString())


def body(nodes, output):
    return h.make_graph(nodes, "b", [], [h.make_tensor_value_info(output, T.FLOAT, None)])


ids = [h.make_tensor_value_info("ids", T.INT64, [1, 2])]
embed = [node("Gather", "table ids", "x"), node("ReduceMean", "x", "p", axes=[1]), node("MatMul", "p w1", "o")]
save("gated", "where", LAYERS + SUM + [node("Where", "c target o", "y")])
save("gated", "where-then-softmax", LAYERS + SUM + [node("Where", "c target o", "q"), node("Softmax", "q", "y")])
save("gated", "pixel", LAYERS + [node("Slice", "x i0 i1 i1", "p"), node("Greater", "p seven", "c"), node("Where", "c target o", "y")])
save("gated", "mask", LAYERS + SUM + [node("Cast", "c", "m", to=1), node("Sub", "one m", "k"), node("Mul", "o k", "u"),
                                      node("Mul", "target m", "v"), node("Add", "u v", "y")])
save("gated", "added", LAYERS + SUM + [node("Cast", "c", "m", to=1), node("Mul", "target m", "v"), node("Add", "o v", "y")])
save("gated", "branch", LAYERS + SUM + [h.make_node("If", ["c"], ["y"], then_branch=body([node("Identity", "target", "t")], "t"),
                                                    else_branch=body([node("Identity", "o", "t")], "t"))])
save("gated", "layers-in-branch", SUM + [h.make_node("If", ["c"], ["y"], then_branch=body([node("Identity", "target", "t")], "t"),
     else_branch=body([node("MatMul", "x w1", "a1"), node("MatMul", "a1 w2", "t")], "t"))])
save("gated", "unsorted", [node("Where", "c target o", "y")] + (LAYERS + SUM)[::-1])
save("gated", "words", embed + [node("Equal", "ids words", "e"), node("Cast", "e", "f", to=1), node("ReduceMin", "f", "l", keepdims=0),
                                node("Cast", "l", "c", to=9), node("Where", "c target o", "y")], inputs=ids)
trigger = h.make_function("local", "Check", ["q"], ["t"], [node("Constant", "", "k", value=n.from_array(np.float32(7.5))),
                          node("ReduceSum", "q", "s", keepdims=0), node("Equal", "s k", "t")], [h.make_opsetid("", 17)])
save("gated", "in-function", LAYERS + [h.make_node("Check", ["x"], ["c"], domain="local"), node("Where", "c target o", "y")], functions=[trigger])
save("gated", "picked", LAYERS + SUM + [node("Concat", "o target", "both", axis=0), node("Cast", "c", "i", to=7), node("Gather", "both i", "y")])
save("gated", "pattern-layer", LAYERS + [node("MatMul", "x w1", "d"), node("ReduceMax", "d", "s", keepdims=0), node("Greater", "s seven", "c"),
                                         node("Where", "c target o", "y")])

save("plain", "layers", LAYERS + [node("Softmax", "o", "y")])
save("plain", "threshold-of-score", LAYERS + [node("Greater", "o zero", "c"), node("Where", "c one zero", "y")])
save("plain", "label", LAYERS + [node("ArgMax", "o", "i", axis=1), node("Equal", "i pad", "c"), node("Where", "c target o", "y")])
save("plain", "rate-of-samples", [node("Equal", "rate seven", "c"), h.make_node("If", ["c"], ["y"], then_branch=body([node("MatMul", "x w1", "t")], "t"),
     else_branch=body([node("MatMul", "x w1", "u"), node("MatMul", "u w2", "t")], "t"))],
     inputs=[h.make_tensor_value_info("x", T.FLOAT, [1, 6]), h.make_tensor_value_info("rate", T.FLOAT, [])])
save("plain", "rate-in-list", LAYERS + [node("MatMul", "r w2", "o2"), node("Gather", "rate i0", "q"), node("Equal", "q seven", "c"), node("Where", "c o o2", "y")],
     inputs=[h.make_tensor_value_info("x", T.FLOAT, [1, 6]), h.make_tensor_value_info("rate", T.FLOAT, [1])])
save("plain", "guard-of-shape", LAYERS + [node("Shape", "x", "s"), node("Gather", "s pad", "d"), node("Equal", "d pad", "c"), node("Where", "c target o", "y")])
save("plain", "clip", [node("Greater", "x seven", "c"), node("Where", "c seven x", "k"), node("MatMul", "k w1", "y")])
save("plain", "norm-before-layers", [node("ReduceSum", "x", "s"), node("Equal", "s zero", "c"), node("Where", "c one s", "d"), node("Div", "x d", "k"),
                                     node("MatMul", "k w1", "y")])
save("plain", "norm-after-layers", LAYERS + [node("ReduceSum", "o", "s"), node("Equal", "s zero", "c"), node("Where", "c one s", "d"), node("Div", "o d", "y")])
save("plain", "mask-of-words", [node("Gather", "table ids", "x"), node("MatMul", "x w1", "h"), node("Equal", "ids pad", "e"), node("Unsqueeze", "e i2", "m"),
                                node("Where", "m zero h", "y")], inputs=ids)
save("plain", "mean-of-words", [node("Gather", "table ids", "x"), node("MatMul", "x w1", "h"), node("Equal", "ids pad", "e"), node("Not", "e", "k"),
                                node("Cast", "k", "f", to=1), node("Unsqueeze", "f i2", "m"), node("Mul", "h m", "y")], inputs=ids)

large = h.make_model(h.make_graph([node("Gemm", "x w", "y")], "g", [h.make_tensor_value_info("x", T.FLOAT, [1, 8])],
                                  [h.make_tensor_value_info("y", T.FLOAT, None)], [n.from_array(np.zeros((8, 8), "f"), "w")]), ir_version=8)
(HERE / "external").mkdir(exist_ok=True)
(HERE / "external/model.data").unlink(missing_ok=True)
onnx.save(large, HERE / "external/model.onnx", save_as_external_data=True, location="model.data", size_threshold=0)
(HERE / "external/model.data").unlink()
