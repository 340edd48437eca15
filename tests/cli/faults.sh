#!/bin/bash
# Some of the faults that `make test-nomem` tries all of: the n-th allocation fails, the n-th
# call of SQLite to its files.
"$(dirname "$SPIKESCOPE")/tests/faults/stages" --every "${FAULTS_EVERY:-61}" --most "${FAULTS_MOST:-2}"
