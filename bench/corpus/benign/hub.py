"""Configurations, tokenizers, chat templates and source files as models on the Hub have them, written by transformers."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

from corpus import Writer, require

transformers, tokenizers = require("transformers", "tokenizers")
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING_NAMES

writer = Writer("transformers", transformers.__version__)
package = os.path.dirname(transformers.__file__)


def move(folder, prefix, about):
    """Give the files of a folder that a library wrote their place in the corpus."""
    for name in sorted(os.listdir(folder)):
        source = os.path.join(folder, name)
        if os.path.isfile(source) and os.path.getsize(source):
            shutil.copyfile(source, writer.path(f"{prefix}-{name}", about, "transformers"))
    shutil.rmtree(folder)


def scratch(name):
    """Make a folder beside the corpus for one model."""
    folder = os.path.join(writer.folder, ".scratch-" + name)
    os.makedirs(folder, exist_ok=True)
    return folder


def configurations():
    """Write the configuration of every architecture that has defaults."""
    for model_type in sorted(CONFIG_MAPPING.keys()):
        folder = scratch(model_type)
        try:
            CONFIG_MAPPING[model_type]().save_pretrained(folder)
        except Exception as error:  # some need parts that have no default
            print(f"{model_type}: {error}", file=sys.stderr)
        move(folder, model_type, f"configuration of {model_type}")


def generation():
    """Write generation configurations."""
    for index, settings in enumerate([{}, {"do_sample": True, "top_p": 0.9}, {"num_beams": 4, "early_stopping": True},
                                      {"eos_token_id": [1, 2], "pad_token_id": 0}, {"max_new_tokens": 64, "temperature": 0.1}]):
        folder = scratch(f"generation-{index}")
        try:
            transformers.GenerationConfig(**settings).save_pretrained(folder)
        except ValueError as error:  # settings that contradict each other
            print(f"generation {index}: {error}", file=sys.stderr)
        move(folder, f"generation-{index}", "generation configuration")


# Wheels that carry real chat templates, configurations and notebooks. They are unpacked, not installed: their libraries are large.
WHEELS = ("trl==1.16.0", "axolotl==0.19.0", "ultralytics==8.4.190", "hydra-core==1.3.8", "super-gradients==3.7.1")


def carried():
    """Fetch the wheels and yield the name and content of each file of a kind that repositories of models have."""
    with tempfile.TemporaryDirectory() as folder:
        for wheel in WHEELS:
            command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "-d", folder, wheel]
            if subprocess.run(command, stdout=sys.stderr).returncode:
                print(f"{wheel} cannot be fetched", file=sys.stderr)
        for file in sorted(glob.glob(os.path.join(folder, "*.whl"))):
            with zipfile.ZipFile(file) as archive:
                for name in sorted(archive.namelist()):
                    if name.endswith((".jinja", ".yaml", ".yml", ".ipynb", ".j2")) or os.path.basename(name) == "README.md":
                        yield os.path.basename(file).split("-")[0] + "-" + name.replace("/", "-"), archive.read(name)


def carried_files():
    """Write what the wheels carry, and return the chat templates among it."""
    chats = []
    for name, content in carried():
        if not content.strip():
            continue
        with open(writer.path(name, "file that a package carries", "transformers"), "wb") as f:
            f.write(content)
        if name.endswith(".jinja"):
            chats.append((re.sub(r".*chat_templates-(.*)\.jinja", r"\1", name), content.decode("utf-8")))
    return chats


def fast_tokenizer(vocabulary):
    """Make a small tokenizer of a kind."""
    words = {f"token{i}": i for i in range(200)} | {"[UNK]": 200, "[PAD]": 201, "<s>": 202, "</s>": 203}
    if vocabulary == "wordlevel":
        model = tokenizers.models.WordLevel(words, unk_token="[UNK]")
    elif vocabulary == "wordpiece":
        model = tokenizers.models.WordPiece(words, unk_token="[UNK]")
    elif vocabulary == "unigram":
        model = tokenizers.models.Unigram([(w, -float(i)) for w, i in words.items()], unk_id=200)
    else:
        model = tokenizers.models.BPE({"a": 0, "b": 1, "ab": 2}, [("a", "b")])
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel()
    tokenizer.normalizer = tokenizers.normalizers.NFKC()
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", bos_token="<s>")


def tokenizer_files(chats):
    """Write tokenizers with and without chat templates."""
    for kind in ("wordlevel", "wordpiece", "unigram", "bpe"):
        folder = scratch(kind)
        fast_tokenizer(kind).save_pretrained(folder)
        move(folder, "tokenizer-" + kind, f"tokenizer of the kind {kind}")
    for index, (name, chat) in enumerate(chats):
        for jinja in (True, False):
            folder = scratch(f"chat-{index}-{jinja}")
            tokenizer = fast_tokenizer("bpe")
            tokenizer.chat_template = chat
            tokenizer.save_pretrained(folder, save_jinja_files=jinja)
            for same in ("tokenizer.json", "special_tokens_map.json"):
                os.remove(os.path.join(folder, same))
            move(folder, f"chat-{index}-{name}-{'file' if jinja else 'inside'}", "tokenizer with a chat template")
    if chats:
        folder = scratch("named")
        tokenizer = fast_tokenizer("bpe")
        tokenizer.chat_template = {"default": chats[0][1], "tool_use": chats[-1][1]}
        tokenizer.save_pretrained(folder, save_jinja_files=False)
        move(folder, "chat-named", "tokenizer with two chat templates")


def processors():
    """Write processors of images and sound that need no other library."""
    names = sorted({n for pair in IMAGE_PROCESSOR_MAPPING_NAMES.values() for n in pair if n and not n.endswith("Fast")})
    for name in names + ["WhisperFeatureExtractor", "Wav2Vec2FeatureExtractor", "SeamlessM4TFeatureExtractor", "ClapFeatureExtractor"]:
        folder = scratch(name)
        try:
            getattr(transformers, name)().save_pretrained(folder)
        except Exception as error:
            print(f"{name}: {str(error)[:80]}", file=sys.stderr)
        move(folder, name, f"processor {name}")


def yaml_files():
    """Write configurations as YAML."""
    yaml = require("yaml")
    for model_type in sorted(CONFIG_MAPPING.keys())[::6]:
        try:
            values = json.loads(CONFIG_MAPPING[model_type]().to_json_string())
        except Exception as error:
            print(f"{model_type}: {error}", file=sys.stderr)
            continue
        for style in (None, True, False):
            name = f"{model_type}-{ {None: 'mixed', True: 'flow', False: 'block'}[style] }.yaml"
            with open(writer.path(name, f"configuration of {model_type} in YAML", "transformers"), "w", encoding="utf-8") as f:
                yaml.safe_dump(values, f, default_flow_style=style)


def custom_code():
    """Write models with code of their own: the modules of transformers, named by auto_map as the Hub has them."""
    for kind in ("bert", "llama", "gpt2", "mamba", "phi3", "whisper", "clip", "t5", "falcon", "qwen2", "deepseek_v3", "rwkv", "vit", "florence2"):
        folder = os.path.join(package, "models", kind)
        target = os.path.join(writer.folder, "custom-" + kind)
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        for file in sorted(glob.glob(os.path.join(folder, "*.py"))):
            with open(file, encoding="utf-8") as f:
                text = f.read()
            text = re.sub(r"from \.\.\.(\w+)", r"from transformers.\1", re.sub(r"from \.\.(\w+)", r"from transformers.models.\1", text))
            with open(writer.path(f"custom-{kind}/{os.path.basename(file)}", f"source of {kind}", "transformers"), "w", encoding="utf-8") as f:
                f.write(text)
        config = CONFIG_MAPPING[kind]() if kind in CONFIG_MAPPING else transformers.PretrainedConfig()
        values = config.to_dict() | {"auto_map": {"AutoConfig": f"configuration_{kind}.{type(config).__name__}",
                                                 "AutoModel": f"modeling_{kind}.Model"}}
        with open(writer.path(f"custom-{kind}/config.json", f"{kind} with code of its own", "transformers"), "w", encoding="utf-8") as f:
            json.dump(values, f, indent=2, default=str)


configurations()
generation()
tokenizer_files(carried_files())
yaml_files()
processors()
custom_code()
