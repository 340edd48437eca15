#!/bin/bash
# Plans and studies by the commands a user types: overrides, kept plans, audit, ladder,
# attribution, evaluations that go on, sweeps and curves.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
start=(--db "$db" -c "load $digits" -c "data $digits/test.safetensors")

run "${start[@]}" -c 'convert --recipe delta --T 4' -c 'plan save four' -c 'plan list'
expect_status 0
expect_out '^four +[0-9a-f]{32} +digits-vit +delta +4 '
run "${start[@]}" -c "convert --recipe delta --T 4 --sites 'blocks.*.mlp.act:levels=5' --random --seed 3" -c 'plan save five'
expect_status 0
expect_err '64 random pictures'
run "${start[@]}" -c 'convert --recipe delta --T 8' -c 'plan save four'
expect_refusal 2 'four.*--force'
run "${start[@]}" -c 'compare four five'
expect_status 0
expect_out '^blocks\.0\.mlp\.act\.levels +6 +5'
expect_out '^seed +0 +3'
run "${start[@]}" -c 'compare four nope'
expect_refusal 2 'nope'
run "${start[@]}" -c 'plan open nope'
expect_refusal 2 'nope'
run --db "$db" -c "load examples/cifar10-vit" -c 'plan open four'
expect_refusal 3 'another model'

# A plan that is opened does what it did.
run "${start[@]}" --format json -c 'convert --recipe delta --T 4' -c 'image 3' -c 'step 4'
first=$(grep -o '"state_hash":"[^"]*"' "$cli_tmp/out")
run "${start[@]}" --format json -c 'plan open four' -c 'image 3' -c 'step 4'
[ "$(grep -o '"state_hash":"[^"]*"' "$cli_tmp/out")" = "$first" ] || fail 'the opened plan should step to the same state'

run "${start[@]}" -c 'plan open four' -c audit
expect_status 0
expect_out '^spiking +52$'
expect_out '^analog +0$'
expect_out '^blocks\.0\.mlp\.act +spiking +mt +6 +segment length / 32 +spiking .* ok$'
run "${start[@]}" -c 'convert --recipe sta-release --T 8' -c 'audit --wrong blocks.1.*'
expect_out 'blocks\.1\.attn\.softmax\.exp +analog .*analog: exp by its UGO as an MLP'
expect_out 'blocks\.1\.attn\.q +graded '
run "${start[@]}" -c 'plan open four' -c 'audit nothing.*'
expect_refusal 2 'no site of the audit'
run --db "$db" -c audit
expect_refusal 1 'load'

run "${start[@]}" -c 'plan open four' -c 'ladder 10' -c 'view ladder --size 60x20'
expect_status 0
expect_out '^ann +0 +100.00% +100.00% +0$'
expect_out '^spiking +4 '
expect_out 'ladder: 10 pictures, t = 4'
run "${start[@]}" --format json -c 'plan open four' -c 'ladder 10'
expect_out '"rungs":\[\{"name":"ann".*"sites":\[\{"site":"blocks.0.norm1.center","rung":"activation","rmse":'
run "${start[@]}" -c 'plan open four' -c 'attribution 10' -c 'view attribution --size 60x20'
expect_status 0
expect_out '^nothing '
expect_out '^act\.out '
expect_out '^interaction '
expect_out 'one class spiking, 10 pictures'
run "${start[@]}" -c 'plan open four' -c 'attribution 5 --sites blocks.0.attn.qk'
expect_refusal 2 'no spiking site'
run "${start[@]}" -c 'view ladder' -c 'view attribution'
expect_status 0
expect_out 'ladder 100'

# An evaluation goes on from what is recorded, to the same numbers.
run --db "$cli_tmp/one.db" --format csv -c "load $digits" -c "data $digits/test.safetensors" -c 'convert --recipe delta --T 4' -c 'eval 30 --t 2,4'
whole=$(tail -n 2 "$cli_tmp/out")
run "${start[@]}" -c 'plan open four' -c 'eval 12 --t 2,4'
expect_status 0
expect_out '^t +accuracy +gap +agreement'
run "${start[@]}" --format csv -c 'plan open four' -c 'eval 30 --t 2,4 --resume'
expect_status 0
expect_err 'going on from run [0-9]+, which has 12 pictures'
[ "$(tail -n 2 "$cli_tmp/out")" = "$whole" ] || fail 'an evaluation that goes on should end as the whole'
run "${start[@]}" -c 'plan open four' -c 'eval 10 --t 3 --resume'
expect_err 'starting at the first picture'

run "${start[@]}" -c 'sweep 10 --recipe delta --T 2,4 --seeds 1,2' -c 'query SELECT count(*) AS n FROM runs WHERE kind = '\''sweep'\'
expect_status 0
expect_out '^run +recipe +T +seed +t +accuracy'
expect_out '^accuracy spread '
expect_out '^4$|^n +4$'
last=$(sqlite3 "$db" 'SELECT max(id) FROM runs' 2>/dev/null || echo)
if [ -n "$last" ]; then
	run "${start[@]}" -c "curves $((last - 1)) $last --against spikes"
	expect_status 0
	expect_out 'accuracy'
fi
run "${start[@]}" -c 'curves 99999'
expect_refusal 1 'no accuracy over time'
run "${start[@]}" -c 'sweep 5 --recipe delta,,sta'
expect_refusal 2 'recipe'
run "${start[@]}" -c 'sweep 5 --recipe delta --T 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17'
expect_refusal 2 'at most 16'
run "${start[@]}" -c "convert --sites 'blocks.*.mlp.act:neurn=mt'"
expect_refusal 2 'neurn'
finish
