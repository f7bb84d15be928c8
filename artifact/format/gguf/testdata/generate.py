"""Writes the benign samples of this folder with the reference writer (gguf 0.19.0, numpy).

Run: python generate.py FOLDER
"""
import sys, pathlib
import numpy as np
from gguf import GGUFWriter, GGUFEndian, GGMLQuantizationType
from gguf.quants import quantize

out = pathlib.Path(sys.argv[1])


def write(name, fill, **kw):
    w = GGUFWriter(out / f"{name}.gguf", "llama", **kw)
    fill(w)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def small(w):
    w.add_name("small")
    w.add_block_count(2)
    w.add_bool("x.flag", True)
    w.add_float64("x.f", 1.5)
    w.add_array("x.numbers", [1, 2, 3])
    w.add_token_list(["<s>", "{{", "{%", "</s>"])
    w.add_token_scores([0.0, 1.0, 2.0, 3.0])
    w.add_chat_template("{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}")
    w.add_tensor("a.weight", np.arange(12, dtype=np.float32).reshape(3, 4))
    w.add_tensor("b.weight", np.ones((5,), np.float16))
    w.add_tensor("c.bias", np.ones((3,), np.int8))


def quants(w):
    rng = np.random.default_rng(3)
    for t in ["Q4_0", "Q5_1", "Q8_0", "BF16", "TQ1_0"]:
        q = GGMLQuantizationType[t]
        w.add_tensor(t, quantize(rng.random((2, 256), dtype=np.float32), q), raw_dtype=q)


def aligned(w):
    w.add_custom_alignment(64)
    w.add_tensor("a", np.ones((5,), np.float32))
    w.add_tensor("b", np.ones((5,), np.float64))


def vocabulary(w):
    w.add_token_list([f"t{i}" for i in range(50)])
    w.add_chat_template([{"name": "default", "template": "{{ messages[0]['content'] }}"},
                         {"name": "rag", "template": "{{ bos_token }}"}])


write("small", small)
write("big", small, endianess=GGUFEndian.BIG)
write("quants", quants)
write("aligned", aligned)
write("vocabulary", vocabulary)
