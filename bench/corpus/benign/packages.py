"""Packed models: archives of TorchServe, 7z archives, OCI layouts, and Triton configurations. Runs for one packer: argument 2."""
import importlib.metadata
import json
import os
import random
import subprocess
import sys
import tempfile

from corpus import Writer, require

random.seed(7)
work = tempfile.mkdtemp()


def file(name, content):
    """Write a file of the model to be packed."""
    path = os.path.join(work, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)
    return path


def arrays(n=3):
    """Make files that models consist of."""
    numpy = require("numpy")
    paths = []
    for i in range(n):
        path = os.path.join(work, f"layer{i}.npy")
        numpy.save(path, numpy.arange(100 * (i + 1), dtype="float32") / 7)
        paths.append(path)
    return paths + [file("config.json", json.dumps({"layers": n, "name": "tiny"})), file("README.md", "# A tiny model\n")]


def torchserve():
    """Archives by torch-model-archiver with built-in and own handlers."""
    writer = Writer("torch-model-archiver", importlib.metadata.version("torch-model-archiver"))
    handler = file("handler.py", "from ts.torch_handler.base_handler import BaseHandler\n\n\nclass Handler(BaseHandler):\n"
                   "    def preprocess(self, data):\n        return [row.get('body') for row in data]\n")
    model = file("model.py", "import torch\n\n\nclass Net(torch.nn.Module):\n    def forward(self, x):\n        return x * 2\n")
    requirements = file("requirements.txt", "numpy>=1.26\ntransformers==4.46.0\n")
    names = file("index_to_name.json", json.dumps({"0": "cat", "1": "dog"}))
    config = file("model-config.yaml", "minWorkers: 1\nmaxWorkers: 2\nbatchSize: 4\nmaxBatchDelay: 100\nresponseTimeout: 120\n")
    weights = arrays(1)[0]
    for built_in in ("image_classifier", "image_segmenter", "object_detector", "text_classifier"):
        for extras in ([], ["--extra-files", names], ["--requirements-file", requirements], ["--config-file", config], ["--model-file", model]):
            yield writer, f"{built_in}-{len(list(os.scandir(writer.folder)))}", ["--handler", built_in, "--serialized-file", weights] + extras
    for extras in ([], ["--extra-files", f"{names},{model}"], ["--requirements-file", requirements, "--config-file", config]):
        yield writer, f"own-{len(list(os.scandir(writer.folder)))}", ["--handler", handler, "--serialized-file", weights] + extras


def archiver():
    """Run torch-model-archiver."""
    require("model_archiver")
    tool = os.path.join(os.path.dirname(sys.executable), "torch-model-archiver")
    for writer, name, options in torchserve():
        subprocess.run([tool, "--model-name", name, "--version", "1.0", "--export-path", writer.folder, "--force"] + options, check=True,
                       stdout=subprocess.DEVNULL)
        writer.path(name + ".mar", "TorchServe archive: " + " ".join(os.path.basename(o) for o in options), "torchserve")


def sevenzip():
    """7z archives by py7zr and, when it is there, by 7-Zip itself."""
    py7zr = require("py7zr")
    files = arrays(4)
    writer = Writer("py7zr", importlib.metadata.version("py7zr"))
    chains = {"lzma2": [{"id": py7zr.FILTER_LZMA2, "preset": 6}], "lzma": [{"id": py7zr.FILTER_LZMA}], "bzip2": [{"id": py7zr.FILTER_BZIP2}],
              "deflate": [{"id": py7zr.FILTER_DEFLATE}], "copy": [{"id": py7zr.FILTER_COPY}],
              "bcj": [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 6}],
              "delta": [{"id": py7zr.FILTER_DELTA}, {"id": py7zr.FILTER_LZMA2, "preset": 6}]}
    for name, chain in chains.items():
        for n in (1, 3, len(files)):
            with py7zr.SevenZipFile(writer.path(f"{name}-{n}.7z", f"{n} files by {name}", "7z"), "w", filters=chain) as archive:
                for path in files[:n]:
                    archive.write(path, "model/" + os.path.basename(path))
    tool = "/usr/bin/7z"
    if not os.path.exists(tool):
        return
    writer = Writer("7zip", subprocess.run([tool], capture_output=True, text=True).stdout.split()[2])
    for name, options in {"default": [], "ultra": ["-mx=9"], "fast": ["-mx=1"], "plain-header": ["-mhc=off"], "not-solid": ["-ms=off"], "lzma": ["-m0=lzma"],
                          "bzip2": ["-m0=bzip2"], "deflate": ["-m0=deflate"], "copy": ["-m0=copy"], "bcj2": ["-m0=bcj2", "-m1=lzma"],
                          "delta": ["-m0=delta:4", "-m1=lzma2"], "arm64": ["-m0=arm64", "-m1=lzma2"]}.items():
        path = writer.path(name + ".7z", "7-Zip " + " ".join(options), "7z")
        if os.path.exists(path):
            os.remove(path)
        subprocess.run([tool, "a", "-bd", path, *files, *options], check=True, stdout=subprocess.DEVNULL)


def layouts():
    """OCI layouts of models by olot, each with its blobs."""
    basics, layout = require("olot.basics", "olot.oci.oci_image_layout")
    writer = Writer("olot", importlib.metadata.version("olot"))
    files = arrays(3)
    for number, (n, card) in enumerate(((1, None), (3, None), (4, files[-1]))):
        folder = os.path.join(writer.folder, f"layout{number}")
        os.makedirs(folder, exist_ok=True)
        empty_layout(folder, layout)
        basics.oci_layers_on_top(folder, files[:n], card)
        for where, _, names in os.walk(folder):
            for name in sorted(names):
                writer.path(os.path.relpath(os.path.join(where, name), writer.folder), "part of an OCI layout", "oci")


def empty_layout(folder, layout):
    """Write the layout that olot adds layers to: an image with one small layer."""
    gzip, hashlib, io, tarfile = require("gzip", "hashlib", "io", "tarfile")
    blobs = os.path.join(folder, "blobs", "sha256")
    os.makedirs(blobs, exist_ok=True)

    def blob(value, media):
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        digest = hashlib.sha256(content).hexdigest()
        with open(os.path.join(blobs, digest), "wb") as f:
            f.write(content)
        return {"mediaType": media, "digest": "sha256:" + digest, "size": len(content)}
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        archive.add(file("motd", "a tiny base\n"), "etc/motd")
    layer = blob(gzip.compress(plain.getvalue(), mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
    config = blob({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(plain.getvalue()).hexdigest()]}, "config": {},
                   "history": [{"created_by": "base"}]},
                  "application/vnd.oci.image.config.v1+json")
    manifest = blob({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [layer]},
                    "application/vnd.oci.image.manifest.v1+json")
    with open(os.path.join(folder, "oci-layout"), "w") as f:
        json.dump({"imageLayoutVersion": "1.0.0"}, f)
    with open(os.path.join(folder, "index.json"), "w") as f:
        json.dump({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest]}, f)


def triton():
    """Configurations in the text form that protobuf writes, by the schema of Triton's own client."""
    schema, text_format, json_format = require("tritonclient.grpc.model_config_pb2", "google.protobuf.text_format", "google.protobuf.json_format")
    writer = Writer("tritonclient", importlib.metadata.version("tritonclient"))
    kinds = ["TYPE_FP32", "TYPE_FP16", "TYPE_INT64", "TYPE_INT32", "TYPE_STRING", "TYPE_UINT8", "TYPE_BOOL"]
    tensor = lambda name, i: {"name": f"{name}{i}", "data_type": kinds[i % len(kinds)], "dims": [-1, 3 + i]}  # noqa: E731
    backends = ["onnxruntime", "pytorch", "tensorrt", "tensorflow", "openvino", "python", "dali", "fil", "vllm", "tensorrtllm"]
    for number in range(40):
        backend = backends[number % len(backends)]
        config = {"name": f"model_{number}", "backend": backend, "max_batch_size": number % 9,
                  "input": [tensor("in", i) for i in range(1 + number % 3)], "output": [tensor("out", i) for i in range(1 + number % 2)]}
        if number % 2:
            config["instance_group"] = [{"count": 1 + number % 3, "kind": "KIND_GPU" if number % 4 == 1 else "KIND_CPU"}]
        if number % 3 == 0:
            config["dynamic_batching"] = {"preferred_batch_size": [2, 4], "max_queue_delay_microseconds": 100}
        if number % 5 == 0:
            config["version_policy"] = {"latest": {"num_versions": 2}}
            config["parameters"] = {"FORCE_CPU_ONLY_INPUT_TENSORS": {"string_value": "no"}, "threads": {"string_value": "4"}}
        if number % 7 == 0:
            config["model_warmup"] = [{"name": "warm", "batch_size": 1, "inputs": {"in0": {"data_type": "TYPE_FP32", "dims": [3], "zero_data": True}}}]
        if number % 8 == 0:
            config["optimization"] = {"execution_accelerators": {"gpu_execution_accelerator": [{"name": "tensorrt"}]}}
        if number % 10 == 9:
            config.pop("backend")
            config.pop("dynamic_batching", None)
            config["platform"] = "ensemble"
            config["ensemble_scheduling"] = {"step": [{"model_name": "first", "model_version": -1, "input_map": {"x": "in0"}, "output_map": {"y": "out0"}}]}
        message = json_format.ParseDict(config, schema.ModelConfig())
        folder = os.path.join(writer.folder, f"model_{number}")
        os.makedirs(folder, exist_ok=True)
        with open(writer.path(f"model_{number}/config.pbtxt", f"configuration for {backend}", "triton"), "w") as f:
            f.write(text_format.MessageToString(message, as_one_line=number % 11 == 10))


{"torchserve": archiver, "7z": sevenzip, "oci": layouts, "triton": triton}[sys.argv[2]]()
