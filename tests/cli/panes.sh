#!/bin/bash
# What keys do in the panes is commands: here they are typed. Also layouts, bindings,
# the tutorial, and the single neuron.
. tests/support/cli.sh
db=$cli_tmp/notebook.db
run --db "$db" -c "load $digits" -c 'convert --T 8 --images 4' -c 'plan save sta8'
expect_status 0
begin=(--db "$db" --size 120x30 -c "load $digits" -c "image $digits/8.png" -c 'plan open sta8' -c 'step 4')

run "${begin[@]}" --format json -c 'select layer 2' -c 'select head +1' -c 'select q 3 5' -c 'select k +1' -c 'select neuron 7' -c 'set'
expect_status 0
expect_out '"layer":2,"head":1,"q":3,"k":6,"site":"blocks\.2\.mlp\.act\.out","neuron":7'
run "${begin[@]}" --format json -c 'select site first' -c 'select site -5' -c 'select site last' -c 'select site +5' -c set
expect_out '"site":"head"'
run "${begin[@]}" -c 'select layer 99'
expect_refusal 2 'from 0 to 3'
run "${begin[@]}" -c 'select nothing +1'
expect_refusal 2 'none of site, layer'
run "${begin[@]}" -c 'find rsqrt' -c 'find rsqrt' -c 'find --worst'
expect_status 0
expect_out '^site +blocks\.[0-3]\.'
run "${begin[@]}" -c 'find nothing'
expect_refusal 1 'no site'

# Every site with the largest error is named first, and found by one key.
worst=$("$SPIKESCOPE" --no-config --format json "${begin[@]}" -c 'find --worst' 2>/dev/null | tail -n 1 | grep -o 'blocks[a-z0-9.]*')
run "${begin[@]}" -c 'view model --size 60x20'
expect_out "^│! $worst "

run "${begin[@]}" -c 'focus product' -c 'view overview'
expect_out '^┌ product'
run "${begin[@]}" -c 'focus attention' -c look -c 'view overview' -c out -c 'view overview'
expect_out '^┌ product'
expect_out '^┌ model'
run "${begin[@]}" -c 'focus raster' -c maximise -c 'zoom +2' -c 'view overview'
expect_out '^┌ raster'
run "${begin[@]}" -c 'focus overview'
expect_refusal 2 'overview'

run "${begin[@]}" -c 'layout neurons' -c 'view overview'
expect_status 0
expect_out 'neuron blocks'
run "${begin[@]}" -c 'session new lay' -c 'layout save mine 1 readout | 2 product/error' -c 'bind --pane raster y back' -c 'bind x step 5'
expect_status 0
run --db "$db" --size 120x30 -c 'session open lay' -c 'layout list' -c bind -c 'view overview'
expect_out '^mine +yes +1 readout \| 2 product/error$'
expect_out '^x +all +step 5 +yes$'
expect_out '^y +raster +back +yes$'
expect_out '^┌ readout'
run -c 'layout save bad model | nothing'
expect_refusal 2 'nothing'
run -c 'layout save bad overview'
expect_refusal 2 'overview'
run -c 'layout nothing'
expect_refusal 2 'nothing'
run -c 'bind x nonsense'
expect_refusal 2 'nonsense'
run -c 'bind nokey step'
expect_refusal 2 'no key'
run -c 'bind x step 5' -c 'unbind x' -c 'unbind s' -c bind
expect_out '^s +all +yes$|^s +all +- +yes$|^s +all +  +yes$'

# What only moves is not kept in the notebook.
run --db "$db" --format csv -c "query SELECT count(*) FROM commands WHERE line LIKE 'select %' OR line LIKE 'focus %'"
expect_out '^0$'

# Every view is a file too.
saves=()
for view in model attention patches product selected neuron raster histogram readout error residual image; do
	for kind in svg pdf png txt; do
		saves+=(-c "save $cli_tmp/$view.$kind $view")
	done
done
run "${begin[@]}" -c 'neuron if' "${saves[@]}" -c "save $cli_tmp/single.svg single"
expect_status 0
[ "$(find "$cli_tmp" -name '*.*g' -size +1k -o -name '*.pdf' -size +1k | wc -l)" -eq 37 ] || fail '37 pictures were expected'
head -c 4 "$cli_tmp/product.pdf" | grep -q '%PDF' || fail 'product.pdf is no PDF'

for scene in 1 8 10; do
	run --db "$cli_tmp/scene$scene.db" -c "tutorial $scene"
	expect_status 0
	expect_out "^$scene/10 "
	expect_out 'Try: '
done
run -c 'load examples/cifar10-resnet20' -c 'tutorial next'
expect_refusal 1 'loads its own model in place of cifar10-resnet20; type: tutorial 1'
run -c 'tutorial 11'
expect_refusal 2 'no scene'

run -c 'neuron lif --current 1.5 --tau 10 --steps 100'
expect_status 0
expect_out 'single neuron: lif'
run --format json -c 'neuron if --current 0.25 --steps 16'
expect_out '"events":4\.0,.*"decoded":0\.25,'
run -c 'neuron nothing'
expect_refusal 2 'if, lif, signed'
run -c 'neuron if --train 1,x'
expect_refusal 2 'train'
run --format json -c 'neuron mt --once --current 5 --steps 2 --set levels=2,repeat=2'
expect_out '"decoded":5\.0,.*"sent":4\.0,'
run -c 'neuron mt --set levels=99'
expect_refusal 2 'whole number from 1 to 8'
run -c 'neuron if --set levels=2'
expect_refusal 2 'if has no levels'
run -c 'neuron if --tau 3'
expect_refusal 2 'if has no tau'
run -c 'help neuron'
expect_out 'levels 1 to 8'
run -c 'neuron lif --dt 99'
expect_refusal 2 'dt'

finish
