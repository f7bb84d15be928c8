"""Models of TensorFlow.js: those that packages ship, and those that its own library writes. Runs beside the folder "node" of the
virtual environments, where bench/setup.sh installs the packages."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from corpus import SKIP, Writer

modules = pathlib.Path(sys.prefix).parent / "node" / "node_modules"
if not modules.is_dir() or not shutil.which("node"):
    print(f"node, or {modules}, is not installed", file=sys.stderr)
    sys.exit(SKIP)

# Packages with models in them: the folder, and which files are models or their weights.
SHIPPED = {
    "@vladmandic/face-api": ("model", (".json", ".bin")), "@vladmandic/human": ("models", (".json", ".bin")),
    "@upscalerjs/default-model": ("models", (".json", ".bin")), "@upscalerjs/esrgan-slim": ("models", (".json", ".bin")),
    "@mediapipe/pose": (".", (".tflite",)),
}


def version(package):
    """Read the version of an installed package."""
    import json
    return json.loads((modules / package / "package.json").read_text())["version"]


for package, (folder, endings) in SHIPPED.items():
    writer = Writer(package.replace("@", "").replace("/", "-"), version(package))
    root = modules / package / folder
    for file in sorted(root.rglob("*")):
        if file.suffix not in endings or file.name in ("package.json", "models.json"):
            continue
        name = file.relative_to(root).as_posix()
        os.makedirs(os.path.dirname(os.path.join(writer.folder, name)), exist_ok=True)
        shutil.copy(file, writer.path(name, f"shipped by {package}", "tflite" if file.suffix == ".tflite" else "tfjs"))

writer = Writer("tfjs", version("@tensorflow/tfjs-layers"))
with tempfile.TemporaryDirectory() as work:
    script = pathlib.Path(__file__).with_suffix(".cjs")
    lines = subprocess.run(["node", str(script), work], check=True, stdout=subprocess.PIPE, text=True,
                           env={**os.environ, "NODE_PATH": str(modules)}).stdout
    for line in lines.splitlines():
        name, about = line.split("\t")
        os.makedirs(os.path.join(writer.folder, name), exist_ok=True)
        for file in ("model.json", "weights.bin"):
            if os.path.getsize(os.path.join(work, name, file)):
                shutil.copy(os.path.join(work, name, file), writer.path(f"{name}/{file}", about, "tfjs"))
