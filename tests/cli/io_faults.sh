#!/bin/bash
# The n-th write finds a full disk, the n-th read a bad one: what is written is whole or not there,
# nothing temporary stays, the notebook is whole. FAULTS_EVERY and FAULTS_MOST as for faults.sh.
. tests/support/cli.sh
if ! strace -o /dev/null true 2>/dev/null; then
	echo 'skipped: no strace on this machine, or it may not trace'
	exit 77
fi
every=${FAULTS_EVERY:-13} most=${FAULTS_MOST:-4}

# What is tried, in a folder of its own.
work() {
	"${@:2}" "$SPIKESCOPE" --no-config --db "$1/n.db" -c "load $digits" -c "data $digits/test.safetensors" -c 'image 3' \
		-c "save $1/o.svg image" -c 'ugo fit gelu --hidden 2 --name g' -c "ugo export g $1/u.safetensors" -c 'session list' \
		>"$cli_tmp/out" 2>"$cli_tmp/err"
}

whole() {
	local folder=$1
	[ -z "$(find "$folder" -name '*.tmp*' -o -name '*.part*')" ] || fail "temporary files are left: $(ls "$folder")"
	[ ! -e "$folder/o.svg" ] || grep -q '</svg>' "$folder/o.svg" || fail 'half a picture is left'
	if [ -e "$folder/u.safetensors" ]; then
		run --db :memory: -c "ugo import $folder/u.safetensors g"
		expect_status 0
	fi
	run --db "$folder/n.db" -c 'db check'
	expect_status 0
}

# fault CALLS ERROR: the n-th of these system calls, for some n, until there is no n-th any more.
fault() {
	local n folder calls=$1 error=$2 tried=0
	for ((n = 1; tried < most; n += every, tried++)); do
		folder=$cli_tmp/$error-$n
		mkdir "$folder"
		work "$folder" strace -f -qq -o "$cli_tmp/trace" -e "trace=$calls" -e "inject=$calls:error=$error:when=$n"
		status=$?
		said="n = $n: $error" out='' err=$(cat "$cli_tmp/err")
		[ $status -lt 128 ] || fail 'it crashed'
		grep -q INJECTED "$cli_tmp/trace" || break
		[ $status -eq 0 ] || grep -q '^error: \|^spikescope: \|error while loading shared' "$cli_tmp/err" || grep -q 'write(2.*INJECTED' "$cli_tmp/trace" ||
			fail 'it failed without a word'
		whole "$folder"
		rm -rf "$folder"
	done
	echo "$error: $tried tried"
}

fault write,pwrite64,writev ENOSPC
fault read,pread64 EIO
finish
