#!/bin/bash
# The same bits from every kernel and on any number of threads, and the same as ever: plans, states, logits and ledgers
# of all recipes on the digits, and of CLIP's two kinds. After a change that is meant to change bits:
# SPIKESCOPE_RECORD=1 scripts/run-tests arithmetic
. tests/support/cli.sh
. tests/support/hashes.sh

all=$(ways)
for recipe in sta delta sta-release ternary ecmt dcgs; do
	check_hashes digits "$recipe" "$all" "$digits" -c "data $digits/test.safetensors" -c 'image 2'
done
clip=tests/fixtures/hf_clip
for recipe in sta delta; do
	check_hashes clip "$recipe" "$all" "$clip" -c "prompt --tokens $clip/expected.safetensors:input_ids" \
		-c 'data tests/fixtures/pillow' -c "image $clip/expected.safetensors:pixel_values[0]"
done
clip=tests/fixtures/open_clip_rn
for recipe in delta conventional; do
	check_hashes clip-resnet "$recipe" "$all" "$clip" -c "prompt --tokens $clip/expected.safetensors:input_ids" \
		-c 'data tests/fixtures/pillow' -c "image $clip/expected.safetensors:pixel_values[0]"
done

SPIKESCOPE_KERNELS=sse9 run --version
expect_status 0
SPIKESCOPE_KERNELS=sse9 run -c help
expect_refusal 2 "SPIKESCOPE_KERNELS: this machine has no kernels 'sse9'; it has plain"
finish
