#!/usr/bin/env python3
"""Derive the lists of known operators from onnx, onnxruntime and onnxruntime-extensions, as they are installed.

    python3 derive.py            # writes onnx.txt, onnxruntime.txt and extensions.txt beside this file

Each line is a domain, the name of an operator, and the versions of its domain since which it has been defined anew; a version
with a minus sign is one since which it is withdrawn. The domain ai.onnx is written in full although models leave it empty.
Lists are added to, never cut: a model written for an old version must stay readable. Operators of Python, of the network and
of compiled code are known too; what they do is in the rules. curated.txt is written by hand.
"""
import collections
import pathlib

HERE = pathlib.Path(__file__).parent


def write(name, about, found):
    """Add operators, {(domain, name): {version}}, to a list."""
    path = HERE / name
    if path.exists():
        for line in path.read_text().splitlines():
            if line and not line.startswith("#"):
                domain, op, versions = line.split()
                found.setdefault((domain, op), set()).update(int(v) for v in versions.split(","))
    lines = [f"# {about}"]
    for (domain, op), versions in sorted(found.items()):
        lines.append(f"{domain} {op} {','.join(str(v) for v in sorted(versions, key=abs))}")
    path.write_text("\n".join(lines) + "\n")
    print(name, len(found))


def onnx_operators():
    import onnx
    found = collections.defaultdict(set)
    for schema in onnx.defs.get_all_schemas_with_history():
        sign = -1 if schema.deprecated else 1
        found[schema.domain or "ai.onnx", schema.name].add(sign * schema.since_version)
    write("onnx.txt", "The operators of the ONNX standard.", found)
    return found


def runtime_operators(standard):
    from onnxruntime.capi import onnxruntime_pybind11_state as state
    found = collections.defaultdict(set)
    for schema in state.get_all_operator_schema():
        key = schema.domain or "ai.onnx", schema.name
        if key not in standard:
            found[key].add(schema.since_version)
    write("onnxruntime.txt", "The operators that ONNX Runtime adds.", found)


def extension_operators():
    import onnxruntime_extensions
    from onnxruntime_extensions import _cuops
    found = collections.defaultdict(set)
    for name, op in vars(_cuops).items():
        if isinstance(op, type) and issubclass(op, _cuops.CustomOp) and op is not _cuops.CustomOp:
            found["ai.onnx.contrib", name].add(1)
            found["com.microsoft.extensions", name].add(1)
    write("extensions.txt", "The operators of onnxruntime-extensions.", found)


if __name__ == "__main__":
    runtime_operators(onnx_operators())
    try:
        extension_operators()
    except ImportError as error:
        print("extensions.txt is left as it is:", error)
