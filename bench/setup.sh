#!/bin/sh
# Installs the real writers and readers that the optional tests and the benign corpus use: Debian packages (as root) and PyPI
# packages into a virtual environment. Usage: bench/setup.sh [VENV]. Nothing else in the project installs anything.
set -eu
venv=${1:-.venv}
here=$(dirname "$0")
packages="python3-venv python3-torch python3-sklearn python3-joblib python3-xgboost python3-pandas python3-scipy python3-dill
  python3-cloudpickle python3-lz4 zip openssl"
missing=""
for p in $packages; do
	dpkg -s "$p" >/dev/null 2>&1 || missing="$missing $p"
done
if [ -n "$missing" ]; then
	echo "installing Debian packages:$missing"
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of names
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
if [ ! -f "$venv/.done" ] || ! cmp -s "$here/corpus/requirements.txt" "$venv/.done"; then
	echo "installing PyPI packages into $venv"
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/corpus/requirements.txt"
	cp "$here/corpus/requirements.txt" "$venv/.done"
fi
