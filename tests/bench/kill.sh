#!/bin/bash
# kill -9 at 200 random moments during eval, step, fit, import and migration.
cd "$(dirname "$0")/../.." || exit 1
KILLS=${KILLS:-200} exec tests/cli/kill.sh
