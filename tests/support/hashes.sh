# shellcheck shell=bash
# For tests that every kernel and any number of threads give the same bits: what a run comes to, in hashes.
# Sourced after tests/support/cli.sh.

golden=tests/fixtures/arithmetic

# hashes RECIPE WORDS...: the plan's hash, the state's at t = 1 to 8, and those of logits, probabilities and ledger.
# WORDS open a model, data and a picture.
hashes() {
	local recipe=$1 steps=()
	shift
	for _ in 1 2 3 4 5 6 7 8; do steps+=(-c step); done
	run --db :memory: --format json "$@" -c ann -c "convert --recipe $recipe --T 8 --images 4" "${steps[@]}" -c 'energy 1 --t 4 --ledger'
	expect_status 0
	sed -n 's/.*"plan":"\([0-9a-f]*\)".*/plan \1/p' "$cli_tmp/out"
	sed -n 's/.*"state_hash":"\([0-9a-f]*\)".*/state \1/p' "$cli_tmp/out"
	printf 'logits %s\n' "$(grep -o '"logits":\[[^]]*\]' "$cli_tmp/out" | sha256sum | cut -c 1-32)"
	printf 'ledger %s\n' "$(grep '"ledger":' "$cli_tmp/out" | sed 's/"seconds":[-+0-9.e]*,*//g' | sha256sum | cut -c 1-32)"
}

# The ways that this machine has.
ways() {
	local way
	for way in plain avx2 avx512 vnni amx; do
		if SPIKESCOPE_KERNELS=$way "$SPIKESCOPE" --no-config --db :memory: </dev/null >/dev/null 2>&1; then
			echo "$way"
		else
			echo "skipped: no $way on this machine" >&2
		fi
	done
}

# check_hashes NAME RECIPE WAYS WORDS...: what is in $golden/NAME.RECIPE, by all WAYS, on one thread and two. With
# SPIKESCOPE_RECORD=1 it is written there instead.
check_hashes() {
	local file=$golden/$1.$2 recipe=$2 chosen=$3 way threads
	shift 3
	if [ -n "${SPIKESCOPE_RECORD:-}" ]; then
		hashes "$recipe" "$@" >"$file"
		return
	fi
	for way in $chosen; do
		for threads in 1 2; do
			export SPIKESCOPE_KERNELS=$way
			hashes "$recipe" --threads "$threads" "$@" >"$cli_tmp/hashes"
			unset SPIKESCOPE_KERNELS
			diff "$file" "$cli_tmp/hashes" >"$cli_tmp/diff" ||
				fail "$file: other bits from $way on $threads threads: $(head -n 2 "$cli_tmp/diff" | tr '\n' ' ')"
		done
	done
}
