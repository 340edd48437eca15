/* A JPEG or PNG, brought to the size of a small model. */
#include "tests/fuzz/support/fuzz.h"

#include "model/image/image.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_write("picture", data, size);
	float pixels[3 * 8 * 8];
	struct status st = {0};
	struct image image = {0};

	if (!image_read(path, &image, &st)) {
		fuzz_refused(&st);
		fuzz_check(!image.rgb, "a failure leaves no pixels");
		return 0;
	}
	fuzz_check(image.width > 0 && image.height > 0, "a picture has sides");
	if (!image_prepare(&image, fuzz_digits(), pixels, &st))
		fuzz_refused(&st);
	image_done(&image);
	return 0;
}
