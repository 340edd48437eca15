#!/bin/sh
# The manual page of the commands is what the command table says.
set -eu
"$SPIKESCOPE" --man-commands >"$TMPDIR/commands.7"
diff -u man/spikescope-commands.7 "$TMPDIR/commands.7" || {
	echo 'the page is out of date; type: make docs'
	exit 1
}
