#!/bin/bash
# The reference network's logits, against those that other code computed.
. tests/support/cli.sh

check() {
	local folder=tests/fixtures/$1
	shift
	run --format json -c "load $folder" -c "image $folder/expected.safetensors:pixel_values[0]" -c ann
	expect_status 0
	expect_lines 3
	tail -n 1 "$cli_tmp/out" | sed 's/.*"logits":\[\([^]]*\)\].*/\1/' | tr ',' ' ' >"$cli_tmp/logits"
	echo "$@" | awk -v file="$cli_tmp/logits" '
		{
			if ((getline line <file) <= 0 || split(line, got, " ") != NF) exit 1
			for (i = 1; i <= NF; i++) {
				d = got[i] - $i; if (d < 0) d = -d
				m = $i < 0 ? -$i : $i
				if (d > worst) worst = d
				if (m > largest) largest = m
			}
			exit !(worst <= 1e-4 * largest)
		}' || fail "the logits should be $*, within 1e-4 of the largest"
}

check hf_vit 1.3748711 -1.5205557 1.2027168 -1.0560249 1.0177850 1.7564647 -1.9673454
check hf_deit 0.9549056 -0.0422757 0.6603609 0.4794848 0.6219031 -1.7390538 0.1203550
check timm_vit 1.3748678 -1.5205556 1.2027190 -1.0560191 1.0177828 1.7564669 -1.9673513

finish
