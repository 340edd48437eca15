#!/bin/bash
# What a network costs, and the cheapest plan that is good enough, by the commands a user types.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
start=(--db "$db" -c "load $digits" -c "data $digits/test.safetensors")
number() { sed -n "s/.*\"$1\":\\(-\\{0,1\\}[0-9.e+-]*\\).*/\\1/p" "$cli_tmp/out" | head -n 1; }

# --- energy ---

run "${start[@]}" -c 'convert --recipe delta --T 4' -c 'energy 20' -c 'view energy --size 90x40'
expect_status 0
expect_out '^event +0\.[0-9]+ '
expect_out '^mac +[1-9]'
expect_out '^norm1\.center +'
expect_out '^spike products, mean +0\.08 +0\.33 '
expect_out '^needs +it costs less than the ANN as long as'
expect_out 'energy: 20 pictures, t = 4'

# The rules event and unit are what an evaluation has, on the same pictures.
run "${start[@]}" --format json -c 'convert --recipe sta --T 4' -c 'eval 15 --t 4'
event=$(number energy_ratio) unit=$(number energy_ratio_spikes)
run "${start[@]}" --format json -c 'convert --recipe sta --T 4' -c 'energy 15'
[ "$(printf %.7f "$(number per_event)")" = "$(printf %.7f "$event")" ] || fail "per_event should be $event"
[ "$(printf %.7f "$(number per_unit_spike)")" = "$(printf %.7f "$unit")" ] || fail "per_unit_spike should be $unit"
expect_out '"rules":\[\{"rule":"event","ratio":.*"break_even":.*"places":\[\{"place":.*"steps":\[\{"t":1,.*"published":\[\{"claim":"UGO instead of GELU","assumed_rate":0.091,'

# What was counted is in the notebook, and as a table.
run "${start[@]}" --format csv -c 'convert --recipe delta --T 2' -c 'energy 3 --ledger'
expect_out '^site,t,neurons,events,units,powers,synapse_events,'
expect_out '^blocks\.0\.norm1\.center,2,'
run --db "$db" -c "query SELECT count(DISTINCT site) AS sites, max(t) AS t FROM v_site_metrics WHERE name = 'synapse_events' AND run = (SELECT max(id) FROM runs WHERE kind = 'energy')"
expect_out '^ +16 +2$'

run -c 'energy --list'
expect_status 0
expect_out '^spikingjelly +event '
expect_out 'Horowitz|Lemaire'
cat >"$cli_tmp/rules.json" <<'EOF'
{"technologies": {"free": {"bits": 8, "add": 1, "mac": 10, "multiply": 0, "shift": 0, "function": 0, "update": 0}},
 "rules": [{"name": "mine", "help": "h", "source": "s", "technology": "free", "spike": "event", "count": ["synapses"]}]}
EOF
run "${start[@]}" -c 'convert --recipe delta --T 2' -c "energy 3 --rules $cli_tmp/rules.json --rule mine"
expect_status 0
expect_out '^mine +0\.[0-9]+ '
expect_out '^rule +mine$'
run "${start[@]}" -c "energy 3 --rules $cli_tmp/nothing.json"
expect_refusal 3 'nothing\.json'
run "${start[@]}" -c 'energy 3 --rule nobody'
expect_refusal 2 'nobody.*there are event, unit'
run -c 'energy'
expect_refusal 1 'load'
run "${start[@]}" -c 'view energy' -c 'view front'
expect_out 'energy 100'
expect_out 'tune 400'

# --- tune ---

run "${start[@]}" --format json -c 'tune 120 --max-drop 1 --candidates 12 --few 40 --name cheap'
expect_status 0
expect_out '"rule":"unit","max_drop":0.01,"candidates":\[\{"number":0,"stage":"recipe","change":"the recipe",'
expect_out '"stage":"held out"'
expect_out '"held_out":\{"images":60,"t":[1-4],"energy":0\.'
hash=$(sed -n 's/.*"plan":"\([0-9a-f]*\)","convert".*/\1/p' "$cli_tmp/out")
convert=$(sed -n "s/.*\"convert\":\"\\([^\"]*\\)\".*/\\1/p" "$cli_tmp/out")
first=$(number energy)

# The choice has a name, is cheaper than the recipe, and its command makes the same plan again.
run "${start[@]}" --format json -c 'plan open cheap'
expect_out "\"plan\":\"$hash\""
run "${start[@]}" --format json -c "$convert"
expect_out "\"plan\":\"$hash\""
run --db "$db" --format csv -c "query SELECT count(*) AS n, count(DISTINCT plan_hash) > 5 AS many FROM runs WHERE kind = 'tune'"
expect_out '^(1[3-9]|2[0-9]),1$'
run "${start[@]}" -c 'tune 120 --candidates 3 --few 16 --name cheap'
expect_refusal 2 "cheap.*--force"

# The same numbers, the same choice.
run "${start[@]}" --format json -c 'tune 120 --max-drop 1 --candidates 12 --few 40 --name cheap --force'
expect_out "\"plan\":\"$hash\",\"convert\""
[ "$(number energy)" = "$first" ] || fail 'tuning twice should measure the same'

run "${start[@]}" -c 'tune 64 --max-energy 0.3 --rule event --t 2,4 --candidates 14 --few 16' -c 'view front --size 80x24'
expect_status 0
expect_out '^max energy +0\.3$'
expect_out '^name +tuned-[0-9]+$'
expect_out 'held out: 32 pictures'
run "${start[@]}" --format json -c 'ugo tune 64 --max-drop 2 --candidates 6 --few 16 --T 2'
expect_status 0
expect_out '"rule":"operations"'
expect_out '"change":"exp: '
expect_no_out '"change":"norm: '
# Interrupted, the best so far is kept, and is a plan.
said='spikescope tune, interrupted'
"$SPIKESCOPE" --no-config --db "$db" -c "load $digits" -c "data $digits/test.safetensors" -c 'tune --name sofar' >"$cli_tmp/out" 2>"$cli_tmp/err" &
tuning=$!
measured() {
	"$SPIKESCOPE" --no-config --db "$db" --format csv -c "query SELECT count(*) FROM runs WHERE kind = 'tune' AND status = 'done' AND \
session_id = (SELECT max(session_id) FROM runs WHERE kind = 'tune')" | tail -n 1
}
before=$(measured)
for _ in $(seq 300); do
	[ "$(measured)" != "$before" ] && [ "$(measured)" -gt 5 ] && [ "$(measured)" -lt 30 ] && break
	sleep 0.2
done
kill -INT "$tuning"
wait "$tuning"
status=$?
out=$(cat "$cli_tmp/out")
err=$(cat "$cli_tmp/err")
expect_status 130
expect_out '^name +sofar$'
expect_out '^confirmed +no$'
run "${start[@]}" -c 'plan open sofar'
expect_status 0

# Residual networks are counted as evaluations have them.
resnet=(--db "$db" -c 'load examples/cifar10-resnet20' -c 'data tests/fixtures/pillow' -c 'convert --recipe delta --T 2 --images 2')
run "${resnet[@]}" --format json -c 'eval 2 --t 2' -c 'energy 2' -c 'view energy --size 90x40'
expect_status 0
expect_out '"place":"relu1"'
event=$(sed -n 's/.*"t":2,.*"energy_ratio":\([0-9.e-]*\).*/\1/p' "$cli_tmp/out" | head -n 1)
[ "$(printf %.7f "$(number per_event)")" = "$(printf %.7f "$event")" ] || fail "per_event should be $event"
run "${start[@]}" -c 'tune 10'
expect_refusal 2 'N'

# They are not tuned, CLIP's neither.
clip=tests/fixtures/open_clip_rn
mkdir -p "$cli_tmp/digits/airplane" "$cli_tmp/digits/truck"
for i in 1 2 3 4 5 6 7 8; do
	cp "$digits/3.png" "$cli_tmp/digits/airplane/$i.png"
	cp "$digits/5.png" "$cli_tmp/digits/truck/$i.png"
done
run -c 'load examples/cifar10-resnet20' -c "data $cli_tmp/digits" -c 'tune 16'
expect_refusal 2 'tuning knows the sites of transformers, and cifar10-resnet20 is none; sweep tries'
run -c "load $clip" -c "prompt --tokens $clip/expected.safetensors:input_ids" -c "data $cli_tmp/digits" -c 'tune 16'
expect_refusal 2 'tuning knows the sites of transformers, and open_clip_rn is none; sweep tries'
finish
