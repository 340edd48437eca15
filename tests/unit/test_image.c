#include "model/image/image.h"
#include "tests/support/files.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include <png.h>
#include <zlib.h>

static const char fixtures[] = "tests/fixtures/pillow";

static struct image
read_fixture(const char *name)
{
	struct status st = {0};
	struct image image;
	char *path = files_path(fixtures, name);

	if (!image_read(path, &image, &st))
		fail_msg("%s", st.message);
	free(path);
	return image;
}

static struct image
read_ppm(const char *name)
{
	char *path = files_path(fixtures, name);
	size_t size, head;
	char *bytes = files_read(path, &size);
	struct status st = {0};
	struct image image;
	int width, height, used = 0;

	assert_int_equal(sscanf(bytes, "P6 %d %d 255%n", &width, &height, &used), 2);
	head = (size_t)used + 1;
	assert_true(image_new(&image, width, height, name, &st));
	assert_int_equal(size - head, width * height * 3);
	memcpy(image.rgb, bytes + head, size - head);
	free(bytes);
	free(path);
	return image;
}

/* The largest difference of two pictures of one size. */
static int
difference(const struct image *a, const struct image *b)
{
	int worst = 0;

	assert_int_equal(a->width, b->width);
	assert_int_equal(a->height, b->height);
	for (int i = 0; i < a->width * a->height * 3; i++)
		if (abs(a->rgb[i] - b->rgb[i]) > worst)
			worst = abs(a->rgb[i] - b->rgb[i]);
	return worst;
}

static void
resize_equals_pillow(void **state)
{
	static const struct {
		const char *name;
		enum interpolation interpolation;
	} cases[] = {
	    {"bicubic_32x32.ppm", INTERPOLATION_BICUBIC},   {"bilinear_32x32.ppm", INTERPOLATION_BILINEAR},
	    {"nearest_32x32.ppm", INTERPOLATION_NEAREST},   {"bicubic_97x80.ppm", INTERPOLATION_BICUBIC},
	    {"bilinear_97x80.ppm", INTERPOLATION_BILINEAR}, {"nearest_97x80.ppm", INTERPOLATION_NEAREST},
	    {"bicubic_13x47.ppm", INTERPOLATION_BICUBIC},   {"bicubic_61x20.ppm", INTERPOLATION_BICUBIC},
	    {"bicubic_150x9.ppm", INTERPOLATION_BICUBIC},   {"bilinear_1x1.ppm", INTERPOLATION_BILINEAR},
	    {"bicubic_3x2.ppm", INTERPOLATION_BICUBIC},
	};
	struct image source = read_fixture("source.png");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct image want = read_ppm(cases[i].name), got = {0};
		struct status st = {0};
		int worst;

		assert_true(image_resize(&source, want.width, want.height, cases[i].interpolation, &got, &st));
		worst = difference(&got, &want);
		print_message("%-20s largest difference %d\n", cases[i].name, worst);
		assert_int_equal(worst, 0);
		image_done(&got);
		image_done(&want);
	}
	image_done(&source);
}

static void
resize_to_own_size_copies(void **state)
{
	struct image source = read_fixture("source.png"), got;
	struct status st = {0};

	(void)state;
	assert_true(image_resize(&source, source.width, source.height, INTERPOLATION_BICUBIC, &got, &st));
	assert_int_equal(difference(&source, &got), 0);
	image_done(&got);
	image_done(&source);
}

/* Decoders other than libjpeg-turbo 2.1 may round differently by a level or two. */
static void
jpeg_equals_pillow(void **state)
{
	static const char *const names[] = {"colour", "progressive", "grey", "cmyk"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char file[64], golden[64];
		struct image got, want;
		int worst;

		snprintf(file, sizeof(file), "%s.jpg", names[i]);
		snprintf(golden, sizeof(golden), "%s.ppm", names[i]);
		got = read_fixture(file);
		want = read_ppm(golden);
		worst = difference(&got, &want);
		print_message("%-20s largest difference %d\n", file, worst);
		assert_true(worst <= 2);
		image_done(&got);
		image_done(&want);
	}
}

static void
check_prepared(const struct image *image, const struct model *model, const char *golden)
{
	char *path = files_path(fixtures, golden);
	size_t size, count = (size_t)(model->channels * model->image_size * model->image_size);
	float *want = files_read(path, &size), *got = calloc(count, sizeof(*got)), worst = 0;
	struct status st = {0};

	assert_int_equal(size, count * sizeof(*want));
	assert_true(image_prepare(image, model, got, &st));
	for (size_t i = 0; i < count; i++)
		worst = fmaxf(worst, fabsf(got[i] - want[i]));
	print_message("%-25s largest difference %g (at most 1e-6)\n", golden, (double)worst);
	assert_true(worst <= 1e-6f);
	free(got);
	free(want);
	free(path);
}

static struct image
turned(const struct image *in)
{
	struct status st = {0};
	struct image out;

	assert_true(image_new(&out, in->height, in->width, "turned", &st));
	for (int y = 0; y < out.height; y++)
		for (int x = 0; x < out.width; x++)
			memcpy(out.rgb + 3 * (y * out.width + x), in->rgb + 3 * (x * in->width + (in->width - 1 - y)), 3);
	return out;
}

static void
prepare_equals_torchvision_rules(void **state)
{
	struct model cifar = {.image_size = 32,
			      .channels = 3,
			      .prep = {.size = 32,
				       .resize = 35,
				       .interpolation = INTERPOLATION_BICUBIC,
				       .mean = {0.4914f, 0.4822f, 0.4465f},
				       .std = {0.247f, 0.2435f, 0.2616f}}};
	struct model half = cifar, grey = cifar;
	struct image source = read_fixture("source.png"), tall = turned(&source);

	(void)state;
	for (int c = 0; c < 3; c++)
		half.prep.mean[c] = half.prep.std[c] = 0.5f;
	grey.image_size = grey.prep.resize = grey.prep.size = 8;
	grey.channels = 1;
	grey.prep.mean[0] = 0.5f;
	grey.prep.std[0] = 0.25f;
	check_prepared(&source, &cifar, "prepared_35_32.f32");
	check_prepared(&tall, &half, "prepared_tall_35_32.f32");
	check_prepared(&source, &grey, "prepared_grey_8.f32");
	image_done(&tall);
	image_done(&source);
}

/* What show gives back is what prepare was given, for square models at the picture's size. */
static void
show_undoes_normalise(void **state)
{
	struct model model = {.image_size = 32, .channels = 3, .prep = {.mean = {0.5f, 0.4f, 0.3f}, .std = {0.2f, 0.3f, 0.25f}}};
	struct image small = read_ppm("bicubic_32x32.ppm");
	struct status st = {0};
	float pixels[3 * 32 * 32];
	uint8_t rgb[3 * 32 * 32];

	(void)state;
	assert_true(image_normalise(&small, &model, pixels, &st));
	image_show(&model, pixels, rgb);
	assert_memory_equal(rgb, small.rgb, sizeof(rgb));
	pixels[0] = NAN;
	pixels[1] = 1e9f;
	pixels[2] = -1e9f;
	image_show(&model, pixels, rgb);
	assert_int_equal(rgb[0], 0);
	assert_int_equal(rgb[3], 255);
	assert_int_equal(rgb[6], 0);
	image_done(&small);
}

static void
square_ignores_the_aspect(void **state)
{
	struct model model = {.image_size = 32,
			      .channels = 3,
			      .prep = {.resize = 32, .square = true, .interpolation = INTERPOLATION_BILINEAR, .std = {1, 1, 1}}};
	struct image source = read_fixture("source.png"), want = read_ppm("bilinear_32x32.ppm");
	struct status st = {0};
	float pixels[3 * 32 * 32];

	(void)state;
	assert_true(image_prepare(&source, &model, pixels, &st));
	for (int i = 0; i < 32 * 32; i++)
		assert_true(fabsf(pixels[i] - (float)want.rgb[3 * i] / 255) < 1e-6f);
	image_done(&source);
	image_done(&want);
}

static void
small_pictures_are_padded_with_black(void **state)
{
	struct model model = {
	    .image_size = 5, .channels = 3, .prep = {.resize = 2, .interpolation = INTERPOLATION_NEAREST, .std = {1, 1, 1}}};
	uint8_t white[3 * 2 * 2];
	struct image image = {2, 2, white};
	struct status st = {0};
	float pixels[3 * 5 * 5];

	(void)state;
	memset(white, 255, sizeof(white));
	assert_true(image_prepare(&image, &model, pixels, &st));
	for (int y = 0; y < 5; y++)
		for (int x = 0; x < 5; x++)
			assert_true(pixels[5 * y + x] == (y >= 1 && y < 3 && x >= 1 && x < 3 ? 1.0f : 0.0f));
}

struct png_form {
	const char *name;
	int depth, colour, interlace;
	int channels;     /* bytes per pixel in a row */
	uint8_t pixel[8]; /* of every pixel */
	uint8_t want[3];
};

static char *
write_png(const char *folder, const struct png_form *form, int width, int height)
{
	char *path = files_path(folder, form->name);
	FILE *file = fopen(path, "wb");
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_color palette[2] = {{1, 2, 3}, {10, 20, 30}};
	png_byte clear[2] = {255, 0};
	png_bytep row = calloc((size_t)width, 8);

	png_init_io(png, file);
	png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, form->depth, form->colour, form->interlace,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (form->colour == PNG_COLOR_TYPE_PALETTE) {
		png_set_PLTE(png, info, palette, 2);
		png_set_tRNS(png, info, clear, 2, NULL);
	}
	png_write_info(png, info);
	for (int x = 0; x < width; x++)
		memcpy(row + x * form->channels, form->pixel, (size_t)form->channels);
	for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
		for (int y = 0; y < height; y++)
			png_write_row(png, row);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	fclose(file);
	free(row);
	return path;
}

static void
png_forms_become_rgb(void **state)
{
	static const struct png_form forms[] = {
	    {"rgb.png", 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, 3, {9, 8, 7}, {9, 8, 7}},
	    {"adam7.png", 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, 3, {9, 8, 7}, {9, 8, 7}},
	    {"deep.png", 16, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, 6, {9, 255, 8, 128, 7, 0}, {9, 8, 7}},
	    {"grey.png", 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 1, {77}, {77, 77, 77}},
	    {"bits.png", 1, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, 1, {0xff}, {255, 255, 255}},
	    {"palette.png", 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, 1, {0}, {1, 2, 3}},
	    {"clear.png", 8, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, 1, {1}, {255, 255, 255}},
	    {"alpha.png", 8, PNG_COLOR_TYPE_RGB_ALPHA, PNG_INTERLACE_NONE, 4, {0, 100, 255, 51}, {204, 224, 255}},
	    {"greyalpha.png", 8, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_INTERLACE_NONE, 2, {0, 255}, {0, 0, 0}},
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		char *path = write_png(*state, &forms[i], 9, 5);
		struct status st = {0};
		struct image image;

		if (!image_read(path, &image, &st))
			fail_msg("%s", st.message);
		assert_int_equal(image.width, 9);
		assert_int_equal(image.height, 5);
		for (int p = 0; p < 9 * 5; p++)
			assert_memory_equal(image.rgb + 3 * p, forms[i].want, 3);
		image_done(&image);
		free(path);
	}
}

/* Reading must fail, and say all of words. */
static void
refuse(const char *path, const char *words)
{
	struct status st = {0};
	struct image image;

	assert_false(image_read(path, &image, &st));
	assert_int_equal(st.code, STATUS_DATA);
	if (!strstr(st.message, words) || strncmp(st.message, path, strlen(path)) != 0)
		fail_msg("'%s' should begin with the path and say '%s'", st.message, words);
}

/* No prefix of a picture is a picture, but for the last few bytes after its pixels. */
static void
cut_files_are_refused(void **state)
{
	static const char *const names[] = {"source.png", "colour.jpg", "progressive.jpg", "cmyk.jpg"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *golden = files_path(fixtures, names[i]);
		size_t size;
		void *bytes = files_read(golden, &size);

		for (size_t length = 0; length + 20 < size; length += 1 + length / 20) {
			char *path = files_write(*state, names[i], bytes, length);

			refuse(path, "");
			free(path);
		}
		free(bytes);
		free(golden);
	}
}

/* Changed bytes give a picture or an error, never a crash (the sanitizers look on). */
static void
damaged_files_do_no_harm(void **state)
{
	static const char *const names[] = {"source.png", "colour.jpg", "progressive.jpg", "cmyk.jpg"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *golden = files_path(fixtures, names[i]);
		size_t size;
		uint8_t *bytes = files_read(golden, &size);

		for (size_t at = 3; at < size; at += 1 + at / 16) {
			uint8_t kept = bytes[at];
			struct status st = {0};
			struct image image;
			char *path;

			bytes[at] ^= 0xff;
			path = files_write(*state, names[i], bytes, size);
			bytes[at] = kept;
			if (image_read(path, &image, &st))
				image_done(&image);
			else
				assert_int_equal(st.code, STATUS_DATA);
			free(path);
		}
		free(bytes);
		free(golden);
	}
}

static void
non_pictures_are_refused(void **state)
{
	static const char text[] = "only words\n";
	char *words = files_write(*state, "words.png", text, sizeof(text) - 1), *empty = files_write(*state, "empty.jpg", "", 0);
	char *gone = files_path(*state, "gone.png"), *pipe = files_path(*state, "pipe.png");

	refuse(words, "not a JPEG or PNG picture; convert it to PNG first");
	refuse(empty, "the file is empty");
	refuse(gone, "No such file");
	refuse(*state, "this is a folder");
	assert_int_equal(mkfifo(pipe, 0600), 0);
	refuse(pipe, "this is a pipe");
	free(words);
	free(empty);
	free(gone);
	free(pipe);
}

static void
put_u32(uint8_t *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A header that promises much and holds nothing. */
static void
huge_png_is_refused(void **state)
{
	uint8_t bytes[41] = {0x89, 'P', 'N', 'G', '\r',     '\n',     0x1a,     '\n', 0,   0,   0,  13,
			     'I',  'H', 'D', 'R', [24] = 8, [25] = 2, [36] = 9, 'I',  'D', 'A', 'T'};
	static const uint32_t sides[][2] = {{10001, 10000}, {0x1000000, 0x1000000}, {0x1000000, 100}};

	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++) {
		char *path;

		put_u32(bytes + 16, sides[i][0]);
		put_u32(bytes + 20, sides[i][1]);
		put_u32(bytes + 29, (uint32_t)crc32(0, bytes + 12, 17));
		path = files_write(*state, "bomb.png", bytes, sizeof(bytes));
		refuse(path, "pixels are more than 100 megapixels");
		free(path);
	}
}

static void
huge_jpeg_is_refused(void **state)
{
	char *golden = files_path(fixtures, "colour.jpg"), *path;
	size_t size, at;
	uint8_t *bytes = files_read(golden, &size);

	for (at = 2; at + 9 < size && !(bytes[at] == 0xff && bytes[at + 1] == 0xc0); at++)
		;
	assert_true(at + 9 < size);
	memset(bytes + at + 5, 0xf0, 4); /* height and width */
	path = files_write(*state, "bomb.jpg", bytes, size);
	refuse(path, "61680 x 61680 pixels are more than 100 megapixels");
	free(path);
	free(bytes);
	free(golden);
}

static void
thin_pictures_are_refused(void **state)
{
	struct model model = {
	    .image_size = 224, .channels = 3, .prep = {.resize = 224, .interpolation = INTERPOLATION_BICUBIC, .std = {1, 1, 1}}};
	struct status st = {0};
	struct image image;
	float unused;

	(void)state;
	assert_true(image_new(&image, 1, 20000000, "thin", &st));
	assert_false(image_prepare(&image, &model, &unused, &st));
	assert_non_null(strstr(st.message, "too long and thin"));
	image_done(&image);
	st = (struct status){0};
	assert_true(image_new(&image, 1, 1000000, "thin", &st));
	assert_false(image_prepare(&image, &model, &unused, &st));
	assert_non_null(strstr(st.message, "megapixels"));
	image_done(&image);
}

static void
other_channel_counts_are_refused(void **state)
{
	struct model model = {.image_size = 32, .channels = 4, .prep = {.resize = 32, .std = {1, 1, 1}}};
	struct image image = read_ppm("bicubic_32x32.ppm");
	struct status st = {0};
	float unused;

	(void)state;
	assert_false(image_prepare(&image, &model, &unused, &st));
	assert_non_null(strstr(st.message, "4 channels"));
	image_done(&image);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(resize_equals_pillow),
	    cmocka_unit_test(resize_to_own_size_copies),
	    cmocka_unit_test(jpeg_equals_pillow),
	    cmocka_unit_test(prepare_equals_torchvision_rules),
	    cmocka_unit_test(show_undoes_normalise),
	    cmocka_unit_test(square_ignores_the_aspect),
	    cmocka_unit_test(small_pictures_are_padded_with_black),
	    cmocka_unit_test_setup_teardown(png_forms_become_rgb, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(cut_files_are_refused, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(damaged_files_do_no_harm, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(non_pictures_are_refused, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(huge_png_is_refused, files_setup, files_teardown),
	    cmocka_unit_test_setup_teardown(huge_jpeg_is_refused, files_setup, files_teardown),
	    cmocka_unit_test(thin_pictures_are_refused),
	    cmocka_unit_test(other_channel_counts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
