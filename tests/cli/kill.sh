#!/bin/bash
# kill -9 at random moments: the notebook opens, is whole, and has lost no finished run.
# KILLS says how often (tests/bench/kill.sh: 200).
. tests/support/cli.sh
kills=${KILLS:-10}
db=$cli_tmp/notebook.db
command -v sqlite3 >/dev/null || {
	echo 'skipped: no sqlite3 shell to look with'
	exit 77
}
RANDOM=${SEED:-7}

# Scripts that go on for longer than they will be let.
setup="load $digits
data $digits/test.safetensors
image 3
plan open quick"
{
	echo "$setup"
	for ((i = 0; i < 300; i++)); do printf 'eval 8 --t 2,4 --threads 1\n'; done
} >"$cli_tmp/eval"
{
	echo "$setup"
	for ((i = 0; i < 300; i++)); do printf 'reset\nrun 40\n'; done
} >"$cli_tmp/step"
for ((i = 0; i < 300; i++)); do echo "ugo fit gelu --hidden $((4 + i % 12))"; done >"$cli_tmp/fit"
run --db "$db" -c "load $digits" -c "data $digits/test.safetensors" -c 'image 3' -c 'convert --T 8 --images 4' -c 'plan save quick'
expect_status 0

# A notebook to import, and one of an early version, both large enough to be caught in the middle.
many() {
	echo "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) $2"
}
sqlite3 "$cli_tmp/old.db" <tests/fixtures/notebooks/version_1.sql
{
	echo 'BEGIN;'
	many 3000 "INSERT INTO runs(id, kind, seed, version, threads, host, pid, process_start, status) SELECT 1000 + i, 'step', 0, '0', 1, 'there', 1, 'x', 'done' FROM n;"
	many 3000 "INSERT INTO run_metrics(run_id, name, t, value) SELECT 1000 + i, 'logit_rmse', t.t, i FROM n, (SELECT 1 AS t UNION SELECT 2 UNION SELECT 3) AS t;"
	echo 'COMMIT;'
} | sqlite3 "$cli_tmp/old.db"
cp "$cli_tmp/old.db" "$cli_tmp/import.db"

# Starts the program, and ends it after a random part of $1 milliseconds.
kill_after() {
	local most=$1
	shift
	"$SPIKESCOPE" --no-config --threads 1 "$@" >"$cli_tmp/out" 2>"$cli_tmp/err" &
	local pid=$!
	sleep "$(printf '0.%03d' $((RANDOM % most)))"
	kill -9 "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	said="kill -9 of $*"
	status=0
}

whole() {
	[ "$(sqlite3 "$1" 'PRAGMA integrity_check')" = ok ] || fail 'the file is not whole'
}

ask() {
	sqlite3 "$1" "$2"
}

# Finished runs have all that they measured, unfinished ones whole steps; a line of
# results that was printed is a run that is kept.
half='SELECT (SELECT count(*) FROM (SELECT 1 FROM run_metrics AS m JOIN runs AS r ON r.id = m.run_id WHERE r.kind = '\''step'\'' GROUP BY run_id, t HAVING count(*) <> 5)) +
	(SELECT count(*) FROM runs AS r WHERE kind = '\''step'\'' AND status = '\''done'\'' AND (SELECT sum(steps) FROM step_spans WHERE run_id = r.id) <> 40) +
	(SELECT count(*) FROM runs AS r WHERE kind = '\''step'\'' AND (SELECT coalesce(sum(steps), 0) FROM step_spans WHERE run_id = r.id) <>
		(SELECT count(DISTINCT t) FROM run_metrics WHERE run_id = r.id)) +
	(SELECT count(*) FROM runs AS r WHERE kind = '\''eval'\'' AND status = '\''done'\'' AND (SELECT count(*) FROM predictions WHERE run_id = r.id) <> 16) +
	(SELECT count(*) FROM runs AS r WHERE kind = '\''fit'\'' AND status = '\''done'\'' AND NOT EXISTS (SELECT 1 FROM run_metrics WHERE run_id = r.id))'
printed=0
record_and_kill() {
	kill_after 900 --db "$db" --format csv -f "$cli_tmp/$1"
	case $1 in
	eval) printed=$((printed + $(grep -c '^t,accuracy' "$cli_tmp/out"))) ;;
	step) printed=$((printed + $(grep -c '^t,top' "$cli_tmp/out"))) ;;
	fit) printed=$((printed + $(grep -c '^name,' "$cli_tmp/out"))) ;;
	esac
	whole "$db"
	run --db "$db" -c state
	expect_status 0
	said="kill -9 of $1"
	[ "$(ask "$db" "$half")" = 0 ] || fail 'half a step or a half run is in the notebook'
	[ "$(ask "$db" "SELECT count(*) FROM runs WHERE status = 'done' AND kind <> 'convert'")" -ge "$printed" ] || fail 'a finished run is lost'
	[ "$(ask "$db" "SELECT count(*) FROM runs WHERE status NOT IN ('done', 'interrupted')")" = 0 ] || fail 'a killed run is not marked'
}

import_and_kill() {
	local into=$cli_tmp/into.db
	rm -f "$into" "$into"-*
	run --db "$into" -c state
	kill_after 300 --db "$into" -c "import $cli_tmp/import.db"
	whole "$into"
	case $(ask "$into" 'SELECT count(*) FROM runs') in
	0 | 3005) ;;
	*) fail 'half an import is in the notebook' ;;
	esac
	run --db "$into" -c "import $cli_tmp/import.db"
	expect_status 0
	[ "$(ask "$into" 'SELECT count(*) FROM runs')" = 3005 ] || fail 'the import does not go on'
}

migrate_and_kill() {
	local old=$cli_tmp/migrated.db
	rm -f "$old" "$old"-*
	cp "$cli_tmp/old.db" "$old"
	kill_after 60 --db "$old" -c state
	whole "$old"
	run --db "$old" -c state
	expect_status 0
	[ "$(ask "$old" 'SELECT count(*) || total(value) FROM run_metrics')" = "$(ask "$cli_tmp/old.db" 'SELECT count(*) || total(value) FROM run_metrics')" ] ||
		fail 'the migration has lost measurements'
}

for ((k = 0; k < kills; k++)); do
	case $((k % 5)) in
	0) record_and_kill eval ;;
	1) record_and_kill step ;;
	2) record_and_kill fit ;;
	3) import_and_kill ;;
	4) migrate_and_kill ;;
	esac
done
echo "killed $kills times; $printed finished runs, $(ask "$db" "SELECT count(*) FROM runs WHERE status = 'interrupted'") interrupted ones, all kept"
finish
