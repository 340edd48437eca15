#!/bin/bash
# Forwards, back, into a step, beside another plan: through the commands that a user types.
. tests/support/cli.sh
db=$cli_tmp/notebook.db

# hashes FILTER: the state hashes that the results name, one a line.
hashes() { grep -o '"state_hash":"[0-9a-f]*"' "$cli_tmp/out" | cut -d'"' -f4; }

for recipe in sta delta sta-release; do
	run --db "$db" --format json -c "load $digits" -c "image $digits/8.png" -c "convert --recipe $recipe --T 8 --images 2 --hidden 8" \
		-c 'step 20' -c 'back 13' -c 'step 13'
	expect_status 0
	hashes >"$cli_tmp/hashes"
	if [ "$(sed -n 1p "$cli_tmp/hashes")" != "$(sed -n 3p "$cli_tmp/hashes")" ] ||
		[ "$(sort -u "$cli_tmp/hashes" | wc -l)" -ne 2 ]; then
		fail "$recipe: step 20, back 13, step 13 should end in the state of step 20"
	fi
done

run --db "$db" -c "load $digits" -c 'convert --T 8 --images 4' -c 'plan save sta8' -c 'convert --recipe delta --images 4' \
	-c 'plan save delta4'
expect_status 0
begin=(-c "load $digits" -c "image $digits/8.png" -c 'plan open sta8')
run --db "$db" "${begin[@]}" -c 'set checkpoints 0' -c 'step 6' -c 'back 2' -c state
expect_status 0
expect_out '^t +4$'
expect_out '^checkpoints +0$'
run --db "$db" "${begin[@]}" -c 'step 3' -c 'step --site 5' -c state -c step
expect_status 0
expect_out '^within +blocks\.0\.'
expect_out '^4 +'
run --db "$db" --format json "${begin[@]}" -c 'step 3' -c 'step --site 5' -c 'back' -c 'goto 3'
[ "$(hashes | sort -u | wc -l)" -eq 2 ] || fail 'back should leave an entered step to the state before it'
run --db "$db" "${begin[@]}" -c 'step 3' -c 'back 4'
expect_refusal 2 'before the start'
run -c 'back'
expect_refusal 1 'load'

# Breakpoints: they stop, select, are counted, disabled, deleted.
run --db "$db" --format json "${begin[@]}" -c 'break t == 3 and error(blocks.*.attn) > 0' -c 'run 6' -c 'info breakpoints' -c set
expect_status 0
expect_out '"stopped":\{"number":1,"condition":"t == 3 and error\(blocks\.\*\.attn\) > 0","where":"blocks\.[0-3]\.attn","value":'
expect_out '"t":3,"logits"'
expect_out '"hits":1,"last_t":3'
expect_out '"site":"blocks\.[0-3]\.attn"'
run --db "$db" --format json "${begin[@]}" -c 'break t == 3' -c 'disable 1' -c 'run 6' -c 'enable' -c 'reset' -c 'run 6' -c 'delete' \
	-c 'run 7' -c 'info breakpoints'
expect_status 0
[ "$(grep -o '"stopped":null' "$cli_tmp/out" | wc -l)" -eq 2 ] || fail 'two of the three runs should not have stopped'
expect_out '"breakpoints":\[\]'
run --db "$db" "${begin[@]}" -c 'watch --silent membrane(blocks.2.mlp.act[5,17])' -c 'watch t' -c 'run 4'
expect_status 0
expect_err '^watch 1, membrane\(blocks\.2\.mlp\.act\[5,17\]\): -?[0-9]'
expect_err '^watch 2, t: 1, was 0, at t = 1$'
run --db "$db" "${begin[@]}" -c 'until logit_rmse < 0.2'
expect_status 0
expect_err '^until, logit_rmse < 0\.2, at t = [0-9]+$'
run --db "$db" "${begin[@]}" -c 'until --steps 3 t > 90'
expect_refusal 1 'not true in 3 steps'
run --db "$db" "${begin[@]}" -c 'delete 7'
expect_refusal 2 'no breakpoint 7'

# What cannot be read points at its fault.
run --db "$db" "${begin[@]}" -c 'break error(blocks.*.attn) >> 0.1'
expect_status 2
expect_err '^  break error\(blocks\.\*\.attn\) >> 0\.1$'
expect_err '^ {30}\^$'
run --db "$db" "${begin[@]}" -c 'break membrane(blocks.0.attn) > 1'
expect_refusal 2 'has no membrane under plan'
run --db "$db" "${begin[@]}" -c 'watch error(blocks.*.attn)'
expect_refusal 2 'one value'

# Two plans: the same t, both in every view, also after going back.
run --db "$db" --format json "${begin[@]}" -c 'step 4' -c 'split delta4' -c 'step 2' -c 'back 3' -c 'step 3'
expect_status 0
expect_out '"other_top":.*"logit_difference":'
[ "$(grep -o '"other_state_hash":"[0-9a-f]*"' "$cli_tmp/out" | sort -u | wc -l)" -eq 2 ] ||
	fail 'the second plan should come back to its state too'
run --db "$db" --size 100x20 "${begin[@]}" -c 'step 4' -c 'split delta4' -c 'view attention' -c 'view readout' -c 'view model'
expect_out 'sta and delta'
expect_out 'sta − delta'
run --db "$db" "${begin[@]}" -c 'split nonsense'
expect_refusal 2 'nonsense'
run --db "$db" "${begin[@]}" -c 'split delta4' -c 'split off' -c split
expect_status 0
expect_out '^other recipe +-$'

# An interrupted `back` leaves a state of its own.
run --db "$db" "${begin[@]}" -c 'step' -c 'break t > 1' -c 'session new here' -c 'split delta4'
run --db "$db" -c 'session open here' -c 'info breakpoints' -c split
expect_status 0
expect_out 't > 1'
expect_out '^other recipe +delta$'

finish
