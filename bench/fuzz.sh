#!/bin/sh
# Runs every native fuzz target of the module, one after the other. Usage: bench/fuzz.sh [TIME PER TARGET]
set -eu
time=${1:-1m}
grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u | while read -r folder; do
	grep -ho '^func Fuzz[A-Za-z0-9_]*' "$folder"/*_test.go | cut -c6- | sort -u | while read -r target; do
		echo "== $folder $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$folder"
	done
done
