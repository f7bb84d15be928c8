"""Models, functions and data by R, through r_models.R beside this script, in every encoding and compression of R."""
import os
import shutil
import subprocess
import sys

from corpus import SKIP, Writer

if sys.prefix != sys.base_prefix or not shutil.which("Rscript"):
    print("Rscript is not installed, or the files are written once by the system's Python", file=sys.stderr)
    sys.exit(SKIP)
version = subprocess.run(["Rscript", "-e", "cat(as.character(getRversion()))"], capture_output=True, text=True, check=True).stdout
writer = Writer("r", version)
script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "r_models.R")
run = subprocess.run(["Rscript", script, writer.folder], capture_output=True, text=True)
for name in run.stdout.splitlines():
    writer.path(name, "objects by R", "R")
if run.returncode:
    sys.exit(run.stderr)
