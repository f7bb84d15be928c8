"""Intermediate representations that OpenVINO writes: graphs of its own operations, with bodies of loops and branches."""
import sys
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
openvino, numpy = require("openvino", "numpy")
import openvino.opset16 as ops
from openvino import Model, Type, serialize

random = numpy.random.default_rng(20240229)
writer = Writer("openvino", openvino.__version__.split("-")[0])


def constant(*shape, dtype=numpy.float32):
    """A constant of random numbers."""
    return ops.constant(random.standard_normal(shape).astype(dtype))


def save(name, outputs, inputs, about):
    """Write a model with its weights beside it; in half precision too."""
    model = Model(outputs if isinstance(outputs, list) else [outputs], inputs, name)
    serialize(model, writer.path(f"{name}.xml", about, "openvino"))
    openvino.save_model(model, writer.path(f"{name}-fp16.xml", about + ", in half precision", "openvino"), compress_to_fp16=True)


def parameter(*shape, dtype=Type.f32, name="x"):
    """An input of the model."""
    return ops.parameter(list(shape), dtype, name=name)


for activation in ("relu", "sigmoid", "tanh", "gelu", "hswish", "mish", "softplus", "elu", "swish", "exp", "erf", "sqrt", "abs", "floor",
                   "ceiling", "negative", "sign", "sin", "cos", "log", "hsigmoid", "softsign"):
    x = parameter(1, 8)
    hidden = ops.add(ops.matmul(x, constant(8, 16), False, False), constant(1, 16))
    make = getattr(ops, activation)
    hidden = make(hidden, *{"elu": [1.0], "gelu": ["tanh"]}.get(activation, []))
    save(f"dense-{activation}", ops.matmul(hidden, constant(16, 4), False, False), [x], f"a dense network with {activation}")
for kernel in (1, 3, 5):
    for pooling in ("max_pool", "avg_pool"):
        x = parameter(1, 3, 32, 32)
        y = ops.relu(ops.convolution(x, constant(8, 3, kernel, kernel), [1, 1], [kernel // 2] * 2, [kernel // 2] * 2, [1, 1]))
        if pooling == "max_pool":
            y = ops.max_pool(y, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)
        else:
            y = ops.avg_pool(y, [2, 2], [0, 0], [0, 0], [2, 2], True)
        y = ops.reduce_mean(y, ops.constant(numpy.array([2, 3], numpy.int64)), False)
        save(f"convolution-{kernel}-{pooling}", ops.softmax(ops.matmul(y, constant(8, 10), False, False), 1), [x], f"a convolution of {kernel} with {pooling}")
for reduction in ("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_l1", "reduce_l2"):
    x = parameter(-1, 16)
    save(reduction, getattr(ops, reduction)(x, ops.constant(numpy.array([1], numpy.int64)), True), [x], f"{reduction} of any number of rows")
for dtype in ("f16", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "boolean"):
    plain = {"f16": "float16", "f64": "float64", "boolean": "bool"}.get(dtype, dtype.replace("i", "int").replace("u", "uint"))
    x = ops.parameter([4], getattr(Type, dtype), name="x")
    save(f"constant-{dtype}", ops.concat([x, ops.constant(numpy.ones(4, plain))], 0), [x], f"a constant of type {dtype}")
x = parameter(4)
condition = ops.parameter([1], Type.boolean, name="condition")
choice = ops.if_op(condition)
inner = ops.parameter([4], Type.f32)
other = ops.parameter([4], Type.f32)
then_body, else_body = Model([ops.result(ops.relu(inner))], [inner]), Model([ops.result(ops.negative(other))], [other])
choice.set_then_body(then_body)
choice.set_else_body(else_body)
choice.set_input(x.output(0), inner, other)
result = choice.set_output(then_body.results[0], else_body.results[0])
save("if", result, [condition, x], "a branch with two bodies")
step, state = ops.parameter([1, 4], Type.f32), ops.parameter([1, 4], Type.f32)
loop_result = ops.result(ops.add(step, state))
body = Model([loop_result], [step, state])
sequence, start = parameter(1, 8, 4), parameter(1, 4, name="start")
sequence2 = ops.squeeze(sequence, ops.constant(0))
iterator = ops.tensor_iterator()
iterator.set_body(body)
iterator.set_sliced_input(step, sequence2.output(0), 0, 1, 1, -1, 0)
iterator.set_merged_input(state, start.output(0), loop_result.output(0))
save("tensor-iterator", iterator.get_iter_value(loop_result.output(0), -1), [sequence, start], "a loop over the steps of a sequence")
x, y = parameter(2, 3, 4), parameter(2, 4, 5, name="y")
save("attention", ops.matmul(ops.softmax(ops.matmul(x, ops.transpose(x, ops.constant(numpy.array([0, 2, 1]))), False, False), 2), x, False, False), [x], "attention of a sequence to itself")
save("einsum", ops.einsum([x, y], "abc,acd->abd"), [x, y], "an Einstein sum")
for name in ("floor_mod", "maximum", "minimum", "power", "squared_difference", "less", "greater", "equal"):
    a, b = parameter(3, name="a"), parameter(3, name="b")
    save(name.replace("_", "-"), getattr(ops, name)(a, b), [a, b], f"{name} of two inputs")
image = parameter(1, 3, 8, 8, name="image")
model = Model([ops.relu(image)], [image], "with-preprocess")
prepared = openvino.preprocess.PrePostProcessor(model)
prepared.input().tensor().set_element_type(Type.u8).set_layout(openvino.Layout("NHWC"))
prepared.input().preprocess().convert_element_type(Type.f32).scale(255.0)
prepared.input().model().set_layout(openvino.Layout("NCHW"))
model = prepared.build()
model.set_rt_info("image classification", ["model_info", "task_type"])
model.set_rt_info("cat dog bird", ["model_info", "labels"])
serialize(model, writer.path("preprocess.xml", "a model with its preparation of images and notes about it", "openvino"))
