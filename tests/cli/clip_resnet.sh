#!/bin/bash
# CLIP's residual network by the commands a user types; the logits are torch's (tests/fixtures/README.md).
. tests/support/cli.sh
clip=tests/fixtures/open_clip_rn
picture=$clip/expected.safetensors:pixel_values

start=(--db "$cli_tmp/a.db" -c "load $clip" -c "prompt --tokens $clip/expected.safetensors:input_ids")
run "${start[@]}" -c "image ${picture}[0]" -c ann -c "image ${picture}[1]" -c ann
expect_status 0
expect_out '^family +clip-resnet$'
expect_out '^projection +24$'
expect_out '^logits +3.615 3.429 4.597 3.645 3.179$'
expect_out '^logits +3.889 3.843 4.911 4.121 3.551$'
run -c "load $clip --size 64" -c model
expect_status 0
expect_out '^  downsample.avgpool +8x8x16$'
expect_out '^attnpool.av +128$'
run -c "load $clip --size 96"
expect_refusal 2 'for pictures of 64 pixels'
run -c "load $clip" -c "image 0"
expect_refusal 1 'type: prompt'

# Converted and stepped, taken up again with its classes, and what IF neurons leave analog is said.
session=("${start[@]}" -c 'data tests/fixtures/pillow')
run "${session[@]}" -c 'convert --recipe delta --T 8 --images 4' -c "image ${picture}[0]" -c 'step 6'
expect_status 0
expect_out '^6  text 2 .* text 2 '
run --db "$cli_tmp/a.db" --format json -c 'session resume' -c 'step 2'
expect_status 0
expect_out '"t":8,"top":"text 2"'
run "${session[@]}" -c 'convert --recipe conventional --T 4 --images 4' -c 'image 0' -c 'step 2' -c 'audit attnpool.*'
expect_status 0
expect_out '^attnpool.softmax.exp +analog .* analog: exp itself$'
expect_out '^attnpool.softmax.reciprocal +analog .* analog: reciprocal itself$'
expect_out '^attnpool.q +graded '

# Ladder, attribution and every view.
session+=(-c 'convert --recipe sta --T 4 --images 4' -c 'image 0')
run "${session[@]}" -c 'ladder 2' -c 'attribution 2' -c "attribution 2 --sites 'attnpool.*'"
expect_status 0
expect_out '^stem '
expect_out '^qkv '
expect_out '^attnpool.softmax.exp '
for size in 3x2 61x13 150x50; do
	run --size "$size" "${session[@]}" -c 'step 2' -c 'view overview' -c 'view features avgpool' -c 'view features attnpool.tokens' \
		-c 'view features attnpool.softmax --neuron 3' -c 'view neuron attnpool.softmax.exp' -c 'view raster attnpool.k' \
		-c 'view selected' -c 'view error attnpool.av' -c 'view residual' -c 'view histogram attnpool.softmax.reciprocal' \
		-c 'view readout' -c 'view ugo attnpool.softmax.exp' -c 'view model'
	expect_status 0
done
run "${session[@]}" -c 'step 1' -c 'view attention'
expect_refusal 2 'view features attnpool.softmax'

# What it costs, attention pooling included: the rules event and unit are what an evaluation has.
number() { sed -n "s/.*\"$1\":\\(-\\{0,1\\}[0-9.e+-]*\\).*/\\1/p" "$cli_tmp/out" | head -n 1; }
for recipe in sta delta conventional; do
	counted=("${start[@]}" -c 'data tests/fixtures/pillow' -c "convert --recipe $recipe --T 4 --images 4")
	run --format json "${counted[@]}" -c 'eval 3 --t 4'
	event=$(number energy_ratio) unit=$(number energy_ratio_spikes)
	run --format json "${counted[@]}" -c 'energy 3'
	expect_status 0
	expect_out '"place":"attn.qk","picojoules":[1-9][0-9.e+]*,"ann_picojoules":2944[.,]'
	expect_out '"place":"attn.av","picojoules":[1-9][0-9.e+]*,"ann_picojoules":2944[.,]'
	[ "$(printf %.7f "$(number per_event)")" = "$(printf %.7f "$event")" ] || fail "$recipe: per_event should be $event"
	[ "$(printf %.7f "$(number per_unit_spike)")" = "$(printf %.7f "$unit")" ] || fail "$recipe: per_unit_spike should be $unit"
done
run "${counted[@]}" -c 'energy 3 --rule operations' -c 'view energy --size 90x40'
expect_status 0
expect_out '^attn\.softmax\.reciprocal +'

finish
