#!/bin/bash
# What reaches a terminal: no byte of a stranger's text may drive it, in no format. A pty
# (script of util-linux) takes down what is printed; ESC, other controls, C1 and DEL are
# looked for in it.
. tests/support/cli.sh
command -v script >/dev/null || {
	echo 'skipped: script (util-linux) is not here to make a terminal'
	exit 77
}
esc=$(printf '\033') c1=$(printf '\302\233') del=$(printf '\177') raw=$(printf '\233')
evil="a${esc}[31mred${esc}]0;title$(printf '\007')b${c1}31mc${del}d"
export LC_ALL=C.UTF-8

# on_terminal WORDS...: $cli_tmp/seen holds what a terminal was sent.
on_terminal() {
	said="spikescope $*"
	printf '%q ' "$SPIKESCOPE" --no-config --color never "$@" >"$cli_tmp/command"
	echo >>"$cli_tmp/command"
	script -qec "bash $cli_tmp/command" /dev/null </dev/null >"$cli_tmp/seen" 2>&1
	tr -d '\r' <"$cli_tmp/seen" >"$cli_tmp/out"
	out=$(cat -v "$cli_tmp/out") err='' status=0
}

# Only text and newlines: C locale, so that bytes are bytes.
expect_clean() {
	LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$cli_tmp/out" && fail 'a control character reaches the terminal'
	LC_ALL=C grep -q "$(printf '\302[\200-\237]')" "$cli_tmp/out" && fail 'a C1 control reaches the terminal'
	iconv -f UTF-8 -t UTF-8 "$cli_tmp/out" >/dev/null 2>&1 || fail 'what reaches the terminal is no UTF-8'
}

db=$cli_tmp/evil.db
mkdir "$cli_tmp/$evil"
cp "$digits"/* "$cli_tmp/$evil/"
run --db "$db" -c "session new \"$evil\"" -c "session note $evil" -c "load \"$cli_tmp/$evil\"" -c "neuron if" \
	-c "query --save q SELECT 1 AS \"$evil\"" -c "image $digits/8.png" -c ann
expect_status 0
for format in table csv json markdown; do
	on_terminal --db "$db" --format "$format" -c "query SELECT 1 AS \"$evil\", '$evil' AS x, 'y' AS \"${raw}z\"" \
		-c 'query SELECT line FROM commands' -c runs -c 'session list' -c query -c 'show 1' -c "load \"$cli_tmp/$evil\""
	expect_clean
	expect_out 'red'
done
# Colours of ours are not taken away.
printf '%q ' "$SPIKESCOPE" --no-config --color always -c "load $digits" -c "image $digits/8.png" -c 'view image' >"$cli_tmp/command"
script -qec "bash $cli_tmp/command" /dev/null </dev/null >"$cli_tmp/out" 2>&1
grep -q "$esc\\[[0-9;]*m" "$cli_tmp/out" || fail 'the colours are gone'

# Words of commands and of the command line come back in messages.
on_terminal -c "ugo fit \"sin(x) + $evil\""
expect_clean
expect_out '\^'
on_terminal -c "$evil" -c "load \"$evil\"" -c "set $evil 1" -c "view \"$evil\"" -c "source \"$evil\"" -c "help \"$evil\""
expect_clean
on_terminal "$digits" "$evil"
expect_clean
expect_out 'one MODEL only'
on_terminal "--$evil"
expect_clean
on_terminal --format "$evil"
expect_clean
on_terminal -f "$evil"
expect_clean

# A file gets what there is, and JSON is the same text in other words.
run --format csv -c "query SELECT '$evil' AS x"
grep -q "$esc" "$cli_tmp/out" || fail 'a CSV file should hold the text itself'
run --format json -c "query SELECT '$evil' AS x"
expect_out 'u001B.*u009B.*u007F'
finish
