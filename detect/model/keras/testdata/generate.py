"""Writes models by tf_keras 2.21.0, the last Keras 2, in its three forms. Each is honest but for custom and lambda.

Run: python generate.py FOLDER
"""
import pathlib
import sys

import tensorflow as tf
import tf_keras as keras
from tf_keras import layers

out = pathlib.Path(sys.argv[1])


@keras.utils.register_keras_serializable("acme")
class Scale(layers.Layer):
    """A layer of the user's own."""

    def call(self, x):
        return x * 2.0


def save(name, model, **compiled):
    model.compile(optimizer="adam", loss="mse", metrics=["mae"], **compiled)
    model.save(out / f"{name}.h5")
    model.save(out / f"{name}.keras")
    (out / f"{name}.json").write_text(model.to_json())


a = keras.Input((4,))
save("operations", keras.Model(a, tf.reduce_mean(tf.nn.relu(layers.Dense(3)(a)), axis=-1, keepdims=True)))
save("layers", keras.Sequential([layers.InputLayer((6, 4)), layers.Bidirectional(layers.LSTM(2, return_sequences=True)),
                                 layers.TimeDistributed(layers.Dense(2, "relu", kernel_regularizer="l2")), layers.Flatten(),
                                 layers.BatchNormalization(), layers.Dropout(0.1), layers.Dense(1, kernel_initializer="he_normal")]))
save("custom", keras.Model(a, Scale()(a)))
save("lambda", keras.Sequential([layers.InputLayer((4,)), layers.Lambda(lambda x: x * 2 + 1)]))
