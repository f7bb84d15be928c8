"""Writes the samples of this folder with the usual writers (onnx 1.23.2, sentencepiece 0.2.3, pyarrow 26.0.1,
msgpack 1.2.4). Each file is named after the format that it must be recognised as.

Run: python generate.py FOLDER
"""
import io, pathlib, sqlite3, sys
import msgpack, numpy as np, onnx, pyarrow as pa, pyarrow.feather, pyarrow.parquet, sentencepiece
from onnx import TensorProto, helper

out = pathlib.Path(sys.argv[1])
x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in "xy")
graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
(out / "onnx.1").write_bytes(helper.make_model(graph, producer_name="picket").SerializeToString())
weights = helper.make_tensor("w", TensorProto.FLOAT, [400], np.zeros(400))
graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [weights])
(out / "onnx.2").write_bytes(helper.make_model(graph, ir_version=10).SerializeToString())

model = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(["the quick brown fox jumps over a lazy dog"] * 20), model_writer=model,
                                         vocab_size=40, normalization_rule_name="identity", minloglevel=2, hard_vocab_limit=False)
(out / "sentencepiece.1").write_bytes(model.getvalue())

table = pa.table({"a": [1, 2]})
pa.parquet.write_table(table, out / "parquet.1")
pa.feather.write_feather(table, out / "arrow.1", compression="uncompressed")
pa.feather.write_feather(table, out / "arrow.2", version=1)
with pa.OSFile(str(out / "arrow.3"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as w:
    w.write_table(table)

(out / "text.1").write_bytes(booster.save_raw("json"))
weights = msgpack.ExtType(1, msgpack.packb(((2,), "float32", np.zeros(2, "f4").tobytes())))
(out / "msgpack.1").write_bytes(msgpack.packb({"params": {"w": weights}}))
db = sqlite3.connect(out / "sqlite.1")
db.execute("pragma page_size = 512")
db.execute("create table t (a)")
db.commit()
