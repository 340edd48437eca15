#!/bin/bash
# CLIP by the commands a user types; the logits are those of OpenAI's code.
. tests/support/cli.sh
clip=tests/fixtures/hf_clip
start=(--db "$cli_tmp/a.db" -c "load $clip")

run "${start[@]}"
expect_status 0
expect_err 'has no classes yet; type: prompt'
run "${start[@]}" -c 'image 0'
expect_refusal 1 'type: prompt'
run "${start[@]}" -c 'prompt cat dog'
expect_refusal 3 'no vocabulary here.*--vocabulary'
run "${start[@]}" -c 'prompt --classes examples/templates/photos.txt --templates photos'
expect_refusal 3 'no vocabulary here'
run "${start[@]}" -c "prompt --tokens $clip/expected.safetensors:input_ids" -c "image $clip/expected.safetensors:pixel_values[0]" -c ann \
	-c 'convert --recipe delta --T 6' -c 'step 6'
expect_status 0
expect_out '^logits   -2.159 1.031 -3.697 -2.404 0.7894$'
expect_out '^6  text 1 .* text 1 '
run -c "load $digits" -c 'prompt cat'
expect_refusal 1 'has classes of its own'

# A vocabulary of another model.
if [ -e ../shared/data/clip/bpe_simple_vocab_16e6.txt.gz ]; then
	run "${start[@]}" -c "prompt cat --vocabulary ../shared/data/clip/bpe_simple_vocab_16e6.txt.gz"
	expect_refusal 3 'the vocabulary has 49408 tokens, the text tower knows 300'
else
	echo 'skipped: ../shared/data/clip is not there'
fi

finish
