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

finish
