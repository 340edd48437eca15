#!/bin/bash
# Sessions that come back, runs that are asked about, compared, replayed and shared.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
data=$digits/test.safetensors

# keys FIELD...: the values of these keys of a one-line JSON answer.
keys() {
	local key
	for key; do
		grep -o "\"$key\":[^,}]*" "$cli_tmp/out" | tail -n 1
	done | tr '\n' ' '
}

run --db "$db" -c 'session new thresholds' -c "load $digits" -c "data $data" -c 'image 3' -c ann -c 'convert --T 8 --images 8' \
	-c 'run 3' -c 'eval 20 --t 2,4,8 --threads 1' -c 'convert --T 16 --images 8' -c 'eval 20 --t 4,8,16 --threads 1' \
	-c 'ugo fit gelu --hidden 8' -c 'set layer 2' -c 'step 2' -c 'session note it comes back'
expect_status 0
run --db "$db" --format json -c 'session resume' -c state
expect_status 0
state=$(keys model image recipe t T state_hash)
case $state in *digits-vit*'image 3'*sta*'"t":2'*'"T":16'*) ;; *) fail "the session is not back: $state" ;; esac

# A session by its name from a folder elsewhere, and the state to the bit.
hash=$(keys state_hash)
here=$PWD
cd / || exit 1
"$SPIKESCOPE" --no-config --db "$db" --format json -c 'session open thresholds' -c state >"$cli_tmp/out" 2>"$cli_tmp/err"
status=$? said='session open from another folder'
cd "$here" || exit 1
expect_status 0
[ "$(keys state_hash)" = "$hash" ] || fail 'the state should be the same to the bit'

# Undo goes back command by command.
run --db "$db" --format json -c 'session open thresholds' -c undo
[ "$(keys t)" = '"t":0 ' ] || fail 'undo should take the steps back'
run --db "$db" --format json -c 'session open thresholds' -c 'step 1' -c 'set layer 1' -c undo -c set
expect_out '"layer":2'
run --db "$db" --format json -c 'session new again' -c "load $digits" -c 'image examples/digits-vit/8.png' -c 'convert --T 4 --images 4' \
	-c 'step 2' -c undo -c undo -c undo -c state
expect_status 0
expect_out '"model":"digits-vit".*"image":null.*"plan":null'
run --db "$db" -c undo
expect_refusal 1 'nothing to undo'
run --db "$db" -c 'session open nothing'
expect_refusal 2 'no session'
run --db "$db" -c 'session open thresholds --bare' -c state
expect_no_out digits

# Asking.
run --db "$db" --format csv -c "runs --kind eval --model 'dig*' --since 1h --where 'T > 8'"
expect_status 0
expect_lines 2
expect_out ',eval,done,.*,16,'
run --db "$db" --format csv -c 'runs --since 2099-01-01'
expect_lines 1
run --db "$db" -c "runs --where 'nonsense > 1'"
expect_refusal 2 nonsense
run --db "$db" -c "runs --where '1) ; DELETE FROM runs --'"
expect_refusal 2 .
run --db "$db" --format json -c 'compare 4 6'
expect_status 0
expect_out '"what":"T","run_4":8,"run_6":16'
expect_out '"name":"accuracy","t":8,"run_4":1.0,"run_6":1.0,"difference":0.0'
run --db "$db" --size 70x20 -c 'compare 4 6' -c "save $cli_tmp/plot.txt plot"
expect_status 0
expect_out 'a run 4 +b run 6'
grep -q 'logit_rmse' "$cli_tmp/plot.txt" || fail 'the comparison should be a picture too'
run --db "$db" -c 'compare 4 999'
expect_refusal 2 'no run 999'
run --db "$db" -c 'compare 4'
[ "$status" -ne 0 ] || fail 'one run cannot be compared'
run --db "$db" --ascii --size 60x14 -c "plot SELECT t, logit_rmse, plan_T FROM v_accuracy_vs_t"
expect_status 0
expect_out 'a 8 +b 16'
run --db "$db" -c 'plot SELECT kind, seconds FROM v_runs'
expect_refusal 2 'kind is not a number'
run --db "$db" -c 'plot SELECT 1'
expect_refusal 2 'two or three columns'

# Saved questions, limits and time.
run --db "$db" -c 'query --save best SELECT accuracy, run FROM v_best_plans' -c 'query best' -c query
expect_status 0
expect_out '^best +SELECT accuracy, run'
run --db "$db" -c 'query --save bad SELECT nothing' -c 'query bad'
expect_refusal 2 nothing
run --db "$db" -c 'query bad'
expect_refusal 2 'neither SQL nor a saved'
run --db "$db" -c 'query --drop best' -c 'query best'
expect_status 2
endless='WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT'
run --db "$db" -c "query --timeout 0.2 $endless count(*) FROM n"
expect_refusal 1 'stopped after 0.2 s'
run --db "$db" -c "query --limit 5 $endless i FROM n"
expect_status 0
expect_lines 6
expect_err 'first 5 rows'
run --db "$db" --format json -c "query $endless i FROM n LIMIT 30000"
expect_out '^\{"rows":\[\{"i":1\},.*\{"i":30000\}\]\}$'
run --db "$db" --format json -c "query --timeout 0.3 $endless i FROM n"
expect_refusal 1 stopped
tail -c 21 "$cli_tmp/out" | grep -q '"complete":false}' || fail 'an answer that was stopped should say so'
"$SPIKESCOPE" --no-config --db "$db" -c "query $endless count(*) FROM n" >"$cli_tmp/out" 2>"$cli_tmp/err" &
pid=$!
sleep 0.7
kill -INT "$pid"
wait "$pid"
status=$? said='an endless query that is interrupted'
expect_status 130
run --db "$db" -c 'query --pane SELECT 1'
expect_refusal 1 terminal

# Every kind of run comes out the same again, here and in a fresh notebook.
run --db "$db" -c 'export thresholds '"$cli_tmp/share.db"
expect_status 0
run --db "$cli_tmp/fresh.db" -c "import $cli_tmp/share.db" -c "import $cli_tmp/share.db" -c 'db check'
expect_status 0
expect_out 'known +[1-9]'
for kind in ann convert step eval fit; do
	run --db "$cli_tmp/fresh.db" --format csv -c "query SELECT max(id) FROM runs WHERE kind = '$kind'"
	number=$(tail -n 1 "$cli_tmp/out")
	run --db "$cli_tmp/fresh.db" --format json -c "replay $number"
	expect_status 0
	expect_out '"same":true'
done
run --db "$cli_tmp/fresh.db" -c 'replay 999'
expect_refusal 2 'no run 999'
# One number that differs in its last bit is found.
if command -v sqlite3 >/dev/null; then
	sqlite3 "$cli_tmp/fresh.db" "UPDATE run_metrics SET value = value + 1e-16 WHERE run_id = 4 AND name = 'logit_rmse' AND t = 2"
	run --db "$cli_tmp/fresh.db" --format json -c 'replay 4'
	expect_status 1
	expect_out '"same":false,"arithmetic":[1-9].*"different":1.*"name":"logit_rmse"'
	sqlite3 "$cli_tmp/fresh.db" "UPDATE runs SET arithmetic = NULL WHERE id = 4"
	run --db "$cli_tmp/fresh.db" -c 'replay 4'
	expect_refusal 1 'computed with arithmetic 0, and this program has [1-9]'
	# A stranger's command does not write files.
	sqlite3 "$cli_tmp/fresh.db" "UPDATE commands SET line = 'save $cli_tmp/evil.txt' WHERE id = (SELECT command_id FROM runs WHERE id = 4)"
	run --db "$cli_tmp/fresh.db" -c 'replay 4'
	expect_refusal 1 'not one that is replayed'
	[ ! -e "$cli_tmp/evil.txt" ] || fail 'replay wrote a file'
fi

# What is kept of steps comes out as it was.
run --db "$db" -c "load $digits" -c "data $data" -c 'image 5' -c 'convert --T 8 --images 4' -c 'keep blocks.0.attn.softmax --what count' \
	-c 'run 2' -c "write blocks.0.attn.softmax $cli_tmp/now.npy --what count" -c 'keep --off' -c 'step 1' \
	--format csv -c 'query SELECT max(run_id), count(*) FROM tensors'
expect_status 0
number=$(tail -n 1 "$cli_tmp/out" | cut -d, -f1)
run --db "$db" -c "write blocks.0.attn.softmax $cli_tmp/kept.npy --what count --run $number"
expect_status 0
# The last step's numbers are the last of the file.
size=$(($(stat -c %s "$cli_tmp/now.npy") - 128))
cmp <(tail -c $size "$cli_tmp/now.npy") <(tail -c $size "$cli_tmp/kept.npy") || fail 'the tensor that was kept is another'
run --db "$db" -c "write blocks.0.attn.softmax $cli_tmp/none.npy --run $number"
expect_refusal 1 'has kept no value'
run --db "$db" -c "load $digits" -c 'keep nothing.*'
expect_refusal 2 'no site matches'

# A file that may grow no more, as on a full disk: the work goes on, nothing that was written is lost.
cp "$db" "$cli_tmp/full.db"
blocks=$(($(stat -c %s "$cli_tmp/full.db") / 1024 + 8))
before=$(find "$cli_tmp" -name '*.part*' | wc -l)
(
	ulimit -f "$blocks"
	"$SPIKESCOPE" --no-config --db "$cli_tmp/full.db" -c "load $digits" -c "data $data" -c 'image 3' -c 'plan open nothing' >/dev/null 2>&1
	"$SPIKESCOPE" --no-config --db "$cli_tmp/full.db" --format json -c "load $digits" -c "data $data" -c 'image 3' \
		-c 'convert --T 8 --images 4' -c 'run 300' -c state -c "export thresholds $cli_tmp/half.db" >"$cli_tmp/out" 2>"$cli_tmp/err"
)
status=$? said='a notebook that cannot grow'
expect_status 3
expect_err 'warning: .*space'
expect_out '"t":300,.*"state_hash"'
[ "$(find "$cli_tmp" -name '*.part*' | wc -l)" -eq "$before" ] || fail 'half an export was left'
run --db "$cli_tmp/full.db" -c 'db check'
expect_status 0
run --db "$cli_tmp/full.db" --format csv -c "query SELECT count(*) FROM runs WHERE session_id = (SELECT id FROM sessions WHERE name = 'thresholds')"
expect_out '^9$'

# Care.
run --db "$db" -c "db backup $cli_tmp/backup.db" -c 'db prune --status failed --dry-run' -c 'db vacuum'
expect_status 0
run --db "$db" -c "db backup $cli_tmp/backup.db"
expect_refusal 1 exists
run --db "$db" -c 'db prune'
expect_refusal 2 'say which runs'
run --db "$cli_tmp/backup.db" -c 'db check'
expect_status 0
dd if=/dev/urandom of="$cli_tmp/backup.db" bs=4096 seek=30 count=3 conv=notrunc status=none
run --db "$cli_tmp/backup.db" -c 'db check' -c 'ugo list'
[ "$status" -eq 3 ] || fail 'a damaged page should be found'
expect_err 'backup.db'
run --db "$db" -c "import $cli_tmp/backup.db"
expect_refusal 3 'nothing was copied|damaged'
run --db "$db" -c "import $data"
expect_refusal 3 'not a database'
run --db "$db" -c "export thresholds $cli_tmp/share.db"
expect_refusal 1 exists
[ -z "$(find "$cli_tmp" -name '*.part*')" ] || fail 'something half-written was left'
finish
