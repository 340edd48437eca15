#!/bin/bash
# Every input of tests/fuzz/corpus, what once crashed among them, through its fuzz target.
set -u
targets=0
for source in tests/fuzz/*.c; do
	name=$(basename "$source" .c)
	"$(dirname "$SPIKESCOPE")/tests/fuzz/$name" "tests/fuzz/corpus/$name" || exit 1
	targets=$((targets + 1))
done
[ $targets -ge 14 ]
