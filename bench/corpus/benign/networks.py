"""Keras models of varied layers by Keras 3: .keras archives, .h5 files, weights and configurations."""
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from corpus import Writer, require

keras = require("tensorflow", "keras")[1]
from keras import layers, models  # noqa: E402

keras.utils.set_random_seed(7)


def sequential(*stack, shape):
    """A model of layers in a row."""
    return models.Sequential([layers.Input(shape), *stack])


def rows():
    """Models of layers in a row, by name."""
    L = layers
    yield "mlp", sequential(L.Dense(8, "relu"), L.Dropout(0.2), L.Dense(3, "softmax"), shape=(4,))
    yield "norms", sequential(L.Dense(8), L.BatchNormalization(), L.LayerNormalization(), L.UnitNormalization(), L.Dense(1), shape=(4,))
    yield "activations", sequential(L.Dense(4), L.LeakyReLU(), L.PReLU(), L.ELU(), L.ReLU(6.0), L.Softmax(), L.Activation("gelu"), shape=(4,))
    yield "cnn1d", sequential(L.Conv1D(4, 3, padding="same"), L.MaxPooling1D(2), L.SeparableConv1D(4, 3), L.GlobalAveragePooling1D(), L.Dense(2), shape=(16, 3))
    yield "cnn2d", sequential(L.Rescaling(1 / 255), L.Conv2D(4, 3), L.MaxPooling2D(2), L.DepthwiseConv2D(3), L.Flatten(), L.Dense(2), shape=(12, 12, 3))
    yield "cnn3d", sequential(L.Conv3D(2, 2), L.AveragePooling3D(2), L.GlobalMaxPooling3D(), L.Dense(1), shape=(6, 6, 6, 1))
    yield "transpose", sequential(L.Conv2DTranspose(3, 3, strides=2), L.UpSampling2D(), L.Cropping2D(1), L.ZeroPadding2D(1), shape=(4, 4, 2))
    yield "shapes", sequential(L.Reshape((2, 6)), L.Permute((2, 1)), L.Flatten(), L.RepeatVector(3), L.Masking(), L.Flatten(), shape=(12,))
    yield "noise", sequential(L.GaussianNoise(0.1), L.GaussianDropout(0.1), L.AlphaDropout(0.1), L.Dense(2, activity_regularizer="l2"), shape=(4,))
    yield "regularised", sequential(L.Dense(4, kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2), kernel_constraint=keras.constraints.MaxNorm(2),
                                            kernel_initializer=keras.initializers.HeNormal(3), bias_initializer="ones"), shape=(4,))
    yield "embedding", sequential(L.Embedding(50, 4), L.SpatialDropout1D(0.1), L.GlobalMaxPooling1D(), L.Dense(1, "sigmoid"), shape=(7,))
    yield "lstm", sequential(L.LSTM(4, return_sequences=True), L.GRU(3), L.Dense(1), shape=(5, 2))
    yield "simple-rnn", sequential(L.SimpleRNN(3), L.Dense(1), shape=(5, 2))
    yield "bidirectional", sequential(L.Bidirectional(L.LSTM(3, return_sequences=True)), L.TimeDistributed(L.Dense(2)), shape=(5, 2))
    yield "stacked-cells", sequential(L.RNN([L.LSTMCell(3), L.GRUCell(2)]), L.Dense(1), shape=(5, 2))
    yield "conv-lstm", sequential(L.ConvLSTM1D(2, 2), L.Flatten(), shape=(3, 4, 1))
    yield "image-augmentation", sequential(L.Resizing(8, 8), L.CenterCrop(6, 6), L.RandomFlip(), L.RandomRotation(0.1), L.Flatten(), shape=(9, 9, 3))
    yield "spectral", sequential(L.SpectralNormalization(L.Dense(3)), L.Dense(1), shape=(4,))
    yield "normalization", sequential(L.Normalization(mean=[0.0] * 4, variance=[1.0] * 4), L.Dense(1), shape=(4,))
    yield "category", sequential(L.Discretization([0.0, 1.0]), L.Flatten(), shape=(1,))
    yield "einsum", sequential(L.EinsumDense("ab,bc->ac", 3), L.Identity(), shape=(4,))
    yield "group-norm", sequential(L.Conv2D(4, 1), L.GroupNormalization(2), L.GlobalAveragePooling2D(), shape=(4, 4, 2))


def graphs():
    """Models of layers in a graph, by name."""
    L = layers
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    yield "branches", keras.Model([a, b], [L.Dense(1, name="x")(L.Concatenate()([a, b])), L.Dense(2, name="y")(L.Add()([a, b]))])
    yield "merges", keras.Model([a, b], L.Concatenate()([L.Subtract()([a, b]), L.Multiply()([a, b]), L.Average()([a, b]), L.Maximum()([a, b]),
                                                       L.Minimum()([a, b]), L.Dot(1)([a, b])]))
    x = keras.Input((6, 8))
    yield "attention", keras.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(L.LayerNormalization()(x + L.MultiHeadAttention(2, 4)(x, x)))))
    yield "grouped-attention", keras.Model(x, L.GroupQueryAttention(4, 4, 2)(x, x))
    yield "additive-attention", keras.Model(x, L.AdditiveAttention()([x, L.Attention()([x, x])]))
    yield "operations", keras.Model(a, keras.ops.mean(keras.ops.relu(a * 2.0 - 1.0) ** 2, axis=-1, keepdims=True))
    inner = keras.Sequential([L.Input((4,)), L.Dense(3, "tanh")], name="inner")
    yield "nested", keras.Model(a, keras.Sequential([inner, L.Dense(2)], name="outer")(a))
    shared = L.Dense(3, name="shared")
    yield "siamese", keras.Model([a, b], L.Dot(1, normalize=True)([shared(a), shared(b)]))
    image = keras.Input((32, 32, 3))
    yield "residual", keras.Model(image, L.GlobalAveragePooling2D()(L.Add()([L.Conv2D(3, 3, padding="same")(image), image])))
    yield "mixed", keras.Model(a, L.Dense(2, dtype="mixed_bfloat16")(a))
    yield "mobilenet", keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, weights=None, classes=3)


def lookups():
    """Models with layers that only TensorFlow runs."""
    L = layers
    words = keras.Input((1,), dtype="string")
    yield "string-lookup", keras.Model(words, L.StringLookup(vocabulary=["a", "b", "c"], output_mode="one_hot")(words))
    yield "text", keras.Model(words, L.Embedding(10, 2)(L.TextVectorization(output_sequence_length=4, vocabulary=["x", "y"])(words)))
    yield "hashing", keras.Model(words, L.Hashing(10)(words))
    number = keras.Input((1,), dtype="int64")
    yield "integer-lookup", keras.Model(number, L.IntegerLookup(vocabulary=[1, 2, 3])(number))


def compiled(n, model):
    """The model with one of several ways of training."""
    ways = [
        dict(optimizer="adam", loss="mse", metrics=["mae"]),
        dict(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss=keras.losses.Huber(), metrics=[keras.metrics.MeanSquaredError()]),
        dict(optimizer=keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.1, 100)), loss="cosine_similarity", jit_compile=False),
        dict(optimizer=keras.optimizers.RMSprop(clipnorm=1.0), loss="mean_absolute_error", weighted_metrics=["mse"]),
    ]
    if len(model.outputs) == 1 and n % 5:
        model.compile(**ways[n % 4])
    return model


writer = Writer("keras", keras.__version__)
for n, (name, model) in enumerate([*rows(), *graphs(), *lookups()]):
    model = compiled(n, model)
    model.save(writer.path(f"{name}.keras", f"{name} as an archive", "keras"))
    model.save_weights(writer.path(f"{name}.weights.h5", f"weights of {name}", "h5py"))
    with open(writer.path(f"{name}.json", f"configuration of {name}", "keras"), "w") as f:
        f.write(model.to_json())
    try:
        model.save(writer.path(f"{name}.h5", f"{name} in HDF5", "keras"))
    except (NotImplementedError, ValueError, TypeError) as err:  # some layers cannot be written so
        print(f"{name}.h5: {err}"[:200], file=sys.stderr)
