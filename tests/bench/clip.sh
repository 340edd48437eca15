#!/bin/bash
# What a CLIP of ViT-B/32's size costs: loading, 1,000 classes of one template, the most memory.
# BENCH_CLIP is such a folder (scripts/make-random-vit --clip), BENCH_VOCABULARY CLIP's vocabulary;
# without them nothing is measured.
set -eu
: "${BENCH_CLIP:=}" "${BENCH_VOCABULARY:=../shared/data/clip/bpe_simple_vocab_16e6.txt.gz}"
if [ ! -d "$BENCH_CLIP" ] || [ ! -r "$BENCH_VOCABULARY" ]; then
	echo 'skipped: BENCH_CLIP or BENCH_VOCABULARY is not there'
	exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for i in $(seq 1000); do echo "kind number $i of things"; done >"$scratch/names"
"$SPIKESCOPE" --no-config --db "$scratch/a.db" --format json -c "load $BENCH_CLIP" \
	-c "prompt --classes $scratch/names --vocabulary $BENCH_VOCABULARY" \
	-c "image tests/fixtures/pillow/colour.jpg" -c ann \
	-c "query SELECT max(peak_memory_bytes) / 1e6 AS megabytes FROM runs" 2>"$scratch/talk" |
	grep -o '"\(seconds\|texts\|megabytes\)":[0-9.e+]*' | tr '\n' ' '
echo
