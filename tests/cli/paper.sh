#!/bin/bash
# The scripts of the paper's experiments: where nothing lies ready they name it, and with
# pictures and checkpoints in place they print their table.
. tests/support/cli.sh

run -f examples/paper.sks
expect_status 3
expect_err 'checkpoints/clip-vit-base-patch32: no such folder'
expect_err 'zero-shot.sks, line'

# batch FILE HEADER PICTURES: as CIFAR has them, HEADER bytes before each picture; small labels.
batch() {
	awk -v header="$2" -v pictures="$3" 'BEGIN {
		for (p = 0; p < pictures; p++) {
			for (i = 0; i < header; i++)
				printf "%c", p + 1
			for (i = 0; i < 3072; i++)
				printf "%c", 33 + int(40 + 40 * sin(0.02 * i * (p + 1))) % 90
		}
	}' >"$1"
}

here=$cli_tmp/here
cifar=$here/data/cifar-10-batches-bin
mkdir -p "$cifar" "$here/checkpoints"
ln -s "$PWD/examples" "$here/examples"
ln -s "$PWD/examples/cifar10-vit" "$here/checkpoints/vit-cifar10"
ln -s "$PWD/examples/cifar10-resnet20" "$here/checkpoints/resnet20-cifar10"
batch "$cifar/test_batch.bin" 1 2
batch "$cifar/data_batch_1.bin" 1 3
printf '%s\n' airplane automobile bird cat deer dog frog horse ship truck >"$cifar/batches.meta.txt"
cd "$here" || exit 1

# rows TEXT: so many rows of the table, and what the reference and the last step have.
rows() {
	said=$2
	printf '%s\n' "$out" | grep -E "$1" >"$cli_tmp/rows"
	[ "$(wc -l <"$cli_tmp/rows")" -eq "$3" ] || fail "$3 rows were expected of $1"
}

run --db "$here/a.db" -f examples/scripts/paper/here.sks
expect_status 0
expect_out '^model +recipe +data +ANN +T=4 +T=8 +T=16 +T=32 +T=64 +T=128 +T=256'
rows '^(cifar10-vit|cifar10-resnet20) +(sta|conventional|delta) +data/cifar-10-batches-bin' here.sks 3
# Again: what the notebook has is not computed again, and the table is whole.
run --db "$here/a.db" -f examples/scripts/paper/here.sks
expect_status 0
expect_err 'going on from run'
rows '^(cifar10-vit|cifar10-resnet20) +(sta|conventional|delta) +data/cifar-10-batches-bin' here.sks 3

# The other scripts up to the first checkpoint that is not here.
run --db "$here/b.db" -f examples/scripts/paper/fine-tuned.sks
expect_refusal 3 'checkpoints/vit-cifar100: no such folder'
rows '^ *256 ' fine-tuned.sks 1

finish
