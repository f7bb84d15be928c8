"""Graphs and parameters of Apache MXNet 1.9.1, by its symbols and by Gluon."""
import os
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
numpy = require("numpy")
numpy.bool = bool  # a name that MXNet uses and that numpy has dropped
mxnet = require("mxnet")
from mxnet.gluon import nn, rnn

writer = Writer("mxnet", mxnet.__version__)


def export(name, net, *shapes):
    """Write a network of Gluon: its graph and its parameters."""
    net.initialize()
    net.hybridize()
    net(*[mxnet.nd.ones(s) for s in shapes])
    for suffix, about in (("-symbol.json", "the graph"), ("-0000.params", "the parameters")):
        writer.path(name + suffix, f"{about} of a network: {name}", "mxnet")
    net.export(os.path.join(writer.folder, name))


def stack(*layers):
    """Make a network of layers."""
    net = nn.HybridSequential()
    net.add(*layers)
    return net


for activation in ("relu", "sigmoid", "tanh", "softrelu", "softsign"):
    export("dense-" + activation, stack(nn.Dense(16, activation=activation), nn.Dropout(0.1), nn.Dense(4)), (2, 8))
    export("convolution-" + activation, stack(nn.Conv2D(4, 3, activation=activation), nn.BatchNorm(), nn.MaxPool2D(), nn.Flatten(), nn.Dense(3)), (1, 1, 12, 12))
for name, layer in (("prelu", nn.PReLU()), ("elu", nn.ELU()), ("gelu", nn.GELU()), ("swish", nn.Swish()), ("leaky", nn.LeakyReLU(0.1)), ("norm", nn.LayerNorm()),
                    ("group", nn.GroupNorm(2)), ("instance", nn.InstanceNorm())):
    export("layer-" + name, stack(nn.Dense(8, flatten=False), layer), (2, 4, 8))
for name, layer in (("average", nn.AvgPool2D()), ("global", nn.GlobalAvgPool2D()), ("transposed", nn.Conv2DTranspose(2, 3)), ("reflection", nn.ReflectionPad2D(1))):
    export("pool-" + name, stack(nn.Conv2D(4, 3), layer), (1, 3, 16, 16))
data = mxnet.sym.Variable("data")
hidden = mxnet.sym.Activation(mxnet.sym.FullyConnected(data, num_hidden=8, name="fc1"), act_type="relu")
for name, symbol in {
        "softmax": mxnet.sym.SoftmaxOutput(hidden, name="softmax"), "regression": mxnet.sym.LinearRegressionOutput(hidden, name="out"),
        "cond": mxnet.sym.contrib.cond(mxnet.sym.Variable("p"), lambda: data + 1, lambda: data * 2),
        "foreach": mxnet.sym.contrib.foreach(lambda x, s: (x + s[0], [x]), data, [mxnet.sym.Variable("state")])[0],
        "reduce": mxnet.sym.sum(mxnet.sym.exp(data), axis=1), "concat": mxnet.sym.concat(data, hidden, dim=1)}.items():
    symbol.save(writer.path(f"symbol-{name}-symbol.json", f"a graph of symbols: {name}", "mxnet"))
for dtype in ("float16", "float32", "float64", "uint8", "int8", "int32", "int64"):
    mxnet.nd.save(writer.path(f"arrays-{dtype}.params", f"arrays of {dtype}", "mxnet"), {"arg:a": mxnet.nd.ones((3, 4), dtype=dtype), "aux:b": mxnet.nd.zeros((5,), dtype=dtype)})
mxnet.nd.save(writer.path("list.params", "arrays without names", "mxnet"), [mxnet.nd.ones((2, 3)), mxnet.nd.ones((1,))])
mxnet.nd.save(writer.path("sparse-csr.params", "a sparse matrix", "mxnet"), {"a": mxnet.nd.sparse.csr_matrix(numpy.eye(4))})
