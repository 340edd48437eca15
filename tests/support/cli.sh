# shellcheck shell=bash
# For tests of the command line: what the program says, and checks of it.
# Sourced from the repository's root; $SPIKESCOPE is the program.
set -u

cli_tmp=$(mktemp -d "${TMPDIR:-/tmp}/spikescope-cli.XXXXXX") || exit 1
trap 'rm -rf "$cli_tmp"' EXIT
digits=examples/digits-vit
failures=0

# run WORDS...: sets $out, $err and $status.
run() {
	said="spikescope $*"
	"$SPIKESCOPE" --no-config "$@" >"$cli_tmp/out" 2>"$cli_tmp/err"
	status=$?
	out=$(cat "$cli_tmp/out")
	err=$(cat "$cli_tmp/err")
}

fail() {
	printf 'FAIL: %s\n  after: %s\n  status %s\n' "$1" "$said" "$status"
	printf '%s\n' "$out" | head -n 8 | sed 's/^/  out: /'
	printf '%s\n' "$err" | head -n 8 | sed 's/^/  err: /'
	failures=$((failures + 1))
}

expect_status() { [ "$status" -eq "$1" ] || fail "status $1 was expected"; }
expect_out() { grep -Eq -- "$1" "$cli_tmp/out" || fail "results should match: $1"; }
expect_no_out() { ! grep -Eq -- "$1" "$cli_tmp/out" || fail "results should not match: $1"; }
expect_err() { grep -Eq -- "$1" "$cli_tmp/err" || fail "messages should match: $1"; }
expect_lines() { [ "$(wc -l <"$cli_tmp/out")" -eq "$1" ] || fail "$1 lines were expected"; }

# What a wrong input must come to: this status, one line of error that matches, no crash.
expect_refusal() {
	expect_status "$1"
	expect_err "$2"
	[ "$(grep -c '^error: \|^spikescope: ' "$cli_tmp/err")" -eq 1 ] || fail 'one line of error was expected'
	! grep -q 'Sanitizer\|runtime error' "$cli_tmp/err" || fail 'a sanitizer complains'
}

finish() { [ "$failures" -eq 0 ]; exit; }
