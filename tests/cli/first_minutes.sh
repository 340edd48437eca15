#!/bin/bash
# What somebody tries who has never seen the program, on lines and in the panes.
. tests/support/cli.sh
db=$cli_tmp/notebook.db

# ~ is a home in every path.
cp -r "$digits" "$HOME/digits"
run -c 'load ~/digits' -c 'data ~/digits/test.safetensors' -c 'image ~/digits/8.png' -c 'ann' -c 'save ~/picture.txt image' \
	-c 'convert --T 8 --images 8 --calibration=~/digits/test.safetensors' -c 'step' -c 'write head ~/head.npy'
expect_status 0
[ -s "$HOME/picture.txt" ] && [ -s "$HOME/head.npy" ] || fail 'files should be in the home'
echo 'classes' >"$HOME/tour"
run --db '~/mine.db' '~/digits' -f '~/tour' -c 'source "~/tour"' -c 'report s1 ~/page.md' -c 'export s1 ~/copy.db'
expect_status 0
[ -s "$HOME/mine.db" ] && [ -s "$HOME/page.md" ] && [ -s "$HOME/copy.db" ] || fail 'the notebook should be in the home'
[ ! -e '~' ] || fail 'no file should be called ~'
run -c 'load ~nobody-of-this-name/x'
expect_refusal 3 '^error: ~nobody-of-this-name/x'

# Words of gdb, less and vi.
for word in '?' h help man; do
	run -c "$word quit"
	expect_out '^quit'
done
for word in q exit quit :q :quit; do
	run -c "$word" -c nonsense
	expect_status 0
done
run "$digits" -c "image $digits/8.png" -c next -c 'continue 3' -c finish -c bt --format json
expect_status 0
expect_out '"t":4,"T":'
run -c foo
expect_refusal 2 'no command "foo"; type: help'

# The notebook: a look leaves no session, show shows the last run of any.
run --db "$db" -c help -c 'session list' -c 'runs'
run --db "$db" --format csv -c 'query SELECT count(*) FROM sessions'
expect_out '^0$'
run --db "$db" -c show
expect_refusal 1 'no run yet'
run --db "$db" "$digits" -c "image $digits/8.png" -c 'step 2'
run --db "$db" --format csv -c 'query SELECT count(*) FROM sessions'
expect_out '^1$'
run --db "$db" -c show
expect_status 0
expect_out '^run +[0-9]'

# Words.
run -c 'help words'
for word in site spike quantum event alarm rung estimate correction decoding analog UGO limit; do
	expect_out "^$word$"
done
run -c 'help quanta'
expect_out '^quantum'
run -c 'help sta'
expect_out '^sta, a recipe'
expect_no_out '^state'
run -c 'apropos colour'
expect_out '^  set color'
run -c 'apropos quantum'
expect_out '^  help quantum'

# Where one is, in one line.
run "$digits" -c "image $digits/8.png" -c 'step 3' -c 'back 2'
expect_no_out 'bytes|checkpoint'
expect_out '^1 +[0-9a-f]{12} '

command -v tmux >/dev/null || { echo 'tmux is not installed'; finish; }
# A server for each: one that is being killed would take the next one's session with it.
begun=0
server=
mux() { tmux -L "$server" -f /dev/null "$@"; }
trap 'mux kill-server 2>/dev/null; rm -rf "$cli_tmp"' EXIT

# begin COLUMNS ROWS WORDS...: the program in a terminal.
begin() {
	said="tmux of $1x$2: ${*:3}"
	server=spikescope-first-$$-$((++begun))
	status=0
	mux new-session -d -x "$1" -y "$2" "PAGER= $SPIKESCOPE --no-config --db $cli_tmp/t.db ${*:3}; echo left with \$?; sleep 60"
}
screen() { mux capture-pane -p 2>/dev/null; }
await() {
	for _ in $(seq 400); do
		screen | grep -qE -- "$1" && return
		sleep 0.05
	done
	out=$(screen) err=
	fail "the screen should show: $1"
}
type_line() { mux send-keys -l -- "$1" && mux send-keys Enter; }

# Two lines of welcome; nothing is longer than a line; progress is gone before the result.
begin 80 24
await '^spikescope .*help.*tutorial.*q leaves$'
await '^to begin: '
type_line "load $digits"
type_line "data $digits/test.safetensors"
type_line 'convert --T 32 --images 64'
type_line 'eval 400 --t 1,2,4,8,16,32,64'
await '^seconds '
screen | grep -Eq 'left[a-z]' && fail 'progress should be gone'
# The first screenful of a long answer, as any pager shows it.
if command -v less >/dev/null; then
	type_line help
	await '^Models, pictures'
	await '^:'
	mux send-keys q
	await '^\(spikescope\) *$'
fi
type_line 'set pager off'
type_line 'help'
await 'As in gdb'
mux send-keys -R
type_line runs
await 'for want of room without'
screen | awk 'length($0) > 80' | grep -q . && fail 'a line is too long'
type_line q
await 'left with 0'
mux kill-server

begin 80 24
await '^session resume goes on with s1, digits-vit$'
type_line exit
await 'left with 0'
mux kill-server

# The panes: a line of keys, spikes that are spikes, long answers from their beginning.
begin 80 24 --example
await '^ Tab panes  \? help  tutorial .*q quit'
await 'spikes/t 114k'
mux send-keys Tab
await '^ s step  b back .*\? keys  q leave'
mux send-keys :
type_line 'step'
await '^t=2 '
mux send-keys Enter
await '^t=3 '
type_line '?'
await '^. > \?|^.> \?'
await 'Models, pictures and the reference'
await 'Esc back to the panes'
mux send-keys PageDown
await 'info breakpoints|go back to t = 0'
mux send-keys Escape
await 'raster '
type_line ':quit'
await 'left with 0'

finish
