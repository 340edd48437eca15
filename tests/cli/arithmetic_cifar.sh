#!/bin/bash
# The same as arithmetic.sh on the two networks for CIFAR-10, with any pictures: every recipe by two ways, and by all of
# them one.
. tests/support/cli.sh
. tests/support/hashes.sh

all=$(ways)
few=$(echo "$all" | tail -n 1)
for recipe in sta delta sta-release ternary ecmt dcgs conventional; do
	for model in vit resnet20; do
		case $model$recipe in
		vitconventional) continue ;;
		*delta) chosen=$all ;;
		*) chosen="avx2 $few" ;;
		esac
		check_hashes "cifar10-$model" "$recipe" "$(echo "$chosen" | tr ' ' '\n' | grep -Fx "$all")" \
			"examples/cifar10-$model" -c 'data tests/fixtures/pillow' -c 'image 0'
	done
done
finish
