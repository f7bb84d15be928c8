"""Checkpoints of Flax in MessagePack, and checkpoint folders of Orbax."""
import os
import shutil
import warnings

from corpus import Writer, require

warnings.simplefilter("ignore")
flax, jax, numpy, orbax = require("flax", "jax", "numpy", "orbax.checkpoint")
import jax.numpy as jnp
import optax
from flax import linen, serialization
from flax.training import train_state

writer = Writer("flax", flax.__version__)


class Dense(linen.Module):
    """A stack of dense layers."""
    sizes: tuple

    @linen.compact
    def __call__(self, x):
        for size in self.sizes:
            x = linen.relu(linen.Dense(size)(x))
        return x


class Convolution(linen.Module):
    """Convolutions with normalisation."""
    sizes: tuple

    @linen.compact
    def __call__(self, x):
        for size in self.sizes:
            x = linen.BatchNorm(use_running_average=True)(linen.Conv(size, (3, 3))(x))
        return x.mean()


class Attention(linen.Module):
    """Embeddings and attention."""
    heads: int

    @linen.compact
    def __call__(self, x):
        x = linen.Embed(32, 16)(x)
        return linen.LayerNorm()(linen.MultiHeadDotProductAttention(self.heads)(x, x))


def save(name, tree, about):
    """Write a tree of arrays."""
    with open(writer.path(name + ".msgpack", about, "flax"), "wb") as f:
        f.write(serialization.to_bytes(tree))


key = jax.random.PRNGKey(7)
models = [(f"dense-{len(s)}-{s[0]}", Dense(s), jnp.ones((1, 8))) for s in ((4,), (16, 8), (8,) * 6, (64, 32, 2))]
models += [(f"convolution-{len(s)}", Convolution(s), jnp.ones((1, 8, 8, 3))) for s in ((4,), (8, 8), (4, 8, 16))]
models += [(f"attention-{h}", Attention(h), jnp.ones((1, 5), jnp.int32)) for h in (1, 2, 4)]
for name, model, x in models:
    variables = model.init(key, x)
    save(name, variables, f"variables of a network, {name}")
    for dtype in ("bfloat16", "float16"):
        save(f"{name}-{dtype}", jax.tree_util.tree_map(lambda a, dtype=dtype: a.astype(dtype), variables), f"{name} in {dtype}")
    for optimiser in ("adam", "sgd", "lion"):
        state = train_state.TrainState.create(apply_fn=model.apply, params=variables["params"], tx=getattr(optax, optimiser)(1e-3))
        save(f"{name}-{optimiser}", state, f"{name} with the state of {optimiser}")
for dtype in ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float32", "complex64"):
    save(f"array-{dtype}", {"a": jnp.ones((2, 3), dtype), "scalar": numpy.ones((), dtype)[()]}, f"an array of {dtype}")
save("scalars", {"step": 7, "rate": 1e-3, "name": "run", "flag": True, "none": None, "complex": 1 + 2j, "big": 2 ** 40}, "plain values")
save("numbered", {str(i): numpy.arange(i) for i in range(40)}, "forty arrays in a list")
for name, model, x in models[::3]:
    folder = os.path.join(os.path.abspath(writer.folder), "orbax-" + name)
    shutil.rmtree(folder, ignore_errors=True)
    for ocdbt in (True, False):
        target = folder + ("" if ocdbt else "-zarr")
        shutil.rmtree(target, ignore_errors=True)
        with orbax.Checkpointer(orbax.PyTreeCheckpointHandler(use_ocdbt=ocdbt)) as checkpointer:
            checkpointer.save(target, model.init(key, x))
        for where, _, files in sorted(os.walk(target)):
            for file in sorted(files):
                if file in ("_METADATA", "_CHECKPOINT_METADATA", ".zarray", "manifest.ocdbt", "_sharding", "array_metadatas"):
                    writer.path(os.path.relpath(os.path.join(where, file), writer.folder), f"{file} of a checkpoint of Orbax", "orbax")
