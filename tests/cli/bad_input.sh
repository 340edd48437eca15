#!/bin/bash
# What strangers may bring: one clear line, the right status, nothing half-written.
. tests/support/cli.sh

# put NUMBER: eight bytes, little-endian.
put() {
	local i
	for ((i = 0; i < 8; i++)); do
		# shellcheck disable=SC2059
		printf "\\x$(printf %02x $((($1 >> (8 * i)) & 255)))"
	done
}

model() {
	mkdir -p "$cli_tmp/model"
	cp "$digits/config.json" "$digits/model.safetensors" "$cli_tmp/model/"
	chmod u+w "$cli_tmp/model"/*
}

run -c 'load /nowhere/at/all'
expect_refusal 3 '/nowhere/at/all'
mkdir "$cli_tmp/empty"
run -c "load $cli_tmp/empty"
expect_refusal 3 'config.json'

model
truncate -s 5000 "$cli_tmp/model/model.safetensors"
run -c "load $cli_tmp/model"
expect_refusal 3 'model.safetensors'
{ put 9000000000000000000 && printf '{}'; } >"$cli_tmp/model/model.safetensors"
run -c "load $cli_tmp/model"
expect_refusal 3 'model.safetensors'
{ put 12 && printf '{"a":[[[[[[['; } >"$cli_tmp/model/model.safetensors"
run -c "load $cli_tmp/model"
expect_refusal 3 'model.safetensors'
head='{"vit.layernorm.weight":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}'
{ put ${#head} && printf '%s' "$head" && put 0 && put 0; } >"$cli_tmp/model/model.safetensors"
run -c "load $cli_tmp/model"
expect_refusal 3 'vit.layernorm.weight'
head='{"__metadata__":{}}'
{ put ${#head} && printf '%s' "$head"; } >"$cli_tmp/model/model.safetensors"
run -c "load $cli_tmp/model"
expect_refusal 3 'missing'
model
sed -i 's/"model_type": *"vit"/"model_type": "llama"/' "$cli_tmp/model/config.json"
run -c "load $cli_tmp/model"
expect_refusal 3 'llama'
model
echo '{' >"$cli_tmp/model/config.json"
run -c "load $cli_tmp/model"
expect_refusal 3 'config.json'
model
sed -i 's/"hidden_size": *[0-9]*/"hidden_size": 52/' "$cli_tmp/model/config.json"
run -c "load $cli_tmp/model"
expect_refusal 3 .
# Every weight NaN, after the header.
model
size=$(stat -c %s "$cli_tmp/model/model.safetensors")
length=$(od -An -tu8 -N8 "$cli_tmp/model/model.safetensors" | tr -d ' ')
{ head -c $((8 + length)) "$digits/model.safetensors" && head -c $((size - 8 - length)) /dev/zero | tr '\0' '\377'; } \
	>"$cli_tmp/model/model.safetensors"
run -c "load $cli_tmp/model"
expect_refusal 3 'NaN|finite|Inf'

# Pictures and data.
echo 'not a picture' >"$cli_tmp/cat.jpg"
run -c "load $digits" -c "image $cli_tmp/cat.jpg"
expect_refusal 3 'cat.jpg'
head -c 60 "$digits/8.png" >"$cli_tmp/cut.png"
run -c "load $digits" -c "image $cli_tmp/cut.png"
expect_refusal 3 'cut.png'
run -c "load $digits" -c "image $digits/test.safetensors:nothing[0]"
expect_refusal 3 'nothing'
run -c "load $digits" -c "data $digits/test.safetensors" -c 'image 100000'
[ "$status" -ne 0 ] || fail 'a picture past the end must be refused'
expect_err '100000'
head -c 4000 /dev/zero >"$cli_tmp/test_batch.bin"
run -c "data $cli_tmp/test_batch.bin"
expect_refusal 3 'test_batch.bin'
run -c "load $digits" -c 'image 0'
expect_refusal 1 'type: data PATH'
run -c 'ann'
expect_refusal 1 'type: load PATH'
run -c "load $digits" -c 'convert --recipe nonsense' -c 'state'
expect_refusal 2 'nonsense'
run -c "load $digits" -c 'view nonsense'
expect_refusal 2 'nonsense'
run -c 'ugo fit rsqrt --range -1,1'
expect_refusal 2 'rsqrt'
run -c 'ugo fit nonsense'
expect_refusal 2 'nonsense'
run -c 'source /nowhere'
expect_refusal 3 '/nowhere'
run -f /nowhere
expect_refusal 3 '/nowhere'

# Names may hold anything; the terminal must not see it.
run -c "load $cli_tmp/$(printf 'a\033[31mb')"
expect_refusal 3 'a.x1b\[31mb'
! grep -q "$(printf '\033')" "$cli_tmp/err" || fail 'an escape sequence came through'

# Databases.
echo 'not a database, but text that is long enough to look at' >"$cli_tmp/text.db"
run --db "$cli_tmp/text.db" -c help
expect_refusal 3 'text.db'
grep -q '^not a database' "$cli_tmp/text.db" || fail 'text.db was changed'
run --db "$cli_tmp/new.db" -c state
expect_status 0
# user_version stands at byte 60 of an SQLite file, big-endian.
printf '\0\0\377\377' | dd of="$cli_tmp/new.db" bs=1 seek=60 conv=notrunc status=none
run --db "$cli_tmp/new.db" -c state
expect_refusal 3 'newer'
run --db "$cli_tmp/no/folder/x.db" -c state
expect_refusal 3 'x.db'
# The default one is a convenience: without it the work goes on.
XDG_DATA_HOME=$cli_tmp/text.db run -c state
expect_status 0
expect_err 'warning: .*text.db'

# Full disks and readers that leave.
if [ -e /dev/full ]; then
	"$SPIKESCOPE" --no-config -c help >/dev/full 2>"$cli_tmp/err"
	status=$? said='help to a full disk'
	[ "$status" -ne 0 ] || fail 'a full disk must be noticed'
fi
run --example -c "write blocks.0.attn.q /nowhere/q.npy"
[ "$status" -ne 0 ] || fail 'a missing folder must be noticed'
expect_err '/nowhere/q.npy'
run --example -c "save /nowhere/q.svg"
[ "$status" -ne 0 ] || fail 'a missing folder must be noticed'

[ -z "$(find "$cli_tmp" -name '*.XXXXXX' -o -name '*.tmp*')" ] || fail 'something half-written was left'
finish
