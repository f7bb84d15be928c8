"""Writes the samples of this folder with the usual writers (sentencepiece 0.2.3, pyarrow 26.0.1).
Each file is named after the format that it must be recognised as.

Run: python generate.py FOLDER
"""
import io, pathlib, sqlite3, sys
import numpy as np, pyarrow as pa, pyarrow.feather, pyarrow.parquet, sentencepiece

out = pathlib.Path(sys.argv[1])
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
db = sqlite3.connect(out / "sqlite.1")
db.execute("pragma page_size = 512")
db.execute("create table t (a)")
db.commit()
