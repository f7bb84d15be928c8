#!/usr/bin/env python3
"""Derives names.txt: the names that a Keras configuration may use because they are Keras's own.

    KERAS_BACKEND=tensorflow python derive.py DIR   # an environment with keras 3; DIR holds the sources of tf_keras

Sections: [class] are classes that a configuration may build, [function] are functions that it may name, by the module below
"keras" that has them; [module] are all other modules below "keras"; [standard] are the modules of Python itself.
Classes of Keras 3 are those that its loader builds (KerasSaveable) or that its layers do; of Keras 2 those in the folders of its building blocks.
"""
import ast
import importlib
import inspect
import pathlib
import pkgutil
import sys

import keras
from keras.src.saving.keras_saveable import KerasSaveable

BLOCKS = ("activations constraints dtensor engine feature_column initializers layers legacy_tf_layers losses metrics mixed_precision "
          "models optimizers premade_models regularizers").split()
FUNCTIONS = "activations constraints initializers losses metrics ops random regularizers".split()
# Functions that touch files, the network or code, wherever they stand; and those that take a function and call it.
NEVER = ("deserialize get serialize save load read write map scan switch while_loop cond fori_loop associative_scan vectorized_map "
         "custom_gradient eval_str shard_map").split()
OLD = {  # names of Keras 1 and of releases in between
    "layers": "Merge Highway MaxoutDense TimeDistributedDense AtrousConvolution1D AtrousConvolution2D Convolution1D Convolution2D "
              "Convolution3D Deconvolution2D Deconvolution3D SeparableConvolution2D CuDNNLSTM CuDNNGRU LSTMV2 GRUV2 BatchNormalizationV1 "
              "BatchNormalizationV2 ThresholdedReLU SyncBatchNormalization RandomHeight RandomWidth DenseFeatures InputLayer",
    "models": "Model ModelV2 Sequential Functional Graph SequentialV2 Subclassed",
    "optimizers": "TFOptimizer AdamV2 OptimizerV2 RMSpropV2 SGDV2 NonFusedAdam LossScaleOptimizerV1 WarmupSchedule",
    "initializers": "VarianceScalingV2 GlorotUniformV2 ZerosV2 OnesV2 RandomNormalV2 RandomUniformV2 TruncatedNormalV2 ConstantV2 "
                    "OrthogonalV2 IdentityV2 GlorotNormalV2",
    "mixed_precision": "Policy PolicyV1", "dtype_policies": "DTypePolicy FloatDTypePolicy QuantizedDTypePolicy DTypePolicyMap",
}

classes, functions, modules = {}, {}, set()


def below(module):
    """The name of a module below Keras, without the parts that releases add and remove."""
    parts = module.split(".")[1:]
    return ".".join(p for p in parts if p not in ("src", "api", "_tf_keras", "_v1", "_v2", "keras"))


def add(table, module, name):
    if not name.startswith("_"):
        table.setdefault(module, set()).add(name)


def newest():
    """Keras 3, as it is installed."""
    for m in pkgutil.walk_packages(keras.__path__, "keras.", onerror=lambda _: None):
        if "_test" in m.name or "conftest" in m.name or "._tf_keras" in m.name:
            continue
        try:
            module = importlib.import_module(m.name)
        except Exception as err:  # a backend that is not installed
            print(f"{m.name}: {type(err).__name__}", file=sys.stderr)
            continue
        name = below(m.name)
        modules.add(name)
        for symbol, value in vars(module).items():
            built = hasattr(value, "from_config") and value.__module__.startswith("keras.src.") if inspect.isclass(value) else False
            if built and (issubclass(value, KerasSaveable) or name.split(".")[0] not in ("callbacks", "utils", "backend", "saving")):
                add(classes, name, symbol)
            public = name.split(".")[0] in FUNCTIONS
            if public and inspect.isfunction(value) and symbol not in NEVER and value.__module__.startswith("keras.src."):
                if value.__module__.split(".")[2] in FUNCTIONS + ["backend"]:
                    add(functions, name, symbol)


def older(root):
    """Keras 2, from its sources."""
    for path in sorted(pathlib.Path(root).glob("tf_keras/src/**/*.py")):
        module = below(".".join(path.relative_to(root).with_suffix("").parts).replace(".__init__", ""))
        if path.stem.endswith("_test") or "test" in path.stem:
            continue
        modules.add(module)
        if module.split(".")[0] not in BLOCKS:
            continue
        for node in ast.parse(path.read_text()).body:
            exported = any("export" in ast.unparse(d) for d in getattr(node, "decorator_list", []))
            if isinstance(node, ast.ClassDef):
                add(classes, module, node.name)
                if exported:
                    add(classes, module.split(".")[0], node.name)
            elif isinstance(node, ast.FunctionDef) and module.split(".")[0] in FUNCTIONS and node.name not in NEVER and exported:
                add(functions, module, node.name)
                add(functions, module.split(".")[0], node.name)


def write(out, section, table):
    out.write(f"[{section}]\n")
    for module in sorted(table):
        out.write(f"{module}: {' '.join(sorted(table[module]))}\n")


newest()
older(sys.argv[1])
for old, names in OLD.items():
    for n in names.split():
        add(classes, old, n)
for name, value in vars(keras.losses).items():  # short names of losses and metrics, such as "mse"
    if not inspect.isclass(value) and callable(value) and not name.startswith("_") and name not in NEVER:
        add(functions, "losses", name)
from keras.src.losses import ALL_OBJECTS_DICT as losses
from keras.src.metrics import ALL_OBJECTS_DICT as metrics
from keras.src.activations import ALL_OBJECTS_DICT as activations
from keras.src.initializers import ALL_OBJECTS_DICT as initializers
from keras.src.regularizers import ALL_OBJECTS_DICT as regularizers
from keras.src.constraints import ALL_OBJECTS_DICT as constraints
from keras.src.optimizers import ALL_OBJECTS_DICT as optimizers
for module, table in {"losses": losses, "metrics": metrics, "activations": activations, "initializers": initializers,
                      "regularizers": regularizers, "constraints": constraints, "optimizers": optimizers}.items():
    for name in table:
        add(functions, module, name)
for n in "acc accuracy ce crossentropy mse MSE mae MAE mape MAPE msle MSLE kld KLD cosine cosine_proximity bce BCE".split():
    add(functions, "metrics", n)
with open(pathlib.Path(__file__).parent / "names.txt", "w") as out:
    out.write(f"# Names of Keras {keras.__version__} and of tf_keras, made by derive.py. Do not edit.\n")
    write(out, "class", classes)
    write(out, "function", functions)
    out.write("[module]\n" + "\n".join(sorted(modules - set(classes) - set(functions) - {""})) + "\n")
    out.write("[standard]\n" + " ".join(sorted(sys.stdlib_module_names)) + "\n")
