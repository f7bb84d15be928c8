"""What the scripts beside this one share: where files go, the manifest lines, and how a script says that it cannot run.

Each script is run as "python3 SCRIPT OUT". It writes real files with the library that it is named after into
OUT/WRITER-VERSION/, and prints one line of JSON for each. A script whose library is missing ends with status 77 and says so.
"""
import importlib
import json
import os
import random
import sys

SKIP = 77

# Libraries, and native code in them, print what they like: only the lines of the manifest are the output of a script.
MANIFEST = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)


def require(*names):
    """Import modules, or end the script as skipped."""
    modules = []
    for name in names:
        try:
            modules.append(importlib.import_module(name))
        except ImportError as error:
            print(f"{name} is not installed for {sys.executable}: {error}", file=sys.stderr)
            sys.exit(SKIP)
    return modules[0] if len(modules) == 1 else modules


class Writer:
    """A folder of files from one version of one library."""

    def __init__(self, name, version):
        self.name = f"{name}-{version}"
        self.folder = os.path.join(sys.argv[1], self.name)
        os.makedirs(self.folder, exist_ok=True)
        random.seed(20240229)

    def path(self, name, about, loader="pickle"):
        """Name a file that the caller will write, and put it in the manifest."""
        path = os.path.join(self.folder, name)
        print(json.dumps({"path": f"{self.name}/{name}", "writer": self.name, "group": self.name.rsplit("-", 1)[0],
                          "technique": about, "loader": loader}), file=MANIFEST)
        return path
