#!/bin/sh
# Without a terminal the embedded example shows its first step as text.
set -eu
"$SPIKESCOPE" --example </dev/null >"$TMPDIR/screen"
grep -q '^t=1 .*logit rmse' "$TMPDIR/screen" || {
	echo 'no line about the first step:'
	cat "$TMPDIR/screen"
	exit 1
}
