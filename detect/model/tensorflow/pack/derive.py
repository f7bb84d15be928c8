"""Writes the names of all operations that the installed TensorFlow registers to registered.txt, one a line.

Run it as "python3 derive.py" with TensorFlow installed when a new version is out, and classify by hand, in effects.go, the
operations that are new and have an effect outside of the graph. Names that were registered once and are no more stay: models
that hold them are still around.
"""
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

operations = op_def_pb2.OpList()
operations.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
target = pathlib.Path(__file__).with_name("registered.txt")
names = set(target.read_text().split()) if target.exists() else set()
names.update(o.name for o in operations.op)
target.write_text("\n".join(sorted(names)) + "\n")
