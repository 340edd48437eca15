#!/bin/bash
# Every block of docs/questions.md runs as it stands, in a notebook of its own, without an error.
. tests/support/cli.sh

awk -v dir="$cli_tmp" '
/^## / { n++ }
/^```/ { inside = !inside; next }
inside { print >(dir "/" sprintf("question%02d", n)) }' docs/questions.md

count=0
for block in "$cli_tmp"/question*; do
	count=$((count + 1))
	run --db "$cli_tmp/$count.db" -f "$block"
	expect_status 0
	[ "$(wc -l <"$cli_tmp/out")" -ge 3 ] || fail "question $count is hardly answered"
	! grep -q '^error' "$cli_tmp/err" || fail "question $count says error"
	[ "$(wc -l <"$block")" -le 5 ] || fail "question $count takes more than five commands"
done
[ "$count" -eq 10 ] || fail "there are $count questions, not ten"
finish
