#!/bin/bash
# Numbers that say what they are worth: what was calibrated with, whose classes, how sure; reports that repeat.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
start=(--db "$db" -c "load $digits")
test=$digits/test.safetensors

# A batch of CIFAR-10: n records of a label and a picture that the seed makes.
batch() {
	perl -e 'srand($ARGV[1]); for my $i (0 .. $ARGV[0] - 1) { print chr($i % 10), map { chr(int(rand(256))) } 1 .. 3072 }' "$1" "$2"
}
cifar=$cli_tmp/cifar
mkdir -p "$cifar"
batch 12 1 >"$cifar/test_batch.bin"
vit=(--db "$db" -c 'load examples/cifar10-resnet20')

# The test pictures alone: said, and kept with the run. Beside training batches these are taken.
run "${vit[@]}" -c "data $cifar" -c 'convert --recipe delta --T 2 --images 8' -c 'eval 10 --t 2'
expect_status 0
expect_err 'calibrating with the first 8 pictures of .*, which eval counts too'
expect_err 'note: 8 of these 10 pictures are those that the plan was calibrated with'
run --db "$db" --format csv -c "query SELECT value FROM run_metrics WHERE name = 'calibration_overlap'"
expect_out '^8(\.0)?$'
run --db "$db" -c "report 2 $cli_tmp/overlap.md"
grep -q '^8 of these pictures are those that the plan was calibrated with' "$cli_tmp/overlap.md" || fail 'a report should say it'
run "${vit[@]}" -c "data $cifar" -c 'convert --recipe delta --T 2 --images 8 --random --seed 3' -c 'eval 12 --t 2'
expect_err 'note: 8 of these 12 pictures'
batch 12 2 >"$cifar/data_batch_1.bin"
for path in "$cifar" "$cifar/test_batch.bin"; do
	run "${vit[@]}" -c "data $path" -c 'convert --recipe delta --T 2 --images 8' -c 'eval 10 --t 2'
	expect_status 0
	expect_err 'calibrating with the first 8 pictures of .*data_batch_1.bin$'
	! grep -q 'note:' "$cli_tmp/err" || fail 'there is no overlap'
done

# Classes of another world.
printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck >"$cifar/batches.meta.txt"
run "${start[@]}" -c "data $cifar" -c 'convert --images 8' -c 'eval 5'
expect_refusal 2 'airplane in .* and 0 in the model'
run "${vit[@]}" -c "data $cifar" -c 'convert --recipe delta --T 2 --images 8' -c 'eval 5 --t 2'
expect_status 0

# An interval has a width, and few pictures confirm nothing.
run "${start[@]}" -c "data $test" -c 'convert --recipe delta --T 4' --format csv -c 'eval 60 --t 4'
expect_status 0
expect_out 'gap_lo'
tail -n 2 "$cli_tmp/out" |
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 2 { exit !($at["gap_hi"] - $at["gap_lo"] > 0.001) }' ||
	fail 'the interval of the gap should have a width'
run "${start[@]}" -c "data $test" -c 'ugo tune 32 --candidates 4 --few 8 --T 2'
expect_status 0
expect_out '^confirmed +no$'
expect_out '^because +(the drop may be as large as .* pictures would settle it|the held-out pictures miss)'

# A report is of the run that was asked for, and begins with what a colleague has.
run --db "$cli_tmp/r.db" -c "load $digits" -c "data $test" -c 'convert --recipe delta --T 4' -c 'eval 30' -c 'view model' -c 'eval 50' \
	-c "report 2 $cli_tmp/run.md"
expect_status 0
grep -Eq '^\| pictures \| 30' "$cli_tmp/run.md" || fail 'the accuracy should be that of run 2'
sed -n '/^## To repeat this/,$p' "$cli_tmp/run.md" >"$cli_tmp/repeat"
for part in '^load digits-vit$' '^data test.safetensors$' '^convert --recipe delta --T 4$' '^eval 30$' 'its hash: [0-9a-f]{32}'; do
	grep -Eq "$part" "$cli_tmp/repeat" || fail "the report should say: $part"
done
! grep -Eq 'view|eval 50' "$cli_tmp/repeat" || fail 'the report should leave out what is irrelevant'

# Small things that were wrong.
run "${start[@]}" -c "data $test" -c 'image 3' -c 'step' -c 'keep blocks.0.mlp.act --what count'
expect_refusal 2 'no site of blocks.0.mlp.act has a count'
run "${start[@]}" -c "data $test" -c 'sweep 10 --recipe sta,foo'
expect_refusal 2 'no recipe "foo"'
run "${start[@]}" -c 'convert --t 16'
expect_refusal 2 'did you mean --T'
run "${start[@]}" -c 'ugo fit gelu --site blocks.*.mlp.act'
expect_refusal 2 '--site takes one site'
"$SPIKESCOPE" --no-config --db "$db" -c help -c help -c help 2>"$cli_tmp/err" | head -n 1 >/dev/null
[ ! -s "$cli_tmp/err" ] || fail 'a reader that is gone is no error'

finish
