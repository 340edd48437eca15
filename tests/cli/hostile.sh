#!/bin/bash
# Files that somebody else has put there, or changes meanwhile: nothing hangs, nothing
# is followed, nothing dies, and what is wrong is said.
. tests/support/cli.sh

# Pipes without a writer and devices without an end, where a text file is read.
mkfifo "$cli_tmp/fifo" "$cli_tmp/fifo.csv"
ln -s /dev/zero "$cli_tmp/zero"
ln -s /dev/zero "$cli_tmp/zero.csv"
for file in fifo zero; do
	for command in "source $cli_tmp/$file" "ugo fit $cli_tmp/$file.csv" "energy --list --rules $cli_tmp/$file" \
		"prompt --templates $cli_tmp/$file" "image $cli_tmp/$file"; do
		said=$command
		timeout 20 "$SPIKESCOPE" --no-config --db :memory: -c "load $digits" -c "$command" >"$cli_tmp/out" 2>"$cli_tmp/err"
		status=$? out=$(cat "$cli_tmp/out") err=$(cat "$cli_tmp/err")
		[ $status -eq 1 ] || [ $status -eq 2 ] || [ $status -eq 3 ] || fail 'an error was expected'
	done
	timeout 20 "$SPIKESCOPE" --no-config --db :memory: -f "$cli_tmp/$file" >"$cli_tmp/out" 2>"$cli_tmp/err"
	status=$?
	expect_status 3
	expect_err 'not a file'
done
run --db :memory: -f /tmp
expect_refusal 3 'folder'
run --db :memory: -f /proc/self/mem
expect_status 3
expect_err 'cannot be read'

# Names of classes beside a stranger's batch.
mkdir "$cli_tmp/batches"
head -c 3073 /dev/urandom >"$cli_tmp/batches/data_batch_1.bin"
printf '\001' | dd of="$cli_tmp/batches/data_batch_1.bin" conv=notrunc status=none
mkfifo "$cli_tmp/batches/batches.meta.txt"
timeout 20 "$SPIKESCOPE" --no-config --db :memory: -c "data $cli_tmp/batches" >"$cli_tmp/out" 2>"$cli_tmp/err"
status=$?
expect_status 3
expect_err 'batches.meta.txt.*pipe'

# A name that could be guessed is a link to a file of the user's.
echo precious >"$cli_tmp/victim"
bash -c "cd '$cli_tmp' && for end in tmp part; do ln -s victim o.txt.\$\$.\$end; ln -s victim ex.db.\$\$.\$end; done
	exec '$SPIKESCOPE' --no-config --db notes.db -c 'neuron if' -c 'save o.txt single' -c 'export all ex.db'" >"$cli_tmp/out" 2>"$cli_tmp/err"
[ "$(cat "$cli_tmp/victim")" = precious ] || fail 'a link was followed'

# What a notebook and its copies hold is nobody else's business.
(umask 022 && run --db "$cli_tmp/private.db" -c 'db backup '"$cli_tmp/copy.db")
[ "$(stat -c %a "$cli_tmp/private.db" "$cli_tmp/copy.db" | tr '\n' ' ')" = '600 600 ' ] || fail 'a notebook that others may read'

# A session that was imported: what its keys would do is shown, and not done.
run --db "$cli_tmp/theirs.db" -c 'session new evil' -c 'session note look' -c 'bind s export all PWNED.db --force' -c 'bind --pane raster y source evil.sks' \
	-c 'layout save mine 1 readout | 2 product/error' -c "load $digits" -c 'break error(blocks.*.attn) > 0.1' -c 'set seed 5'
expect_status 0
ours=$cli_tmp/ours.db
run --db "$ours" -c "import $cli_tmp/theirs.db" -c 'bind q step 5' -c 'session open evil' -c bind -c 'info breakpoints' -c 'layout list' -c undo -c bind
expect_err 'key s: export all PWNED.db --force'
expect_err 'key y in raster: source evil.sks'
expect_err 'layout mine: 1 readout'
expect_err 'break error'
expect_err 'not taken.*--take'
expect_out '^q +all +step 5'
expect_no_out 'PWNED|evil.sks|mine +yes|error\(blocks'
run --db "$ours" -c 'session resume evil' -c bind
expect_no_out 'PWNED'
run --db "$ours" -c 'session open evil --take' -c bind -c 'info breakpoints' -c 'layout list'
expect_out '^s +all +export all PWNED.db --force'
expect_out 'mine +yes'
expect_out 'error\(blocks'
run --db "$ours" -c 'session open evil' -c bind
expect_out '^s +all +export all PWNED.db --force'
# Handed on, it is a stranger's again.
run --db "$cli_tmp/third.db" -c "import $ours" -c 'session open evil' -c bind
expect_no_out 'PWNED'

# A model and a data set that another program cuts off while they are in use: the commands
# come through a pipe, so that the cut can fall between two of them.
cp -r "$digits" "$cli_tmp/model"
mkfifo "$cli_tmp/lines"
"$SPIKESCOPE" --no-config --db :memory: <"$cli_tmp/lines" >"$cli_tmp/out" 2>"$cli_tmp/err" &
pid=$!
exec 7>"$cli_tmp/lines"
wait_for() {
	for _ in $(seq 200); do
		grep -q "$1" "$cli_tmp/out" "$cli_tmp/err" && return
		sleep 0.1
	done
	fail "waited for $1"
}
echo "load $cli_tmp/model" >&7
echo "data $cli_tmp/model/test.safetensors" >&7
echo 'image 0' >&7
echo 'help quit' >&7
wait_for 'leave'
truncate -s 2000 "$cli_tmp/model/model.safetensors"
truncate -s 20000 "$cli_tmp/model/test.safetensors"
echo ann >&7
echo 'convert --images 2' >&7
echo 'image 200' >&7
echo 'apropos quit' >&7
exec 7>&-
wait $pid
status=$? out=$(cat "$cli_tmp/out") err=$(cat "$cli_tmp/err") said='load, truncate, ann'
[ $status -lt 128 ] || fail "it was ended by a signal"
expect_out 'logit|probability'
expect_err 'did the file change'
finish
