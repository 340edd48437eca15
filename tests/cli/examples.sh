#!/bin/bash
# The scripts of examples/ run to their end and say what they promise.
. tests/support/cli.sh

for script in examples/scripts/*.sks; do
	run -f "$script"
	expect_status 0
done
run --format json -f examples/scripts/recipes.sks
expect_status 0
expect_out '"images":100'
run -f examples/scripts/first-steps.sks
expect_out 'estimate'
expect_out '^16 '

# The range that is too narrow costs accuracy, and the wider one gives it back.
run --format json -f examples/scripts/narrow-range.sks
expect_status 0
grep -o '"t":8,"accuracy":[0-9.]*' "$cli_tmp/out" | cut -d: -f3 >"$cli_tmp/accuracy"
[ "$(wc -l <"$cli_tmp/accuracy")" -eq 3 ] || fail 'three evaluations were expected'
tr '\n' ' ' <"$cli_tmp/accuracy" | awk '{ exit !($2 < $1 - 0.02 && $3 > $1 - 0.011) }' ||
	fail "the accuracy should fall and come back: $(tr '\n' ' ' <"$cli_tmp/accuracy")"
expect_out '"stopped":\{"number":1,"condition":"range\(blocks\.\*\) > 0","where":"blocks\.[0-3]\.mlp\.act"'

finish
