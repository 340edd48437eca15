#include "base/text.h"
#include "model/data/dataset.h"
#include "model/image/image.h"
#include "tests/support/files.h"
#include "tests/support/models.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { RECORD = 3073 };

static const struct model vit32 = {.image_size = 32,
				   .channels = 3,
				   .prep = {.size = 32,
					    .resize = 35,
					    .interpolation = INTERPOLATION_BICUBIC,
					    .mean = {0.5f, 0.4f, 0.3f},
					    .std = {0.2f, 0.3f, 0.25f}}};
static const struct model vit2 = {
    .image_size = 2, .channels = 3, .prep = {.size = 2, .resize = 2, .square = true, .std = {1, 1, 1}}};

static void
refuse_open(const char *path, const char *words)
{
	struct status st = {0};

	assert_null(dataset_open(path, &st));
	models_refused(&st, STATUS_DATA, words);
	assert_memory_equal(st.message, path, strlen(path));
}

static void
refuse_picture(const char *text, const struct dataset *data, const struct model *model, enum status_code code, const char *words)
{
	float pixels[3 * 32 * 32];
	struct status st = {0};
	char *title;
	int label;

	assert_false(picture_get(text, data, model, pixels, &label, &title, &st));
	assert_null(title);
	models_refused(&st, code, words);
}

/* Record i of every batch here: label i % 10, the byte at plane c, position p is (i + 50 c + p) % 256. */
static void
fill_batch(uint8_t *bytes, int first, int count)
{
	for (int i = 0; i < count; i++) {
		*bytes++ = (uint8_t)((first + i) % 10);
		for (int c = 0; c < 3; c++)
			for (int p = 0; p < 1024; p++)
				*bytes++ = (uint8_t)(first + i + 50 * c + p);
	}
}

static char *
write_batch(const char *folder, const char *name, int first, int count)
{
	uint8_t *bytes = malloc((size_t)count * RECORD);
	char *path;

	fill_batch(bytes, first, count);
	path = files_write(folder, name, bytes, (size_t)count * RECORD);
	free(bytes);
	return path;
}

static void
cifar_batch_is_read(void **state)
{
	char *path = write_batch(*state, "any.bin", 0, 12),
	     *names = files_write(*state, "batches.meta.txt", "plane\r\n\ncar\x1b\n", 13);
	struct dataset *data = models_dataset(path);
	float pixels[3 * 1024], first;
	struct status st = {0};
	int label;

	assert_int_equal(dataset_count(data), 12);
	assert_int_equal(dataset_classes(data), 10);
	assert_string_equal(dataset_path(data), path);
	assert_string_equal(dataset_class(data, 0), "plane");
	assert_string_equal(dataset_class(data, 1), "car\\x1b");
	assert_null(dataset_class(data, 2));
	assert_null(dataset_class(data, 10));
	assert_true(dataset_get(data, 11, &vit32, pixels, &label, &st));
	assert_int_equal(label, 1);
	for (int c = 0; c < 3; c++)
		for (int p = 0; p < 1024; p++) {
			first = ((float)(uint8_t)(11 + 50 * c + p) / 255.0f - vit32.prep.mean[c]) / vit32.prep.std[c];
			assert_true(pixels[1024 * c + p] == first);
		}
	dataset_close(data);
	free(path);
	free(names);
}

static void
cifar_of_another_size_is_resized(void **state)
{
	char *path = write_batch(*state, "any.bin", 0, 1);
	struct dataset *data = models_dataset(path);
	float pixels[3 * 2 * 2];
	struct status st = {0};

	assert_true(dataset_get(data, 0, &vit2, pixels, NULL, &st));
	/* nearest takes (8, 8), (24, 8), ...: 32 * 8 + 8 = 264 = 8 mod 256 */
	assert_true(pixels[0] == 8 / 255.0f && pixels[1] == 24 / 255.0f && pixels[2] == 8 / 255.0f);
	assert_true(pixels[4] == 58 / 255.0f);
	dataset_close(data);
	free(path);
}

static void
cifar_folder_prefers_the_test_batch(void **state)
{
	char *two = write_batch(*state, "data_batch_2.bin", 3, 4), *one = write_batch(*state, "data_batch_1.bin", 0, 3), *test;
	struct dataset *data = models_dataset(*state), *alone;
	float pixels[3 * 1024];
	struct status st = {0};
	int label;

	assert_int_equal(dataset_count(data), 7);
	for (int i = 0; i < 7; i++) {
		assert_true(dataset_get(data, i, &vit32, pixels, &label, &st));
		assert_int_equal(label, i);
	}
	dataset_close(data);
	test = write_batch(*state, "test_batch.bin", 5, 2);
	data = models_dataset(*state);
	alone = models_dataset(test);
	assert_int_equal(dataset_count(data), 2);
	assert_string_equal(dataset_hash(data), dataset_hash(alone));
	dataset_close(data);
	dataset_close(alone);
	free(one);
	free(two);
	free(test);
}

static void
wrong_batches_are_refused(void **state)
{
	char *path = write_batch(*state, "wrong.bin", 0, 2), *empty = files_write(*state, "empty.bin", "", 0);
	float pixels[3 * 1024];
	struct status st = {0};
	struct dataset *data;
	FILE *file;

	refuse_open(empty, "0 bytes are not a CIFAR-10 batch");
	assert_int_equal(truncate(path, RECORD + 100), 0);
	refuse_open(path, "3173 bytes are not a CIFAR-10 batch: its size is a multiple of 3073 (100 bytes over)");
	assert_int_equal(truncate(path, 2 * RECORD), 0);
	file = fopen(path, "r+b");
	fseek(file, RECORD, SEEK_SET);
	fputc(200, file);
	fclose(file);
	data = models_dataset(path);
	assert_true(dataset_get(data, 0, &vit32, pixels, NULL, &st));
	assert_false(dataset_get(data, 1, &vit32, pixels, NULL, &st));
	models_refused(&st, STATUS_DATA, "record 1 has label 200");
	st = (struct status){0};
	assert_int_equal(truncate(path, RECORD), 0);
	assert_false(dataset_get(data, 1, &vit32, pixels, NULL, &st));
	models_refused(&st, STATUS_DATA, "did the file change?");
	dataset_close(data);
	free(path);
	free(empty);
}

static char *
copy_fixture(const char *folder, const char *name, const char *fixture)
{
	char *from = files_path("tests/fixtures/pillow", fixture), *path;
	size_t size;
	void *bytes = files_read(from, &size);

	path = files_write(folder, name, bytes, size);
	free(bytes);
	free(from);
	return path;
}

static void
class_folders_are_sorted_and_labelled(void **state)
{
	static const char *const names[] = {"b/2.png",    "b/10.JPG",  "a/x.jpeg",    "a/.hidden.png",
					    ".git/y.png", "plain.png", "c/notes.txt", "Z/z.jpg"};
	static const int labels[] = {0, 1, 2, 2};
	char *link = files_path(*state, "b/link.png");
	float pixels[3 * 2 * 2];
	struct status st = {0};
	struct dataset *data;
	int label;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		free(copy_fixture(*state, names[i], "colour.jpg"));
	data = models_dataset(*state);
	assert_int_equal(dataset_classes(data), 4);
	assert_string_equal(dataset_class(data, 0), "Z");
	assert_string_equal(dataset_class(data, 3), "c");
	assert_int_equal(dataset_count(data), 4);
	for (int i = 0; i < 4; i++) {
		assert_true(dataset_get(data, i, &vit2, pixels, &label, &st));
		assert_int_equal(label, labels[i]);
	}
	dataset_close(data);
	assert_int_equal(symlink("2.png", link), 0);
	data = models_dataset(*state);
	assert_int_equal(dataset_count(data), 5);
	dataset_close(data);
	free(link);
}

static void
plain_pictures_have_no_classes(void **state)
{
	char *first = copy_fixture(*state, "a.png", "source.png"), *second = files_write(*state, "b.png", "no\n", 3);
	char *inside = files_write(*state, "empty/notes.txt", "no\n", 3), hash[HASH_HEX];
	float pixels[3 * 2 * 2];
	struct status st = {0};
	struct dataset *data = models_dataset(*state);
	int label = 7;

	assert_int_equal(dataset_classes(data), 0);
	assert_int_equal(dataset_count(data), 2);
	assert_true(dataset_get(data, 0, &vit2, pixels, &label, &st));
	assert_int_equal(label, -1);
	assert_false(dataset_get(data, 1, &vit2, pixels, &label, &st));
	models_refused(&st, STATUS_DATA, second);
	memcpy(hash, dataset_hash(data), sizeof(hash));
	dataset_close(data);
	data = models_dataset(*state);
	assert_string_equal(dataset_hash(data), hash);
	dataset_close(data);
	free(files_write(*state, "b.png", "none", 4));
	data = models_dataset(*state);
	assert_string_not_equal(dataset_hash(data), hash);
	dataset_close(data);
	free(first);
	free(second);
	free(inside);
}

static void
what_is_no_set_is_refused(void **state)
{
	char *gone = files_path(*state, "gone"), *picture, *dangling = files_path(*state, "lost.png");

	refuse_open(*state, "no pictures here");
	refuse_open(gone, "No such file");
	refuse_open("/dev/null", "not a data set");
	picture = copy_fixture(*state, "one.png", "source.png");
	refuse_open(picture, "one picture is shown with `image`");
	assert_int_equal(symlink("nowhere", dangling), 0);
	{
		struct status st = {0};

		assert_null(dataset_open(*state, &st));
		models_refused(&st, STATUS_DATA, dangling);
	}
	free(gone);
	free(picture);
	free(dangling);
}

/* One safetensors file by hand: header, then data. */
static char *
write_tensors(const char *folder, const char *name, const char *header, const void *data, size_t size)
{
	size_t length = strlen(header);
	char *bytes = malloc(8 + length + size), *path;

	for (int i = 0; i < 8; i++)
		bytes[i] = (char)((uint64_t)length >> (8 * i));
	memcpy(bytes + 8, header, length);
	memcpy(bytes + 8 + length, data, size);
	path = files_write(folder, name, bytes, 8 + length + size);
	free(bytes);
	return path;
}

/* Two pictures of [3,2,2], value i at element i, and the labels 4 and 1. */
static char *
write_pictures(const char *folder)
{
	struct {
		float pixels[24];
		int32_t labels[2];
	} data = {.labels = {4, 1}};

	for (int i = 0; i < 24; i++)
		data.pixels[i] = (float)i;
	return write_tensors(folder, "set.safetensors",
			     "{\"pixel_values\":{\"dtype\":\"F32\",\"shape\":[2,3,2,2],\"data_offsets\":[0,96]},"
			     "\"labels\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[96,104]}}    ",
			     &data, sizeof(data));
}

static void
tensor_sets_are_read(void **state)
{
	char *path = write_pictures(*state);
	struct dataset *data = models_dataset(path);
	float pixels[3 * 2 * 2];
	struct status st = {0};
	int label;

	assert_int_equal(dataset_count(data), 2);
	assert_int_equal(dataset_classes(data), 5);
	assert_null(dataset_class(data, 4));
	assert_true(dataset_get(data, 1, &vit2, pixels, &label, &st));
	assert_int_equal(label, 1);
	for (int i = 0; i < 12; i++)
		assert_true(pixels[i] == (float)(12 + i));
	assert_false(dataset_get(data, 2, &vit2, pixels, &label, &st));
	models_refused(&st, STATUS_DATA, "has 2 pictures, 0 to 1");
	st = (struct status){0};
	assert_false(dataset_get(data, 0, &vit32, pixels, &label, &st));
	models_refused(&st, STATUS_DATA, "'pixel_values' is [2,3,2,2]; the model wants [n,3,32,32]");
	dataset_close(data);
	free(path);
}

static void
wrong_tensor_sets_are_refused(void **state)
{
	int32_t zeros[4] = {0}, labels[4] = {0, 0, 0, -3};
	char *path;

	path = write_tensors(*state, "a.safetensors", "{\"other\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
			     zeros, 16);
	refuse_open(path, "no tensor 'pixel_values' or 'images'");
	free(path);
	path = write_tensors(*state, "b.safetensors", "{\"images\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}",
			     zeros, 16);
	refuse_open(path, "tensor 'images' is [2,2]");
	free(path);
	path = write_tensors(*state, "c.safetensors",
			     "{\"images\":{\"dtype\":\"F32\",\"shape\":[0,3,2,2],\"data_offsets\":[0,0]}}", zeros, 0);
	refuse_open(path, "tensor 'images' is [0,3,2,2]");
	free(path);
	path = write_tensors(*state, "d.safetensors",
			     "{\"images\":{\"dtype\":\"F32\",\"shape\":[3,1,1,1],\"data_offsets\":[0,12]},"
			     "\"labels\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
			     labels, 16);
	refuse_open(path, "'labels' must be 3 integers");
	free(path);
	path = write_tensors(*state, "e.safetensors",
			     "{\"images\":{\"dtype\":\"F32\",\"shape\":[1,3,1,1],\"data_offsets\":[0,12]},"
			     "\"labels\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
			     labels, 16);
	refuse_open(path, "label 0 is not");
	free(path);
	path = files_write(*state, "f.safetensors", "hello", 5);
	refuse_open(path, "");
	free(path);
}

static void
check_picture(const char *text, const struct dataset *data, const struct model *model, float first, int label, const char *title)
{
	float pixels[3 * 32 * 32];
	struct status st = {0};
	char *got;
	int is;

	if (!picture_get(text, data, model, pixels, &is, &got, &st))
		fail_msg("%s", st.message);
	assert_string_equal(got, title);
	assert_int_equal(is, label);
	assert_true(isnan(first) || pixels[0] == first);
	free(got);
}

static void
pictures_by_number(void **state)
{
	char *path = write_pictures(*state);
	struct dataset *data = models_dataset(path);

	check_picture("1", data, &vit2, 12, 1, "image 1");
	check_picture("0", data, &vit2, 0, 4, "image 0");
	refuse_picture("2", data, &vit2, STATUS_DATA, "has 2 pictures, 0 to 1");
	refuse_picture("-1", data, &vit2, STATUS_DATA, "image -1 is out of range");
	refuse_picture("99999999999999999999", data, &vit2, STATUS_DATA, "out of range");
	refuse_picture("0", NULL, &vit2, STATUS_FAILED, "no data set is open; open one with `data PATH`");
	dataset_close(data);
	free(path);
}

static void
pictures_by_file(void **state)
{
	char *picture = copy_fixture(*state, "cat\x1b.png", "source.png"), *text = files_write(*state, "text.png", "no", 2);

	check_picture(picture, NULL, &vit32, NAN, -1, "cat\\x1b.png");
	refuse_picture(text, NULL, &vit32, STATUS_DATA, "not a JPEG or PNG picture; convert it");
	refuse_picture("", NULL, &vit32, STATUS_DATA, "");
	refuse_picture("no/such.png", NULL, &vit32, STATUS_DATA, "no/such.png: No such file");
	free(picture);
	free(text);
}

static char *
write_odd_tensors(const char *folder)
{
	float data[24 + 12] = {[12 + 5] = NAN, [24] = 9};

	return write_tensors(folder, "odd.safetensors",
			     "{\"x\":{\"dtype\":\"F32\",\"shape\":[2,3,2,2],\"data_offsets\":[0,96]},"
			     "\"one[7]\":{\"dtype\":\"F32\",\"shape\":[3,2,2],\"data_offsets\":[96,144]}}",
			     data, sizeof(data));
}

/* Formats into a buffer that the next call overwrites. */
static const char *
at(const char *path, const char *rest)
{
	static char text[4200];

	snprintf(text, sizeof(text), "%s%s", path, rest);
	return text;
}

static void
pictures_by_tensor(void **state)
{
	char *set = write_pictures(*state), *odd = write_odd_tensors(*state);

	check_picture(at(set, ":pixel_values[1]"), NULL, &vit2, 12, 1, "set.safetensors:pixel_values[1]");
	check_picture(at(set, ":pixel_values"), NULL, &vit2, 0, 4, "set.safetensors:pixel_values");
	check_picture(at(odd, ":x[0]"), NULL, &vit2, 0, -1, "odd.safetensors:x[0]");
	check_picture(at(odd, ":one[7]"), NULL, &vit2, 9, -1, "odd.safetensors:one[7]");
	refuse_picture(at(odd, ":one[7][1]"), NULL, &vit2, STATUS_DATA, "holds 1 picture");
	refuse_picture(at(set, ":pixel_values[2]"), NULL, &vit2, STATUS_DATA, "holds 2 pictures, counted from 0");
	refuse_picture(at(set, ":pixel_values[1x]"), NULL, &vit2, STATUS_USAGE, "the index is not a number");
	refuse_picture(at(set, ":pixel_values[-1]"), NULL, &vit2, STATUS_USAGE, "the index is not a number");
	refuse_picture(at(set, ":pixels[0]"), NULL, &vit2, STATUS_DATA, "no tensor 'pixels'; there are labels, pixel_values");
	refuse_picture(set, NULL, &vit2, STATUS_DATA, "labels, pixel_values");
	refuse_picture(at(set, ":labels"), NULL, &vit2, STATUS_DATA, "'labels' holds integers");
	refuse_picture(at(set, ":pixel_values"), NULL, &vit32, STATUS_DATA, "is [2,3,2,2]; the model wants [n,3,32,32]");
	refuse_picture(at(odd, ":x[1]"), NULL, &vit2, STATUS_DATA, "'x[1]' holds a NaN at element 5");
	refuse_picture("none.safetensors:x", NULL, &vit2, STATUS_DATA, "none.safetensors");
	free(set);
	free(odd);
}

static void
shared_cifar_is_read(void **state)
{
	const char *shared = getenv("SPIKESCOPE_SHARED");
	char *folder = files_path(shared ? shared : "../shared", "data/cifar10");
	char *batch = files_path(folder, "test_batch.bin");
	float pixels[3 * 1024];
	struct status st = {0};
	struct dataset *data;
	uint8_t *bytes;
	size_t size;
	int label;

	(void)state;
	if (access(batch, R_OK) != 0) {
		print_message("skipped: %s is not there\n", batch);
		free(batch);
		free(folder);
		skip();
	}
	data = models_dataset(folder);
	bytes = files_read(batch, &size);
	assert_int_equal(dataset_count(data), 2000);
	assert_int_equal(size, 2000 * RECORD);
	assert_string_equal(dataset_class(data, 0), "airplane");
	assert_string_equal(dataset_class(data, 9), "truck");
	for (int i = 0; i < 2000; i += 37) {
		assert_true(dataset_get(data, i, &vit32, pixels, &label, &st));
		assert_int_equal(label, bytes[i * RECORD]);
		for (int p = 0; p < 3 * 1024; p++)
			assert_true(fabsf(pixels[p] * vit32.prep.std[p / 1024] + vit32.prep.mean[p / 1024] -
					  (float)bytes[i * RECORD + 1 + p] / 255.0f) < 1e-6f);
	}
	dataset_close(data);
	free(bytes);
	free(batch);
	free(folder);
}

#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, files_setup, files_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH_FILES(cifar_batch_is_read),
	    WITH_FILES(cifar_of_another_size_is_resized),
	    WITH_FILES(cifar_folder_prefers_the_test_batch),
	    WITH_FILES(wrong_batches_are_refused),
	    WITH_FILES(class_folders_are_sorted_and_labelled),
	    WITH_FILES(plain_pictures_have_no_classes),
	    WITH_FILES(what_is_no_set_is_refused),
	    WITH_FILES(tensor_sets_are_read),
	    WITH_FILES(wrong_tensor_sets_are_refused),
	    WITH_FILES(pictures_by_number),
	    WITH_FILES(pictures_by_file),
	    WITH_FILES(pictures_by_tensor),
	    cmocka_unit_test(shared_cifar_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
