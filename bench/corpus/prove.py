#!/usr/bin/python3
"""Load hostile samples in throw-away processes and tell which of them ran their payload.

Reads lines of JSON {"path", "loader", "needs"} from standard input and writes, for each, a line {"path", "ran", "how", "error"}.
The payload of every sample prints a marker and does nothing else. A sample ran when the marker appears in the output of its
process, or in the arguments of an audited call that starts a process (the output of some gadgets is captured).
"""
import atexit
import json
import os
import resource
import select
import signal
import sys
import tempfile
import threading
import time

MARKER = "picket-hostile-sample"
STARTS = ("os.system", "subprocess.Popen", "os.exec", "os.spawn", "os.posix_spawn", "pty.spawn", "ctypes.call_function")
SECONDS = 4


def load_pickle(path):
    import pickle
    with open(path, "rb") as f:
        pickle.load(f)


def load_python(path):
    import pickle
    with open(path, "rb") as f:
        pickle._Unpickler(f).load()


def load_stream(path):
    import pickle
    with open(path, "rb") as f:
        while True:
            pickle.load(f)


def load_torch(path):
    import torch
    torch.load(path)


def load_joblib(path):
    import joblib
    joblib.load(path)


def load_numpy(path):
    import numpy
    loaded = numpy.load(path, allow_pickle=True)
    if hasattr(loaded, "files"):
        for name in loaded.files:
            loaded[name]


def load_pandas(path):
    import pandas
    pandas.read_pickle(path)


LOADERS = {"pickle": load_pickle, "pickle-python": load_python, "pickle-stream": load_stream, "torch": load_torch,
           "joblib": load_joblib, "numpy": load_numpy, "pandas": load_pandas}


def child(loader, path, out, report):
    """Load one file, with everything it prints going to out and its audit trail to report."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def audit(event, args):
        if event in STARTS and MARKER in repr(args):
            os.write(report, b"A" + event.encode() + b"\n")

    sys.addaudithook(audit)
    try:
        LOADERS[loader](path)
    except BaseException as error:  # what the loader thinks of the rest of the file does not matter here
        os.write(report, b"E" + repr(error).replace("\n", " ").encode("utf-8", "replace")[:300] + b"\n")
    # What was started or registered for the exit of the process runs too; the slow rest of the interpreter's end does not.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()


def prove(loader, path):
    """Run one file in a child with a folder of its own; return how it ran, and the error of its loader."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return prove_in(folder, loader, path)


def prove_in(folder, loader, path):
    """Do what prove says in a given folder."""
    out_read, out_write = os.pipe()
    report_read, report_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out_read)
        os.close(report_read)
        os.chdir(folder)
        child(loader, path, out_write, report_write)
        os._exit(0)
    os.close(out_write)
    os.close(report_write)
    collected = {out_read: b"", report_read: b""}
    deadline = time.monotonic() + SECONDS
    open_pipes = set(collected)
    while open_pipes and time.monotonic() < deadline:
        for pipe in select.select(list(open_pipes), [], [], 0.2)[0]:
            data = os.read(pipe, 1 << 16)
            if not data:
                open_pipes.discard(pipe)
            elif len(collected[pipe]) < 1 << 20:
                collected[pipe] += data
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    os.waitpid(pid, 0)
    os.close(out_read)
    os.close(report_read)
    lines = collected[report_read].decode("utf-8", "replace").splitlines()
    starts = [line[1:] for line in lines if line[:1] == "A"]
    errors = [line[1:] for line in lines if line[:1] == "E"]
    if MARKER.encode() in collected[out_read] and not out_of_traceback(collected[out_read]):
        return "output", errors[:1]
    return (starts[0] if starts else ""), errors[:1]


def out_of_traceback(output):
    """True when the marker is only quoted by a traceback."""
    return all(b"Error" in line or b"Traceback" in line or line.startswith(b" ")
               for line in output.splitlines() if MARKER.encode() in line)


def answer(entry, missing):
    """Prove one entry and write its line."""
    loader, start = entry["loader"], time.monotonic()
    if loader not in LOADERS or loader in missing:
        how, errors = "", ["no loader " + loader]
    else:
        how, errors = prove(loader, entry["path"])
    line = json.dumps({"path": entry["path"], "ran": bool(how), "how": how, "error": "".join(errors),
                       "seconds": round(time.monotonic() - start, 2)})
    os.write(1, line.encode() + b"\n")


def main():
    entries = [json.loads(line) for line in sys.stdin]
    # The plain ones first, because forking and ending a process is slow once the large libraries are loaded.
    plain = [e for e in entries if not e.get("needs") and e["loader"].startswith("pickle")]
    rest = [e for e in entries if e not in plain]
    for entry in plain:
        answer(entry, {})
    missing = set()
    for module in ("torch", "joblib", "numpy", "pandas"):
        try:
            __import__(module)
        except ImportError:
            missing.add(module)
    for entry in rest:
        answer(entry, missing)


if __name__ == "__main__":
    main()
