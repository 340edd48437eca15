#!/bin/bash
# Scripts, standard input, formats, and what the notebook keeps of them.
. tests/support/cli.sh
db=$cli_tmp/notebook.db

cat >"$cli_tmp/tour" <<END
# A comment, and an empty line.

load $digits
image $digits/8.png
ann
convert --T 8 --images 8
step 2
END
run --db "$db" -f "$cli_tmp/tour"
expect_status 0
expect_out '^t +top '
run --db "$db" -c "source $cli_tmp/tour" -c 'ugo fit gelu --hidden 8'
expect_status 0

run --db "$db" --format csv -c 'runs --kind step'
expect_status 0
expect_lines 3
expect_out '^run,kind,status,'
expect_out ',step,done,.*,sta,8,'
run --db "$db" --format json -c 'query SELECT count(*) AS n, max(t) AS t FROM run_metrics WHERE name = '\''logit_rmse'\'
expect_status 0
expect_out '^\{"rows":\[\{"n":4,"t":2\}\]\}$'
run --db "$db" --format csv -c 'query SELECT line, status FROM commands WHERE line LIKE '\''convert%'\'
expect_lines 3
expect_out '^convert --T 8 --images 8,done$'
run --db "$db" --format csv -c 'query SELECT count(*) FROM v_site_metrics WHERE site = '\''blocks.0.attn.qk'\'
expect_no_out '^0$'
run --db "$db" --format json -c 'show 3'
expect_status 0
expect_out '"run":3,.*"metrics":\[\{'
run --db "$db" -c 'show 999'
expect_refusal 2 'no run 999'
run --db "$db" --format csv -c 'query SELECT 1 AS a WHERE 0'
expect_out '^a$'

# What is only asked cannot write.
for sql in 'DELETE FROM runs' 'UPDATE runs SET kind = 1' 'DROP TABLE runs' "ATTACH 'x.db' AS x" 'PRAGMA user_version = 9' \
	'SELECT 1; SELECT 2' 'SELEC 1' "INSERT INTO runs DEFAULT VALUES"; do
	run --db "$db" -c "query $sql"
	expect_refusal 2 .
done
run --db "$db" --format csv -c 'query SELECT count(*) FROM runs WHERE kind = '\''step'\'
expect_out '^2$'
[ ! -e x.db ] || fail 'x.db should not be there'

run --db "$db" -c 'session new mine' -c 'session note it'\''s mine' -c 'session list'
expect_status 0
expect_out 'mine +.*it'\''s mine'
run --db "$db" -c 'session new mine'
expect_refusal 2 'mine'

# -c and -f stop at the first failure, standard input goes on.
run -c nonsense -c 'help quit'
expect_status 2
expect_no_out quit
printf 'help quit\nnonsense\nhelp load\n' >"$cli_tmp/bad"
run -f "$cli_tmp/bad"
expect_status 2
expect_err 'line 2'
expect_no_out '^load'
"$SPIKESCOPE" --no-config <"$cli_tmp/bad" >"$cli_tmp/out" 2>"$cli_tmp/err"
status=$? said='standard input'
expect_status 2
expect_out '^load'
printf 'image 0\nquit\nnonsense\n' | "$SPIKESCOPE" --no-config >"$cli_tmp/out" 2>"$cli_tmp/err"
status=$?
expect_status 1
expect_err 'type: load PATH'
echo "source $cli_tmp/itself" >"$cli_tmp/itself"
run -c "source $cli_tmp/itself"
expect_status 1
expect_err 'does it source itself'

# The command line wins over the config file.
mkdir -p "$XDG_CONFIG_HOME/spikescope"
printf 'set format json\nset size 50x12\n' >"$XDG_CONFIG_HOME/spikescope/config"
"$SPIKESCOPE" -c set >"$cli_tmp/out" 2>&1
expect_out '^\{"format":"json".*"size":"50x12"'
"$SPIKESCOPE" --format csv -c set >"$cli_tmp/out" 2>&1
expect_out '^csv,'
run -c set
expect_out '^format +table'

# An interrupted run keeps what it has, and says so.
"$SPIKESCOPE" --no-config --db "$db" --example -c 'run 4096' >"$cli_tmp/out" 2>"$cli_tmp/err" &
pid=$!
for _ in $(seq 300); do
	"$SPIKESCOPE" --no-config --db "$db" --format csv -c 'query SELECT kind FROM runs WHERE status = '\''running'\' 2>/dev/null |
		grep -q step && break
	sleep 0.05
done
kill -INT "$pid"
wait "$pid"
status=$? said='an interrupted run'
expect_status 130
run --db "$db" --format csv -c 'runs 1'
expect_out ',step,cancelled,'

finish
