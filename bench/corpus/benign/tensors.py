"""safetensors and GGUF by their reference writers."""
import json
import os

from corpus import Writer, require

numpy, safetensors, writer_module = require("numpy", "safetensors", "safetensors.numpy")
save = writer_module.save_file
writer = Writer("safetensors", safetensors.__version__)
random = numpy.random.RandomState(7)
for code in ("?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"):
    name = code.replace("?", "bool")
    save({"weight": numpy.arange(24).reshape(4, 6).astype(code)}, writer.path(f"{name}.safetensors", f"a tensor of {code}", "safetensors"))
    save({f"layer.{i}.weight": numpy.arange(i + 1).astype(code) for i in range(12)},
         writer.path(f"{name}-layers.safetensors", f"twelve tensors of {code}", "safetensors"), metadata={"format": "pt"})
save({}, writer.path("empty.safetensors", "no tensors", "safetensors"))
save({"scalar": numpy.array(1.0, "f4")}, writer.path("scalar.safetensors", "a tensor without dimensions", "safetensors"))
save({"none": numpy.zeros((0, 4), "f4")}, writer.path("zero.safetensors", "a tensor without items", "safetensors"))
save({"w": random.rand(64, 64).astype("f4")}, writer.path("metadata.safetensors", "a card in the metadata", "safetensors"),
     metadata={"format": "pt", "license": "apache-2.0", "training": json.dumps({"epochs": 3, "lr": 1e-4, "optimizer": "adamw"})})
weights = {}
for shard in (1, 2, 3):
    name = f"model-{shard:05}-of-00003.safetensors"
    save({f"layer.{shard}.weight": random.rand(16, 16).astype("f4")}, writer.path(name, "a shard", "safetensors"), metadata={"format": "pt"})
    weights[f"layer.{shard}.weight"] = name
with open(writer.path("model.safetensors.index.json", "the index of three shards", "safetensors"), "w", encoding="utf-8") as f:
    json.dump({"metadata": {"total_size": 3 * 16 * 16 * 4}, "weight_map": weights}, f, indent=2)

gguf = require("gguf")
from importlib.metadata import version

writer = Writer("gguf", version("gguf"))
TEMPLATES = {
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
              "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + "
              "'<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
              "{% endif %}{{ content }}{% endfor %}",
    "tools": "{%- if tools %}{{- '<tools>' }}{%- for tool in tools %}{{- tool | tojson }}{%- endfor %}{{- '</tools>' }}{%- endif %}"
             "{%- for message in messages %}{%- if message.role == 'user' %}{{- message.content }}{%- endif %}{%- endfor %}",
    "raise": "{% if messages[0]['role'] != 'user' %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{{ messages[0]['content'] }}",
}
for name, template in {"plain": None, **TEMPLATES}.items():
    w = gguf.GGUFWriter(writer.path(f"{name}.gguf", f"a model with the template {name}", "gguf"), "llama")
    w.add_name(name)
    w.add_context_length(2048)
    w.add_block_count(1)
    w.add_token_list(["<s>", "</s>", "a", "b"])
    w.add_token_scores([0.0, 0.0, 1.0, 2.0])
    if template:
        w.add_chat_template(template)
    for code in ("f4", "f2", "i4", "i8"):
        w.add_tensor(f"weight.{code}", numpy.arange(64).reshape(2, 32).astype(code))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
