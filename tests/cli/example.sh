#!/bin/bash
# The first view without a terminal, and scripts over the example.
. tests/support/cli.sh

run --example
expect_status 0
expect_lines 24
expect_out 'attention'
expect_out 't=1'
run --example --ascii --size 60x20
expect_status 0
expect_lines 20
! LC_ALL=C grep -q '[^ -~]' "$cli_tmp/out" || fail '--ascii must print ASCII only'
"$SPIKESCOPE" --no-config --example </dev/null >"$cli_tmp/again" 2>/dev/null
run --example
cmp -s "$cli_tmp/out" "$cli_tmp/again" || fail 'the first view must be the same twice'

# The same state by another way, to the bit.
hash_of() { sed -n 's/.*"state_hash":"\([0-9a-f]*\)".*/\1/p' "$cli_tmp/out" | tail -n 1; }
run --format json --example -c 'step 3'
expect_status 0
expect_out '"t":4,"logits":\[.*"top":\[.*"spikes":.*"logit_rmse":.*"state_hash":"[0-9a-f]{32}","seconds":'
first=$(hash_of)
run --format json --example -c 'run 9' -c 'goto 2' -c 'step 2'
[ "$(hash_of)" = "$first" ] || fail 'goto and step must lead to the same state'
run --format json --example -c 'step' -c 'image 1' -c 'image 0' -c 'run 4'
[ "$(hash_of)" = "$first" ] || fail 'another picture in between must not matter'

# Numbers of a site, printed and written.
run --format csv --example -c 'print blocks.0.attn.softmax --at 0,0,1'
expect_status 0
expect_out '^site,what,t,at,value$'
run --example -c "write blocks.0.attn.q $cli_tmp/q.npy" -c "write blocks.*.attn.q $cli_tmp/q.safetensors --what membrane"
expect_status 0
[ "$(stat -c %s "$cli_tmp/q.npy")" -eq $((128 + 17 * 48 * 4)) ] || fail 'q.npy has a wrong size'
run --example -c "write blocks.0.attn.q $cli_tmp/q.npy"
expect_refusal 1 'q.npy.*--force'
run --example -c "write blocks.0.attn.q $cli_tmp/q.npy --force"
expect_status 0
run --example -c 'print blocks.9.attn'
expect_refusal 2 'no site "blocks.9.attn"'
run --example -c 'print blocks.0.attn.q --at 0,48'
expect_refusal 2 'must be below 48'

# Views in all files.
for kind in txt svg pdf png; do
	run --example -c "save $cli_tmp/view.$kind attention --layer 1"
	expect_status 0
	[ -s "$cli_tmp/view.$kind" ] || fail "view.$kind should have been written"
done
run --example -c "save $cli_tmp/view.svg"
expect_status 1
run --example -c "save $cli_tmp/view.xyz"
[ "$status" -ne 0 ] || fail 'an unknown kind of file must be refused'
[ ! -e "$cli_tmp/view.xyz" ] || fail 'view.xyz should not be there'

# Evaluation.
run --format json --example -c 'eval 10 --t 1,4'
expect_status 0
expect_out '^\{"images":10,"ann_accuracy":[0-9.]+,"points":\[\{"t":1,"accuracy":.*"agreement":.*"logit_rmse":.*"spikes_per_image":.*"events_per_image":.*"energy_ratio":.*\}\],"alarms":\[.*\],"seconds":[0-9.e-]+\}$'
run --format csv --example -c 'eval 5 --ann'
expect_status 0
expect_out '^images,ann_accuracy,seconds$'

finish
