#!/bin/bash
# A residual network through the commands: loading, stepping, views, studies.
. tests/support/cli.sh

net=examples/cifar10-resnet20

run --format json -c "load $net" -c "model layer2.0*"
expect_status 0
expect_out '"family":"resnet"'
expect_out '"site":"layer2.0.downsample","shape":"16x16x32"'

# Pictures that are tensors bring their size.
if [ -d "$SPIKESCOPE_SHARED/fixtures/tv_resnet_basic" ]; then
	folder=$SPIKESCOPE_SHARED/fixtures/tv_resnet_basic
	run --format json -c "load $folder" -c "image $folder/expected.safetensors:pixel_values[0]" -c ann -c model
	expect_status 0
	expect_out '"image_size":64'
	expect_err 'now for pictures of 64 x 64'
else
	echo "SKIP: torchvision's residual networks are not in $SPIKESCOPE_SHARED"
fi

run -c "load $net --size 31"
expect_status 2
run -c "load tests/fixtures/hf_vit --size 64"
expect_status 2
expect_err 'only residual networks'

# Converted and stepped with pictures that are here: forwards, back to the same bits, entered.
session=(-c "load $net" -c 'data tests/fixtures/pillow' -c 'convert --recipe delta --T 6 --images 3' -c 'image 0')
run --format json "${session[@]}" -c 'step 6' -c 'back 2' -c 'step 2'
expect_status 0
[ "$(grep -o '"state_hash":"[0-9a-f]*"' "$cli_tmp/out" | tail -n 1)" = "$(grep '"t":6' "$cli_tmp/out" |
	grep -o '"state_hash":"[0-9a-f]*"' | head -n 1)" ] || fail 'back and forwards should end in the same state'
run "${session[@]}" -c 'step --site' -c 'step --site' -c 'break error(layer3.*) > 0.001' -c 'step 3'
expect_status 0
expect_err 'layer3\.[0-9.a-z]* has '
run "${session[@]}" -c 'step 2' -c 'split sta' -c 'step 2' -c 'audit layer1.*' -c 'bench --t 2 --repeats 1 --sites'
expect_status 0
expect_out '^layer1\.0\.relu1 +spiking +mt'
expect_out '^relu '

# Every view fits any size; those of attention say that there is none.
for size in 3x2 20x5 61x13 150x50; do
	run --size "$size" "${session[@]}" -c 'step 2' -c 'view overview' -c 'view features' -c 'view features relu --neuron 37' \
		-c 'view features pool' -c 'view neuron relu' -c 'view raster' -c 'view selected' -c 'view error' -c 'view residual' \
		-c 'view image' -c 'view histogram' -c 'view model'
	expect_status 0
done
run --size 150x40 "${session[@]}" -c 'step 2' -c 'view features layer2.0'
expect_out 'estimate .* ANN .* difference'
for view in attention product patches; do
	run "${session[@]}" -c 'step 2' -c "view $view"
	expect_refusal 2 'no attention'
done
run "${session[@]}" -c 'select head 0'
expect_refusal 2 'no heads'
run -c "load $digits" -c 'view features'
expect_refusal 2 'no feature maps'
run -c "load $digits" -c "data $digits/test.safetensors" -c 'convert --recipe conventional'
expect_refusal 2 'for residual networks'

finish
