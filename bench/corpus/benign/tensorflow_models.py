"""Models of TensorFlow by its own writers. Argument 2 says which: saved (SavedModels), graphs (frozen graphs and what
version 1 saved for training), checkpoints, or lite (TensorFlow Lite)."""
import contextlib
import glob
import os
import shutil
import sys
import tempfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES="-1")

from corpus import Writer, require

numpy, tf, keras = require("numpy", "tensorflow", "keras")
tf.get_logger().setLevel("ERROR")
v1 = tf.compat.v1
layers = keras.layers
keras.utils.set_random_seed(7)
writer = Writer("tensorflow", tf.__version__)
work = tempfile.mkdtemp()
KINDS = {".pb": "saved-model", ".index": "tensorflow-checkpoint", ".meta": "tensorflow-metagraph"}


def keep(folder, name, about):
    """Put every file of a folder in the corpus under a name."""
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), "**"), recursive=True)):
        if os.path.isfile(path) and os.path.getsize(path):
            kept = os.path.join(name, os.path.relpath(path, folder))
            os.makedirs(os.path.dirname(os.path.join(writer.folder, kept)), exist_ok=True)
            shutil.copy(path, writer.path(kept, about, "tensorflow"))


def fresh(name):
    """Name an empty folder to work in."""
    path = os.path.join(work, name)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def vocabulary(name, words=20):
    """Write a vocabulary as the user of a lookup table would."""
    path = os.path.join(work, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(f"word{i}" for i in range(words)))
    return path


class Linear(tf.Module):
    """A layer written by hand."""

    def __init__(self, width):
        super().__init__()
        self.w = tf.Variable(tf.random.stateless_normal([width, 3], [1, 2]))
        self.b = tf.Variable(tf.zeros([3]))

    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def __call__(self, x):
        return tf.nn.softmax(x @ self.w + self.b)


class Control(tf.Module):
    """Branches, loops, and a variable that counts."""

    def __init__(self):
        super().__init__()
        self.steps = tf.Variable(0, dtype=tf.int64)

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def loop(self, n):
        total = tf.constant(0)
        for i in tf.range(n):
            if i % 2 == 0:
                total += i
            else:
                total -= 1
        self.steps.assign_add(1)
        return tf.cond(total > 3, lambda: total * 2, lambda: tf.while_loop(lambda v: v < 3, lambda v: v + 1, [total])[0])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def arrays(self, x):
        out = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
        for i in tf.range(tf.shape(x)[0]):
            out = out.write(i, x[i] ** 2)
        return tf.map_fn(lambda v: v + 1, out.stack())


class Table(tf.Module):
    """A lookup table that is initialised from an asset."""

    def __init__(self, path):
        super().__init__()
        self.table = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), 3)
        self.other = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), -1)
        self.extra = tf.saved_model.Asset(path)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def ids(self, words):
        return self.table.lookup(tf.strings.lower(words)), self.other.lookup(words)


class Text(tf.Module):
    """Text that is split, joined and matched."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def split(self, lines):
        clean = tf.strings.regex_replace(lines, "[^a-z ]", "")
        words = tf.strings.split(clean)
        return {"joined": tf.strings.reduce_join(words, axis=1, separator="/"), "count": words.row_lengths(),
                "hash": tf.strings.to_hash_bucket_fast(words, 100).to_tensor(), "codes": tf.strings.unicode_decode(lines, "UTF-8").to_tensor()}


class Images(tf.Module):
    """Images that come encoded in a request."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def decode(self, images):
        def one(raw):
            image = tf.io.decode_image(raw, channels=3, expand_animations=False)
            return tf.image.resize(tf.reshape(image, [-1, 8, 3])[:8], [4, 4])
        return tf.map_fn(one, images, fn_output_signature=tf.TensorSpec([4, 4, 3]))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def examples(self, raw):
        return tf.io.parse_example(raw, {"x": tf.io.FixedLenFeature([2], tf.float32), "y": tf.io.VarLenFeature(tf.int64)})


class Data(tf.Module):
    """A pipeline of tf.data in a function."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def total(self, x):
        rows = tf.data.Dataset.from_tensor_slices(x).map(lambda v: v * 2).filter(lambda v: v > 0).batch(2).prefetch(1)
        return rows.reduce(0.0, lambda a, b: a + tf.reduce_sum(b))


class Maths(tf.Module):
    """Many operations in one graph."""

    @tf.function(input_signature=[tf.TensorSpec([4, 4])])
    def many(self, x):
        y = tf.linalg.inv(x + 9 * tf.eye(4)) + tf.linalg.matrix_transpose(tf.cumsum(x))
        z = tf.signal.rfft(tf.signal.frame(tf.reshape(x, [-1]), 4, 2))
        s = tf.sparse.to_dense(tf.sparse.from_dense(x))
        return tf.abs(z), tf.sort(y), tf.math.top_k(s, 2), tf.einsum("ij,kj->ik", x, y), tf.random.stateless_uniform([2], [1, 2])


def keras_models():
    """Yield names and small Keras models of many kinds."""
    yield "mlp", keras.Sequential([layers.Input([4]), layers.Dense(8, "relu"), layers.BatchNormalization(), layers.Dropout(.2), layers.Dense(2)])
    yield "cnn", keras.Sequential([layers.Input([8, 8, 3]), layers.Conv2D(4, 3), layers.MaxPooling2D(), layers.SeparableConv2D(4, 2),
                                   layers.GlobalAveragePooling2D(), layers.Dense(2, "softmax")])
    yield "lstm", keras.Sequential([layers.Input([5, 3]), layers.LSTM(4, return_sequences=True), layers.GRU(3)])
    yield "bidirectional", keras.Sequential([layers.Input([5, 3]), layers.Bidirectional(layers.LSTM(3)), layers.Dense(1)])
    yield "embedding", keras.Sequential([layers.Input([6], dtype="int32"), layers.Embedding(30, 4), layers.GlobalMaxPooling1D()])
    yield "conv1d", keras.Sequential([layers.Input([9, 2]), layers.Conv1D(3, 3), layers.LayerNormalization(), layers.Flatten()])
    yield "transpose", keras.Sequential([layers.Input([4, 4, 2]), layers.Conv2DTranspose(3, 2, strides=2), layers.UpSampling2D(), layers.ReLU()])
    x = keras.Input([5, 4])
    a = layers.MultiHeadAttention(2, 4)(x, x)
    yield "attention", keras.Model(x, layers.Dense(1)(layers.Add()([x, a])))
    p, q = keras.Input([3]), keras.Input([3])
    yield "two-inputs", keras.Model([p, q], [layers.Concatenate()([p, q]), layers.Dot(1)([p, q])])
    yield "rescale", keras.Sequential([layers.Input([8, 8, 3]), layers.Rescaling(1 / 255), layers.Normalization(mean=[0.] * 3, variance=[1.] * 3),
                                       layers.RandomFlip(), layers.DepthwiseConv2D(3), layers.PReLU()])
    inner = keras.Sequential([layers.Input([4]), layers.Dense(3)])
    n = keras.Input([4])
    yield "nested", keras.Model(n, layers.Dense(2)(inner(n)))


def saved():
    """SavedModels."""
    modules = {"linear": Linear(4), "control": Control(), "table": Table(vocabulary("vocab.txt")), "text": Text(), "images": Images(),
               "data": Data(), "maths": Maths()}
    for name, module in modules.items():
        folder = fresh("saved")
        tf.saved_model.save(module, folder)
        keep(folder, "saved-" + name, f"SavedModel of a tf.Module: {name}")
    folder = fresh("saved")
    tf.saved_model.save(modules["linear"], folder, signatures={"serving_default": modules["linear"].__call__, "again": modules["linear"].__call__},
                        options=tf.saved_model.SaveOptions(save_debug_info=True, function_aliases={"call": modules["linear"].__call__}))
    keep(folder, "saved-options", "SavedModel with two signatures, debug information and an alias")
    for name, model in keras_models():
        folder = fresh("saved")
        model.export(folder, verbose=False)
        keep(folder, "keras-export-" + name, f"SavedModel by model.export: {name}")
    for name in ("mlp", "lstm"):
        model = dict(keras_models())[name]
        model.compile("adam", "mse")
        folder = fresh("saved")
        tf.saved_model.save(model, folder)
        keep(folder, "keras-saved-" + name, f"SavedModel of a compiled Keras model: {name}")
    text = layers.TextVectorization(vocabulary=vocabulary("words.txt"), output_sequence_length=4)
    model = keras.Sequential([layers.Input([1], dtype="string"), text, layers.Embedding(30, 2)])
    folder = fresh("saved")
    model.export(folder, verbose=False)
    keep(folder, "keras-export-text", "SavedModel with a TextVectorization layer")
    number = layers.StringLookup(vocabulary=["a", "b"])
    model = keras.Sequential([layers.Input([1], dtype="string"), number, layers.CategoryEncoding(3)])
    folder = fresh("saved")
    model.export(folder, verbose=False)
    keep(folder, "keras-export-lookup", "SavedModel with a StringLookup layer")
    saved_v1()


def saved_v1():
    """SavedModels by the builder of version 1, with tables, assets and several graphs."""
    path = vocabulary("v1.txt")
    for name, tags in {"serve": [["serve"]], "train": [["train"], ["serve"]], "gpu": [["serve", "gpu"]]}.items():
        folder = fresh("v1") + "/out"
        builder = v1.saved_model.builder.SavedModelBuilder(folder)
        for i, tag in enumerate(tags):
            with tf.Graph().as_default(), v1.Session() as session:
                x = v1.placeholder(tf.float32, [None, 3], "x")
                w = v1.get_variable("w", [3, 2], use_resource=False)
                file = tf.constant(path)
                v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, file)
                table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
                    file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), -1)
                y = tf.matmul(x, w, name="y")
                ids = table.lookup(v1.placeholder(tf.string, [None], "words"))
                session.run([v1.global_variables_initializer(), v1.tables_initializer()])
                signature = v1.saved_model.signature_def_utils.predict_signature_def({"x": x}, {"y": y, "ids": ids})
                if i == 0:
                    builder.add_meta_graph_and_variables(session, tag, {"serving_default": signature}, main_op=v1.tables_initializer(),
                                                         assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS))
                else:
                    builder.add_meta_graph(tag, {"serving_default": signature})
        builder.save()
        keep(folder, "saved-v1-" + name, f"SavedModel by the builder of version 1: {name}")
        builder.save(as_text=True)
        os.remove(folder + "/saved_model.pb")
        keep(folder, "saved-v1-text-" + name, f"SavedModel of version 1 as text: {name}")


def v1_net(kind):
    """Build a net of version 1 in the default graph and return its output."""
    x = v1.placeholder(tf.float32, [None, 8, 8, 1], "x")
    resource = kind.endswith("resource")
    if kind.startswith("cnn"):
        k = v1.get_variable("k", [3, 3, 1, 2], use_resource=resource)
        h = tf.reshape(tf.nn.relu(tf.nn.conv2d(x, k, 1, "SAME")), [-1, 128])
    elif kind.startswith("rnn"):
        w = v1.get_variable("w", [8, 16], use_resource=resource)
        h = tf.foldl(lambda a, b: tf.tanh(a + tf.matmul(b, w)), tf.transpose(tf.squeeze(x, 3), [1, 0, 2]), tf.zeros([tf.shape(x)[0], 16]))
    else:
        h = tf.reshape(x, [-1, 64])
    w2 = v1.get_variable("w2", [h.shape[-1], 3], use_resource=resource)
    return tf.nn.softmax(tf.matmul(h, w2), name="output")


def graphs():
    """Frozen graphs, and the checkpoints and graphs that training with version 1 leaves."""
    for kind in ("dense", "cnn", "rnn", "dense-resource", "cnn-resource"):
        folder = fresh("v1")
        with tf.Graph().as_default() as graph, v1.Session() as session:
            y = v1_net(kind)
            loss = tf.reduce_mean(tf.square(y - v1.placeholder(tf.float32, [None, 3], "t")))
            v1.train.AdamOptimizer().minimize(loss, global_step=v1.train.get_or_create_global_step())
            v1.summary.scalar("loss", loss)
            v1.summary.merge_all()
            session.run(v1.global_variables_initializer())
            for sharded in (False, True):
                saver = v1.train.Saver(sharded=sharded)
                saver.save(session, f"{folder}/model-{'sharded' if sharded else 'one'}", global_step=7)
            v1.train.write_graph(graph, folder, "graph.pbtxt")
            v1.train.write_graph(graph, folder, "graph.pb", as_text=False)
            frozen = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["output"])
            v1.train.write_graph(frozen, folder, "frozen.pb", as_text=False)
            v1.train.write_graph(frozen, folder, "frozen.pbtxt")
        keep(folder, "v1-" + kind, f"training with version 1: {kind}")
    for kind, saver in {"v1": v1.train.SaverDef.V1, "v2": v1.train.SaverDef.V2}.items():
        folder = fresh("v1")
        with tf.Graph().as_default(), v1.Session() as session:
            queue = v1.train.string_input_producer([os.path.join("data", "train.tfrecord")])
            v1.TFRecordReader().read(queue)
            rows = v1.data.make_one_shot_iterator(v1.data.TFRecordDataset(["data/a.tfrecord", "data/b.tfrecord"]).batch(2)).get_next()
            v1_net("dense")
            session.run(v1.global_variables_initializer())
            if saver != v1.train.SaverDef.V1:
                v1.train.Saver(write_version=saver).save(session, folder + "/input")
            v1.train.export_meta_graph(folder + "/exported.meta")
            assert rows is not None
        keep(folder, "v1-input-" + kind, "a training graph with its input pipeline")
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
    for name, model in keras_models():
        if name == "rescale":  # its random layers have a state, which freezing does not take
            continue
        call = tf.function(lambda *a, m=model: m(list(a) if len(a) > 1 else a[0])).get_concrete_function(
            *[tf.TensorSpec([1] + list(i.shape[1:]), i.dtype) for i in model.inputs])
        frozen = convert_variables_to_constants_v2(call)
        tf.io.write_graph(frozen.graph, writer.folder, f"frozen-{name}.pb", as_text=False)
        writer.path(f"frozen-{name}.pb", f"frozen graph of a Keras model: {name}", "tensorflow")
        frozen = convert_variables_to_constants_v2(call, lower_control_flow=False)
        tf.io.write_graph(frozen.graph, writer.folder, f"functions-{name}.pb", as_text=False)
        writer.path(f"functions-{name}.pb", f"frozen graph with functions of a Keras model: {name}", "tensorflow")


def checkpoints():
    """Checkpoints of version 2 of many kinds of objects."""
    for name, model in keras_models():
        model.compile("adam", "mse")
        folder = fresh("checkpoint")
        tf.train.Checkpoint(model=model, optimizer=model.optimizer).save(folder + "/ckpt")
        keep(folder, "checkpoint-" + name, f"tf.train.Checkpoint of a Keras model: {name}")
    folder = fresh("checkpoint")
    state = tf.train.Checkpoint(step=tf.Variable(1), text=tf.Variable("a string"), flags=tf.Variable([True, False]),
                                half=tf.Variable(tf.zeros([3], tf.bfloat16)), empty=tf.Variable(tf.zeros([0, 3])),
                                big=tf.Variable(tf.zeros([300, 300])), complex=tf.Variable(tf.zeros([2], tf.complex64)),
                                data=iter(tf.data.Dataset.range(5).shuffle(3, seed=1)), table=tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, 0))
    manager = tf.train.CheckpointManager(state, folder, 2)
    for _ in range(3):
        manager.save()
    keep(folder, "checkpoint-manager", "tf.train.CheckpointManager with variables of every kind")
    folder = fresh("checkpoint")
    tf.train.Checkpoint(**{f"v{i}": tf.Variable(tf.fill([5, i % 7 + 1], float(i))) for i in range(800)}).write(folder + "/many")
    keep(folder, "checkpoint-many", "tf.train.Checkpoint of 800 variables")


def convert(converter):
    """Convert to TensorFlow Lite; what the converter tells is no part of the manifest."""
    with contextlib.redirect_stdout(sys.stderr):
        return converter.convert()


def lite():
    """TensorFlow Lite models, plain, quantised, and with operations of TensorFlow."""
    data = lambda model: lambda: ([numpy.random.default_rng(i).random([1] + list(model.inputs[0].shape[1:]), numpy.float32)] for i in range(3))
    for name, model in keras_models():
        for mode in ("float", "dynamic", "float16", "int8"):
            converter = tf.lite.TFLiteConverter.from_keras_model(model)
            if mode != "float":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            if mode == "float16":
                converter.target_spec.supported_types = [tf.float16]
            if mode == "int8":
                if len(model.inputs) > 1 or model.inputs[0].dtype != "float32" or name in ("lstm", "bidirectional"):
                    continue
                converter.representative_dataset = data(model)
            if name in ("lstm", "bidirectional"):
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
                converter._experimental_lower_tensor_list_ops = mode == "float"
            path = writer.path(f"{name}-{mode}.tflite", f"{name} as {mode}", "tflite")
            with open(path, "wb") as f:
                f.write(convert(converter))
    control, text, maths, linear = Control(), Text(), Maths(), Linear(4)
    modules = {"control": (control, control.loop, False), "text": (text, text.split, True), "maths": (maths, maths.many, True),
               "linear": (linear, linear.__call__, False), "arrays": (control, control.arrays, True)}
    for name, (module, function, select) in modules.items():
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()], module)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS] + [tf.lite.OpsSet.SELECT_TF_OPS] * select
        path = writer.path(f"module-{name}.tflite", f"functions of a tf.Module: {name}", "tflite")
        with open(path, "wb") as f:
            f.write(convert(converter))


{"saved": saved, "graphs": graphs, "checkpoints": checkpoints, "lite": lite}[sys.argv[2]]()
shutil.rmtree(work)
