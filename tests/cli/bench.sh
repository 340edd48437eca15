#!/bin/bash
# What the machine does with a plan: `bench` and its view. Times are not judged.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
start=(--db "$db" -c "load $digits" -c "data $digits/test.safetensors" -c 'convert --recipe delta --T 4' -c 'image 3')

run "${start[@]}" -c 'bench --t 3 --repeats 2' -c 'view bench --size 70x24'
expect_status 0
expect_out '^processor +[A-Za-z]'
expect_out '^kernels +(plain|avx2|avx512|vnni|amx)$'
expect_out '^ceiling spikes +[0-9.]'
expect_out '^repeats +2$'
expect_out '^3 +[0-9.]+ [a-z]+ +[0-9.]+$'
expect_out 'bench: where a step goes'
expect_out '3 steps .*layer by layer .*ANN '
expect_out '^│mlp.act '

run "${start[@]}" -c 'bench --t 2 --repeats 1 --sites'
expect_status 0
expect_out '^blocks\.0\.mlp\.act +[0-9.]+ [a-z]+ '

run "${start[@]}" --format json -c 'bench --t 2 --repeats 1'
expect_status 0
expect_out '"reference_seconds":[0-9.e-]+,"stepped_seconds":[0-9.e-]+,"run_seconds":[0-9.e-]+,"state_bytes":[0-9]+'
expect_out '"steps":\[\{"t":1,"seconds":[0-9.e-]+,"ratio":[0-9.]+\},\{"t":2,'
expect_out '"sites":\[\{"site":"blocks\.0\.norm1\.center","seconds":[0-9.e-]+,"spikes":[0-9.]+,"rate":[0-9.]+,"bytes":[1-9][0-9]*\}'

run --db "$db" -c "load $digits" -c bench
expect_refusal 1 'image'
run "${start[@]}" -c 'bench --t 0'
expect_refusal 2 't'
run "${start[@]}" -c 'view bench --size 40x8'
expect_status 0
expect_out 'nothing measured yet'
run --db "$db" -c "query \"SELECT count(*) FROM run_metrics WHERE name = 'step_seconds'\""
expect_status 0
expect_out '^ *7$'
finish
