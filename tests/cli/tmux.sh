#!/bin/bash
# The panes in a terminal that others wrote: tmux. Everything polls for what it expects.
. tests/support/cli.sh
command -v tmux >/dev/null || { echo 'tmux is not installed'; exit 77; }

# A server for each session: one that is being killed would take the next session with it.
server=spikescope-test-$$-0
mux() { tmux -L "$server" -f /dev/null "$@"; }
trap 'mux kill-server 2>/dev/null; rm -rf "$cli_tmp"' EXIT

# begin COLUMNS ROWS: starts the program on the example in a session of its own.
begin() {
	said="tmux of $1x$2"
	status=0
	server=spikescope-test-$$-$2
	mux new-session -d -x "$1" -y "$2" "$SPIKESCOPE --no-config --db $cli_tmp/notebook.db --example; echo left with \$?; sleep 60"
}

screen() { mux capture-pane -p 2>/dev/null; }

# await TEXT: until it shows.
await() {
	for _ in $(seq 400); do
		screen | grep -qF -- "$1" && return
		sleep 0.05
	done
	out=$(screen) err=
	fail "the screen should show: $1"
}

begin 120 40
await 'attention blocks.0 head 0, t 1/'
mux send-keys Tab s
await 't=2 '
mux send-keys Down Down w
await '> '
mux send-keys : 'goto 9' Enter
await 't=9 '
mux resize-window -x 60 -y 20
await 't=9 '
mux resize-window -x 120 -y 40
await 'selected: q 0, k 0'
mux send-keys 'quit' Enter
await 'left with 0'
mux kill-server

begin 80 24
await 'raster '
mux send-keys Tab Tab Enter
await 'product blocks.0 head 0'
mux send-keys Escape
await 'attention blocks.0'
mux send-keys '?'
await 'h head'
mux send-keys x q
await '(spikescope)'
mux send-keys 'quit' Enter
await 'left with 0'

finish
