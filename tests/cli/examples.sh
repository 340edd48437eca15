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

finish
