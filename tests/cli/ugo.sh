#!/bin/bash
# The UGO laboratory as it is typed: fits, studies, knots, files, plans, and what it refuses.
. tests/support/cli.sh

number() { # KEY: its value in the last line of results, as JSON
	tail -n 1 "$cli_tmp/out" | sed -n "s/.*\"$1\":\([-0-9.e+]*\).*/\1/p"
}
below() { awk "BEGIN{exit !($1 < $2)}" || fail "$1 should be below $2"; }
json() { run --format json --db :memory: "$@"; }

# Fits: figures that others measured.
json -c 'ugo fit quick_gelu --hidden 64'
expect_status 0
below "$(number rmse)" 5.1e-5
json -c 'ugo fit quick_gelu --hidden 64 --objective minimax'
below "$(number max_error)" 1.3e-4
json -c 'ugo fit exp --hidden 32'
below "$(number rmse)" 7.8e-5
json -c 'ugo fit exp --hidden 32 --objective minimax'
below "$(number max_error)" 2.4e-4
below "$(number over_limit)" 1.05
json -c "ugo fit 'x*tanh(log(1+exp(x)))' --hidden 24 --name mish" -c 'ugo show mish'
expect_status 0
expect_out '"function":"x\*tanh\(log\(1\+exp\(x\)\)\)"'
json -c 'ugo fit gelu --density mixture --hidden 64'
below "$(number goal_rmse)" 6e-5
json -c 'ugo fit gelu --samples 5000 --seed 3 --hidden 8'
expect_status 0
json -c 'ugo fit gelu --method adam --steps 500 --batch 256 --loss huber'
expect_status 0
expect_out '"curve":\[\{"step":1,'
json -c 'ugo fit step --hidden 4 --segments'
expect_out '"form":"segment"'

# Tables.
awk 'BEGIN{OFS = ","; print "x,y"; for (i = 0; i <= 500; i++) print i / 100, (i / 100) ^ 2}' >"$cli_tmp/parabola.csv"
json -c "ugo fit $cli_tmp/parabola.csv --hidden 8"
expect_status 0
expect_out '"name":"parabola-8"'
expect_out '"function":"parabola.csv"'

# Studies.
json -c 'ugo sweep gelu --hidden 4,8,16 --T 8,32 --form ramps'
expect_status 0
expect_out '"sizes":\[\{"hidden":4'
expect_out '"cells":\[\{"hidden":4,"T":8'
expect_out '"front":true'
json -c 'ugo fit gelu' -c 'ugo spikes gelu-32 --density mixture --potential zero --T 32'
expect_out '"counts_checked":64000,"counts_unlike_closed_form":0'
below "$(number rmse)" .115
json -c 'ugo fit exp' -c 'ugo spikes exp-32 --reduce --T 8 --form ramps'
expect_out 'not spiking: the exponent'
json -c 'ugo fit gelu --hidden 8' -c 'ugo fit gelu --hidden 32' -c 'ugo compare gelu-8 gelu-32 --range -2,2'
expect_out '"ugos":\[\{"name":"gelu-8"'

# Knots by hand: the change in error is told, and undone by moving back.
json -c 'ugo fit gelu --hidden 8' -c 'ugo knot gelu-8 3' -c 'ugo knot gelu-8 3 -0.9 -0.2'
expect_status 0
expect_out '"rmse_change":[0-9.e-]+'
run --db :memory: -c 'ugo fit gelu --hidden 8' -c 'ugo knot gelu-8 3 9 9'
expect_refusal 2 'between its neighbours'
run --db :memory: -c 'ugo fit gelu --hidden 8' -c 'ugo knot gelu-8 99'
expect_refusal 2 'inner knots'

# Files, and the notebook.
run --db "$cli_tmp/n.db" -c 'ugo fit gelu --hidden 12 --name kept' -c "ugo export kept $cli_tmp/k.safetensors" \
	-c "ugo export kept $cli_tmp/k.csv" -c "ugo import $cli_tmp/k.csv back --function gelu --range -10,10" \
	-c "ugo import $cli_tmp/k.safetensors kept again --function gelu --range -10,10" -c 'ugo compare kept back again'
expect_status 0
[ "$(awk '/^(kept|back|again) /{print $6}' "$cli_tmp/out" | tail -n 3 | sort -u | wc -l)" -eq 1 ] || fail 'one error was expected'
run --db "$cli_tmp/n.db" --format json -c 'ugo show kept'
expect_out '"function":"gelu","hidden":12'
run --db "$cli_tmp/n.db" --format json -c "query SELECT count(*) AS n FROM run_metrics JOIN runs ON runs.id = run_id WHERE kind = 'fit' AND name = 'limit_rmse'"
expect_out '"n":1'

# Views, at sizes that hold them and sizes that do not, and as files.
run --db :memory: -c 'ugo sweep gelu --hidden 4,8 --T 4,8' -c 'ugo fit gelu --hidden 8' -c 'ugo knot gelu-8 2' \
	-c 'view ugo --size 80x24' -c 'view sizes --size 80x24' -c 'view pareto --size 80x24' -c 'view ugo --size 20x5' \
	-c 'view sizes --size 20x5' -c 'view pareto --size 20x5' -c "save $cli_tmp/u.png ugo" -c "save $cli_tmp/u.svg pareto" \
	-c "save $cli_tmp/u.pdf sizes"
expect_status 0
expect_out 'knot 2 of '
expect_out '± limit'
expect_out 'after 8 steps'
expect_out 'on the front'
for file in u.png u.svg u.pdf; do
	[ -s "$cli_tmp/$file" ] || fail "$file was expected"
done
run --db :memory: -c 'view ugo gelu' -c "view ugo 'sin(x)^2' --hidden 12 --range 0,4"
expect_status 0
expect_out 'sin\(x\)\^2 on 0\.\.4, 12 neurons'
run --db :memory: -c 'view ugo nothing'
expect_refusal 2 'nothing'

# Sites: what they received, a fit to it, the trains that they get, and a plan with it.
run --db :memory: --format json -c "load $digits" -c 'ugo fit gelu --site blocks.1.mlp.act --density observed --hidden 24 --name seen' \
	-c 'view inputs blocks.1.mlp.act --function seen' -c 'ugo fit gelu --range -1,1 --name narrow' \
	-c 'view inputs blocks.1.mlp.act --function narrow'
expect_status 0
expect_out '"density":"observed"'
expect_out 'all are inside'
expect_out 'are outside!'
run --db :memory: --format json -c "load $digits" -c 'image examples/digits-vit/3.png' -c 'convert --images 8' \
	-c 'ugo fit gelu --site blocks.1.mlp.act --hidden 24 --name seen' -c "ugo assign 'blocks.*.mlp.act' seen" -c 'run 4' \
	-c 'ugo spikes seen --site blocks.1.mlp.act --images 2 --T 4'
expect_status 0
expect_out '"site":"blocks.0.mlp.act","was":"gelu","was_hidden":'
expect_out '"input":"site"'
run --db :memory: -c "load $digits" -c 'convert --images 8' -c 'ugo fit exp' -c "ugo assign 'blocks.*.mlp.act' exp-32"
expect_refusal 2 'computes gelu'
run --db :memory: -c "load $digits" -c 'convert --images 8' -c 'ugo fit exp' -c "ugo assign 'nowhere.*' exp-32"
expect_refusal 2 'no site with a function'
run --db :memory: -c "load $digits" -c 'ugo fit gelu --density observed'
expect_refusal 2 'needs --site'

# Refusals: nothing is stored.
refuse() { # STATUS PATTERN COMMAND
	run --db "$cli_tmp/refused.db" -c "$3"
	expect_refusal "$1" "$2"
}
refuse 2 'column 21, at the end: expected \)' "ugo fit 'x*tanh(log(1+exp(x))'"
expect_err '^ {22}\^$'
refuse 2 'no function "mish"' 'ugo fit mish'
refuse 2 'its domain is' 'ugo fit reciprocal --range -1,1'
refuse 2 'its domain is' 'ugo fit sqrt --range -1,1'
refuse 2 'infinite at x = 0' "ugo fit '1/x'"
refuse 2 'not a number' "ugo fit 'log(x)' --range -1,1"
refuse 2 'ill-posed' 'ugo fit step --objective minimax'
refuse 2 'samples' 'ugo fit gelu --samples 20 --hidden 20'
: >"$cli_tmp/empty.csv"
refuse 3 'two points' "ugo fit $cli_tmp/empty.csv"
printf '1,2\n0,3\n' >"$cli_tmp/unsorted.csv"
refuse 3 'sort the table' "ugo fit $cli_tmp/unsorted.csv"
printf '1,2\n2,nan\n3,4\n' >"$cli_tmp/nan.csv"
refuse 3 'not a finite number' "ugo fit $cli_tmp/nan.csv"
refuse 3 'No such file' "ugo fit $cli_tmp/absent.csv"
refuse 2 'reduction' 'ugo sweep gelu --T 8 --reduce'
refuse 2 'no spiking neuron' 'ugo sweep gelu --T 8 --neuron banana'
refuse 2 'no UGO' 'ugo spikes nothing'
refuse 2 'at least two' 'ugo compare nothing'
run --db "$cli_tmp/refused.db" --format json -c 'query SELECT count(*) AS n FROM ugos'
expect_out '"n":0'

finish
