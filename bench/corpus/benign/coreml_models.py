"""Models of Core ML, by coremltools: scikit-learn's models, neural networks layer by layer, ML Programs and packages."""
import contextlib
import logging
import os
import shutil
import sys
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
coremltools, numpy, sklearn = require("coremltools", "numpy", "sklearn")
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types
from coremltools.models import MLModel, datatypes, utils
from coremltools.models.neural_network import NeuralNetworkBuilder
from coremltools.models.pipeline import Pipeline
from sklearn import datasets, ensemble, linear_model, preprocessing, svm, tree

writer = Writer("coremltools", coremltools.__version__)
random = numpy.random.default_rng(20240229)
x, y = datasets.load_iris(return_X_y=True)
features = ["a", "b", "c", "d"]


def save(name, spec, about):
    """Write one model."""
    spec.description.metadata.author = "The author of the corpus"
    spec.description.metadata.license = "Apache-2.0"
    spec.description.metadata.userDefined["source"] = "scikit-learn"
    with open(writer.path(name + ".mlmodel", about, "coreml"), "wb") as f:
        f.write(spec.SerializeToString())


def estimators():
    """Yield a name and a fitted estimator that coremltools converts."""
    binary = y % 2
    for depth in (1, 3, 6):
        yield f"tree-classifier-{depth}", tree.DecisionTreeClassifier(max_depth=depth).fit(x, y)
        yield f"tree-regressor-{depth}", tree.DecisionTreeRegressor(max_depth=depth).fit(x, y)
        yield f"forest-classifier-{depth}", ensemble.RandomForestClassifier(5, max_depth=depth).fit(x, y)
        yield f"forest-regressor-{depth}", ensemble.RandomForestRegressor(5, max_depth=depth).fit(x, y)
        yield f"boosting-classifier-{depth}", ensemble.GradientBoostingClassifier(n_estimators=4, max_depth=depth).fit(x, binary)
        yield f"boosting-regressor-{depth}", ensemble.GradientBoostingRegressor(n_estimators=4, max_depth=depth).fit(x, y)
    yield "logistic", linear_model.LogisticRegression(max_iter=500).fit(x, y)
    yield "linear", linear_model.LinearRegression().fit(x, y)
    for kernel in ("linear", "rbf", "poly", "sigmoid"):
        yield f"svc-{kernel}", svm.SVC(kernel=kernel, gamma=0.1).fit(x, y)
        yield f"svr-{kernel}", svm.SVR(kernel=kernel, gamma=0.1).fit(x, y)
        yield f"nusvc-{kernel}", svm.NuSVC(kernel=kernel, gamma=0.1, nu=0.2).fit(x, y)
    yield "linear-svc", svm.LinearSVC(max_iter=5000).fit(x, binary)
    yield "linear-svr", svm.LinearSVR(max_iter=5000).fit(x, y)


def convert(model, *args):
    """Convert an estimator, or say why not."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # the converter writes messages where the manifest goes
            return coremltools.converters.sklearn.convert(model, *args).get_spec()
    except Exception as error:  # a version of scikit-learn that the converter does not know
        print(f"{type(model).__name__}: {type(error).__name__}: {error}", file=sys.stderr)
        return None


for name, model in estimators():
    spec = convert(model, features, "y")
    if spec is not None:
        save(name, spec, f"scikit-learn's {type(model).__name__}")
for scaler in (preprocessing.StandardScaler(), preprocessing.Normalizer()):
    spec = convert(scaler.fit(x), features, "scaled")
    if spec is not None:
        save(type(scaler).__name__.lower(), spec, "a scaler")


def network(name, layers):
    """Build a neural network of given layers on a vector of 8."""
    builder = NeuralNetworkBuilder([("x", datatypes.Array(8))], [("y", datatypes.Array(4))], disable_rank5_shape_mapping=True)
    last = "x"
    for i, layer in enumerate(layers):
        last = layer(builder, last, f"layer{i}")
    builder.add_inner_product("out", random.standard_normal((4, 8)), numpy.zeros(4), 8, 4, True, last, "y")
    save(name, builder.spec, "a neural network with " + name)


def activation(kind):
    """Make a step that adds an activation."""
    def add(builder, before, name):
        builder.add_activation(name, kind, before, name, {"ELU": 0.1, "THRESHOLDEDRELU": 0.1}.get(kind, [0.1, 0.2]))
        return name
    return add


def dense(builder, before, name):
    """Add a dense layer."""
    builder.add_inner_product(name, random.standard_normal((8, 8)), numpy.zeros(8), 8, 8, True, before, name)
    return name


def branch(builder, before, name):
    """Add a branch with two networks inside."""
    builder.add_reduce_sum(name + "c", before, name + "c", [0], False)
    builder.add_less_than(name + "l", [name + "c"], name + "l", alpha=0)
    layer = builder.add_branch(name, name + "l")
    for net, other in ((layer.branch.ifBranch, "RELU"), (layer.branch.elseBranch, "TANH")):
        inner = NeuralNetworkBuilder(nn_spec=net, disable_rank5_shape_mapping=True)
        inner.add_activation(name + other, other, before, name)
    return name


for kind in ("RELU", "SIGMOID", "TANH", "ELU", "LEAKYRELU", "SOFTPLUS", "SOFTSIGN", "LINEAR", "SCALED_TANH", "SIGMOID_HARD", "THRESHOLDEDRELU"):
    network("activation-" + kind.lower(), [dense, activation(kind)])
network("deep", [dense, activation("RELU")] * 6)
network("branch", [dense, branch])
for mode in ("sqrt", "rsqrt", "inverse", "exp", "log", "abs", "threshold"):
    network("unary-" + mode, [dense, lambda b, before, n, mode=mode: (b.add_unary(n, before, n, mode, alpha=0.5), n)[1]])
for method in ("add_sin", "add_cos", "add_erf", "add_ceil", "add_floor", "add_round", "add_sign", "add_atan", "add_sinh", "add_asinh"):
    network(method[4:], [lambda b, before, n, method=method: (getattr(b, method)(n, before, n), n)[1]])
scaler_spec, tree_spec = convert(preprocessing.StandardScaler().fit(x), features, "scaled"), convert(tree.DecisionTreeClassifier().fit(x, y), features, "y")
if tree_spec is not None:
    line = Pipeline([(n, datatypes.Double()) for n in features], ["y"])
    line.add_model(tree_spec)
    save("pipeline", line.spec, "a pipeline of one model")


def program(name, build, *shapes):
    """Write an ML Program as a package, and its parts as files of the corpus."""
    specs = [mb.TensorSpec(shape=s) for s in shapes]
    model = coremltools.convert(mb.program(input_specs=specs)(build), convert_to="mlprogram", skip_model_load=True,
                                compute_precision=coremltools.precision.FLOAT32)
    package = os.path.join(writer.folder, name + ".mlpackage")
    shutil.rmtree(package, ignore_errors=True)
    model.save(package)
    for folder, _, files in sorted(os.walk(package)):
        for file in sorted(files):
            writer.path(os.path.relpath(os.path.join(folder, file), writer.folder), f"{file} of an ML Program: {name}", "coreml")


weight = random.standard_normal((64, 64)).astype(numpy.float32)


def unary(op):
    """Make the body of a program with one operation behind a product."""
    return lambda x: getattr(mb, op)(x=mb.matmul(x=x, y=weight))


def reduction(op):
    """Make the body of a program that reduces a dense layer."""
    how = {"axis": 1} if op in ("reduce_argmax", "softmax", "cumsum") else {"axes": [1]}
    return lambda x: getattr(mb, op)(x=mb.linear(x=x, weight=weight, bias=weight[0]), **how)


for op in ("relu", "sigmoid", "tanh", "gelu", "exp", "erf", "softsign", "silu", "abs", "sqrt", "square", "rsqrt", "floor", "ceil", "round", "sign"):
    program("program-" + op, unary(op), (1, 64))
for op in ("reduce_sum", "reduce_max", "reduce_mean", "reduce_l2_norm", "reduce_argmax", "softmax", "cumsum"):
    program("program-" + op.replace("_", "-"), reduction(op), (1, 64))
image = random.standard_normal((8, 3, 3, 3)).astype(numpy.float32)
program("program-convolution", lambda x: mb.max_pool(x=mb.relu(x=mb.conv(x=x, weight=image, pad_type="same")), kernel_sizes=[2, 2],
                                                     strides=[2, 2], pad_type="valid"), (1, 3, 16, 16))
program("program-cond", lambda x: mb.cond(pred=mb.greater(x=mb.reduce_sum(x=x), y=0.0), _true_fn=lambda: mb.relu(x=x), _false_fn=lambda: mb.tanh(x=x)), (4,))
program("program-attention", lambda q, k: mb.matmul(x=mb.softmax(x=mb.matmul(x=q, y=k, transpose_y=True), axis=-1), y=k), (1, 4, 8), (1, 4, 8))
