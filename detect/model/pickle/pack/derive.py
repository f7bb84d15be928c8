#!/usr/bin/env python3
"""Derive an allow-list pack from a library that is installed, or from its sources.

    python3 derive.py sklearn                     # import the library, add what is new to sklearn.txt
    python3 derive.py torch --source DIR VERSION  # read the Python sources below DIR instead, without importing them

A name is added only when what a pickle can do with it is inert: constructing the object, giving it a state, and dropping
it again run no code that the file chooses. A class qualifies by itself when everything a loader calls on it is the
interpreter's own: no __del__, no __getattr__ or __getattribute__ of its own, __new__ of a built-in type, and __setstate__
absent. A class with hooks of its own qualifies when a person has read them: AUDITED names the hooks that were read. Names
that are no plain classes (functions that rebuild an object, C types, old paths) are written by hand in curated.list with
the positions in which they are inert; this tool checks neither and copies them.

Existing packs are added to, never cut: a file written by an old version of a library must stay readable.
"""
import ast
import enum
import importlib
import inspect
import pathlib
import pkgutil
import re
import sys
import warnings

HERE = pathlib.Path(__file__).parent

# Parts of a module's name that say that no model is made of it: tests, commands, downloads, compilers, servers.
SKIP = (
    "tests test testing _testing conftest setup datasets externals _mocking __main__ estimator_checks experimental "
    "_dynamo _inductor f2py distutils _build_utils callback inspection io plotting _plotting tracker dask spark rabit "
    "collective launcher engine memory _pairwise_distances_reduction _config computation clipboard util _testing eval "
    "widget hnsw odr parsers sas readers writers metadata_routing testing_ _array_api array_api parallel_backends hub "
    "benchmark profiler distributed onnx fx jit multiprocessing package export cuda").split()

# Hooks whose source was read and found to do nothing but fill in attributes from the state.
AUDITED = {
    "sklearn": ("sklearn.",),  # BaseEstimator checks the version; the rest restore arrays in Cython
    "scipy": ("scipy.spatial._ckdtree.", "scipy.spatial.transform._rotation.", "scipy.optimize._optimize.",
              "scipy.sparse."),
    "xgboost": ("xgboost.core.Booster",),  # reads the model from bytes and replaces the handle that __del__ frees
    "lightgbm": ("lightgbm.basic.Booster",),  # the same, from text
    "catboost": ("catboost.core._CatBoostBase",),
    "pandas": ("pandas._libs.", "pandas.core.", "pandas.Categorical", "pandas.Timedelta", "pandas.arrays.",
               "pandas.IntervalDtype", "pandas.DatetimeTZDtype", "pandas.StringDtype", "pandas.Index",
               "pandas.PeriodDtype", "pandas.RangeIndex", "pandas.MultiIndex", "pandas.IntervalIndex",
               "pandas.DatetimeIndex", "pandas.PeriodIndex", "pandas.CategoricalIndex", "pandas.TimedeltaIndex",
               "pandas.Period", "pandas.Timestamp", "pandas.Interval", "pandas.DataFrame", "pandas.Series"),
    "torch": ("torch.nn.modules.", "torch.optim."),
    "statsmodels": ("statsmodels.base.wrapper.ResultsWrapper",),  # looks up attributes in its results when they are asked for
}

# Where the classes of a library that models are made of live; other modules are not walked.
WALK = {
    "scipy": ("scipy.sparse", "scipy.interpolate", "scipy.spatial"),
    "pandas": tuple("pandas." + m for m in (
        "arrays _libs.arrays _libs.internals _libs.interval _libs.missing _libs.sparse _libs.tslibs core.arrays core.dtypes "
        "core.frame core.generic core.indexes core.internals core.series").split()),
    "torch": ("torch.nn.modules", "torch.optim", "torch.distributions", "torch.nn.quantized", "torch.nn.intrinsic",
              "torch.ao.nn"),
    "xgboost": ("xgboost.core", "xgboost.sklearn", "xgboost.training", "xgboost.callback"),
    "lightgbm": ("lightgbm.basic", "lightgbm.sklearn"),
    "catboost": ("catboost.core",),
    "statsmodels": tuple("statsmodels." + m for m in (
        "base.wrapper base.covtype regression discrete genmod.families genmod.generalized_linear_model robust.norms "
        "robust.robust_linear_model robust.scale").split()),
}

# Classes that touch files, processes or the network when they are made or dropped, or that run text as code when they get
# a state. scipy.stats distributions execute a template from their state, so none of scipy.stats is walked.
NEVER = {
    "sklearn.utils.parallel", "sklearn.frozen", "pandas.ExcelFile", "pandas.ExcelWriter", "pandas.HDFStore",
    "torch.nn.modules.lazy.LazyModuleMixin", "torch.nn.parallel.distributed.DistributedDataParallel",
    "catboost.core.Pool", "catboost.core._StreamLikeWrapper", "catboost.core._CustomLoggersStack", "lightgbm.basic._TempFile",
    # Evaluates a formula of the file when its state says so; curated.list allows it without.
    "statsmodels.base.data.ModelData",
    "xgboost.core.DataIter", "xgboost.core.DMatrix", "lightgbm.basic._InnerPredictor", "lightgbm.basic.Dataset",
}

# Names that no pickle of a model needs: local classes, displays, accessors, warnings, readers.
UNWANTED = re.compile(r"<|Display$|Accessor|Properties$|Warning$|Reader|Writer|Unpickler|ABC[A-Z]|^pandas\.(api|compat|errors)"
                      r"|^pandas\.[A-Z]\w*(Grouper|Flags|Agg|Option)$|^pandas\._typing|Mixin$|Parser|Localizer")

INERT_NEW = (object, dict, list, tuple, set, frozenset, int, float, complex, str, bytes, BaseException)


def owner(cls, attribute):
    """The class of the method resolution order that defines attribute."""
    return next((c for c in cls.__mro__ if attribute in vars(c)), object)


def audited(cls):
    name = f"{cls.__module__}.{cls.__qualname__}"
    lib = cls.__module__.split(".")[0]
    return lib in ("builtins", "typing", "abc", "collections", "enum") or name.startswith(AUDITED.get(lib, ("\0",)))


def is_native(cls):
    """Whether the class is written in C or Cython: its __init__ and __reduce__ are native and take data."""
    return not cls.__flags__ & (1 << 9)  # Py_TPFLAGS_HEAPTYPE


def positions(cls):
    """The positions in which cls is inert, or "" when that is not known."""
    if issubclass(cls, enum.Enum):
        return "call ref"
    if issubclass(cls, type):
        return ""
    for hook in ("__del__", "__getattr__", "__getattribute__", "__setstate__", "__setattr__"):
        defined = owner(cls, hook)
        if defined is not object and not audited(defined) and not is_native(defined):
            return ""
    made = owner(cls, "__new__")
    if made not in INERT_NEW and not is_native(made) and not audited(made) and not hasattr(cls, "_fields"):
        return ""
    if is_native(cls):
        return "call new build ref"
    where = "new build ref"
    if issubclass(cls, dict) and (owner(cls, "__setitem__") is dict or audited(owner(cls, "__setitem__"))):
        where += " items"
    if issubclass(cls, list) and owner(cls, "append") is list and owner(cls, "extend") is list:
        where += " append"
    return where


def skipped(name):
    return any(part in SKIP or part.startswith("test_") for part in name.split(".")[1:])


def modules(lib):
    root = importlib.import_module(lib)
    found = [root]
    for m in pkgutil.walk_packages(root.__path__, lib + ".", onerror=lambda _: None):
        if skipped(m.name) or not m.name.startswith(WALK.get(lib, (lib,))):
            continue
        try:
            found.append(importlib.import_module(m.name))
        except BaseException as err:  # an optional dependency is missing, or the module exits
            print(f"{m.name}: {type(err).__name__}", file=sys.stderr)
    return root.__version__, found


# Functions that models keep as a value (a score, a kernel, an activation) and that take and give arrays.
FUNCTIONS = ("sklearn.metrics.", "sklearn.feature_selection.", "sklearn.gaussian_process.", "torch.nn.functional")


def imported(lib):
    """The rules for an installed library."""
    version, found = modules(lib)
    rules = {}
    for module in found:
        for name, value in sorted(vars(module).items()):
            if not isinstance(value, type) and not callable(value):
                continue
            full = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', name)}"
            if getattr(value, "__module__", None) != module.__name__ or UNWANTED.search(full) or full in NEVER or skipped(full):
                continue
            if isinstance(value, type):
                where = positions(value)
                if where:
                    rules[full] = where
            elif name.startswith("__pyx_unpickle_"):
                rules[full] = "call(class)"
            elif inspect.isfunction(value) and full.startswith(FUNCTIONS):
                rules[full] = "ref"
    return version, rules


def ufuncs():
    """The universal functions of numpy, which models keep as values, by every path that numpy has used for them."""
    import numpy
    homes = ("numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "numpy.core.umath", "numpy._core.umath")
    names = [n for n, value in vars(numpy).items() if isinstance(value, numpy.ufunc)]
    return numpy.__version__, {f"{home}.{name}": "ref" for home in homes for name in names}


HOOKS = {"__setstate__", "__del__", "__getattr__", "__getattribute__", "__new__", "__setattr__", "__init_subclass__"}


# Architectures of transformers that people keep as whole objects; every configuration and tokenizer is taken.
FAMILIES = set(
    "albert auto bart beit bert bloom blip camembert clip convnext deberta deberta_v2 deit detr distilbert donut electra "
    "encoder_decoder falcon gemma gemma2 gpt2 gpt_neo gpt_neox gptj layoutlm layoutlmv2 layoutlmv3 llama longformer m2m_100 "
    "marian mbart mistral mixtral mpnet mt5 opt pegasus phi phi3 qwen2 qwen3 roberta segformer siglip speecht5 swin t5 "
    "vision_encoder_decoder vit wav2vec2 whisper xlm_roberta xlnet".split())


def wanted(module):
    parts = module.split(".")
    if parts[1:2] != ["models"]:
        return True
    return parts[-1].startswith(("configuration_", "tokenization_")) or len(parts) > 2 and parts[2] in FAMILIES


def from_sources(lib, root):
    """The rules for the classes in sources whose bases lead to BASES within the same sources."""
    classes = {}
    for path in sorted(pathlib.Path(root, lib).rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        if skipped(module) or (lib == "transformers" and not wanted(module)):
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                bases = [ast.unparse(b).split("[")[0].split(".")[-1] for b in node.bases]
                own = {f.name for f in node.body if isinstance(f, ast.FunctionDef)} & HOOKS
                classes[f"{module}.{node.name}"] = (node.name, bases, own)
    known, rules, grew = dict(ROOTS[lib]), {}, True
    while grew:
        grew = False
        for full, (name, bases, own) in classes.items():
            where = [known[b] for b in bases if b in known]
            inert = not own or full.startswith(AUDITED.get(lib, ("\0",)))
            if full not in rules and full not in NEVER and where and inert and all(b in known or b in MIXINS for b in bases):
                rules[full] = known[name] = where[0]
                grew = True
    return rules


# Bases that a class read from sources may have, with the positions that they give.
OBJECT, VALUE = "new build ref", "call ref"
ROOTS = {
    "torch": {"Module": OBJECT, "Optimizer": OBJECT, "LRScheduler": OBJECT, "_LRScheduler": OBJECT},
    "transformers": {"PretrainedConfig": OBJECT, "PreTrainedConfig": OBJECT, "PreTrainedModel": OBJECT, "Module": OBJECT,
                     "PreTrainedTokenizerBase": OBJECT, "PreTrainedTokenizer": OBJECT, "PreTrainedTokenizerFast": OBJECT,
                     "TokenizersBackend": OBJECT, "PythonBackend": OBJECT, "ExplicitEnum": VALUE, "TrainingArguments": OBJECT},
}
MIXINS = {"ABC", "Generic", "object", "Enum", "GenerationMixin", "ModuleUtilsMixin", "EmbeddingAccessMixin", "PushToHubMixin",
          "RotaryEmbeddingConfigMixin", "str", "_FusedModule", "_NormBase", "nn"}


def read(path):
    """The header, and the rules by name, of a pack file."""
    header, rules = {}, {}
    if path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("#") or not line.strip():
                continue
            if ": " in line and " " not in line.split(": ")[0]:
                key, value = line.split(": ", 1)
                header[key] = value
                continue
            name, where = line.split(None, 1)
            rules[name] = where
    return header, rules


def curated(lib):
    """The rules of one [section] of curated.list."""
    rules, inside = {}, False
    for line in (HERE / "curated.list").read_text().splitlines():
        if line.startswith("["):
            inside = line == f"[{lib}]"
        elif inside and line.strip() and not line.startswith("#"):
            names, where = line.split("  ", 1)
            for name in names.split("|"):
                rules[name.strip()] = " ".join(where.split())
    return rules


def union(old, new):
    """Both sets of positions; where a constraint differs the older, reviewed one stays."""
    have = {p.split("(")[0] for p in old.split()}
    return " ".join(old.split() + [p for p in new.split() if p.split("(")[0] not in have])


# scikit-learn before 0.22 had its modules without the underscore; these have other names besides.
OLD_MODULES = {"_gb": "gradient_boosting", "_kmeans": "k_means_", "_dbscan": "dbscan_", "_voting": "voting_classifier",
               "_fastica": "fastica_", "_lda": "online_lda", "_mean_shift": "mean_shift_", "_gb_losses": "gradient_boosting",
               "_affinity_propagation": "affinity_propagation_", "_hierarchical": "hierarchical"}


def old_paths(rules):
    """The names that public classes of scikit-learn had before version 0.22."""
    old = {}
    for full, where in rules.items():
        *package, module, name = full.split(".")
        if len(package) == 2 and module.startswith("_") and where.startswith("new build") and "__" not in name:
            was = "tree" if package[1:] == ["tree"] and module == "_classes" else OLD_MODULES.get(module, module[1:])
            old[".".join([*package, was, name])] = where
    return old


def write(lib, version, derived):
    path = HERE / f"{lib}.txt"
    header, rules = read(path)
    if lib == "sklearn":
        derived |= old_paths(derived)
    for name, where in derived.items():
        rules[name] = union(rules[name], where) if name in rules else where
    rules.update(curated(lib))
    versions = [v for v in header.get("versions", "").split(", ") if v]
    if version and version not in versions:
        versions.append(version)
    lines = [f"pack: {lib}", f"revision: {header.get('revision', '1')}", f"versions: {', '.join(versions)}",
             "derived: derive.py by introspection of these versions, and curated.list", ""]
    lines += [f"{name}  {where}" for name, where in sorted(rules.items())]
    path.write_text("\n".join(lines) + "\n")
    print(f"{path.name}: {len(rules)} names")


def main():
    warnings.simplefilter("ignore")
    lib = sys.argv[1]
    if "--source" in sys.argv:
        root, version = sys.argv[3:5]
        write(lib, version, from_sources(lib, root))
    elif "--curated" in sys.argv:
        write(lib, sys.argv[3] if len(sys.argv) > 3 else "", {})
    elif lib == "numpy":
        write(lib, *ufuncs())
    else:
        write(lib, *imported(lib))


if __name__ == "__main__":
    main()
