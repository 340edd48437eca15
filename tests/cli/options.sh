#!/bin/bash
# Options, help, versions, the manual page, and usage errors.
. tests/support/cli.sh

run --help
expect_status 0
expect_out '^Usage: spikescope'
[ "$(wc -l <"$cli_tmp/out")" -le 24 ] || fail '--help must fit a screen of 24 lines'
[ "$(wc -L <"$cli_tmp/out")" -le 80 ] || fail '--help must fit 80 columns'

run --version
expect_status 0
expect_out "^spikescope $(sed -n 's/.*SPIKESCOPE_VERSION "\(.*\)"/\1/p' src/spikescope.h)$"
for library in jansson SQLite cairo readline ncurses; do
	expect_out "$library [0-9]"
done

run --man-commands
expect_status 0
cmp -s "$cli_tmp/out" man/spikescope-commands.7 || fail 'man/spikescope-commands.7 is not current; type: make docs'

for wrong in --nonsense '--format xml' '--size 80' '--threads many' '--seed -1' '--color blue' 'a b' '--db'; do
	# shellcheck disable=SC2086
	run $wrong
	expect_status 2
	expect_err 'spikescope --help'
done

run -c help
expect_status 0
expect_out '^  convert '
expect_out '^  ugo fit '
run -c 'help conv'
expect_out '^convert .*--recipe NAME'
expect_out 'sta-release'
run -c 'help views'
expect_out '^  view '
expect_no_out '^  convert '
run -c 'help ugo'
expect_out 'ugo export'
run -c 'apropos threshold'
expect_out '^  convert '
run -c 'apropos xyzzy'
expect_refusal 1 'xyzzy'
run --format json -c 'help step'
expect_out '^\{"commands":\[\{"command":"step".*\}\]\}$'

run -c 'stpe 4'
expect_refusal 2 'did you mean "step"'
expect_err '^  stpe 4$'
expect_err '^  \^$'
run -c 'convert --hidden 0'
expect_refusal 2 'whole number from 1'
expect_err '^ {19}\^$'
run -c 'convert --flavour x'
expect_refusal 2 'no option --flavour'

finish
