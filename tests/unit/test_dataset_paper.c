/* The data sets of the paper: CIFAR-100, CIFAR-10.1 and 10.2 (arrays that NumPy wrote,
 * tests/fixtures/numpy), tiny-imagenet-200, ImageNet; each small, and each broken. */
#include "model/data/dataset.h"

#include "tests/support/files.h"
#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMPY  "tests/fixtures/numpy/"
#define PILLOW "tests/fixtures/pillow/"

enum { RECORD = 3074 };

static const struct model four = {
    .image_size = 4, .channels = 3, .prep = {.size = 4, .resize = 4, .square = true, .std = {1, 1, 1}}};
static const struct model cifar = {
    .image_size = 32, .channels = 3, .prep = {.size = 32, .resize = 32, .square = true, .std = {1, 1, 1}}};

static void
refuse(const char *path, const char *words)
{
	struct status st = {0};
	struct dataset *data = dataset_open(path, &st);

	if (data)
		fail_msg("%s was opened", path);
	models_refused(&st, STATUS_DATA, words);
}

static int
label_of(const struct dataset *data, int index, const struct model *model)
{
	float pixels[3 * 32 * 32];
	struct status st = {0};
	int label = -9;

	if (!dataset_get(data, index, model, pixels, &label, &st))
		fail_msg("%s", st.message);
	return label;
}

static void
copy(const char *from, const char *name)
{
	static char bytes[1 << 16];
	FILE *file = fopen(from, "rb");
	size_t n;

	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	models_write(name, bytes, n);
}

static void
put_picture(const char *name)
{
	copy(PILLOW "colour.jpg", name);
}

/* --- CIFAR-100 ------------------------------------------------------------ */

/* Record i has the coarse label i, the fine one 99 - i and pixels of i + plane. */
static const char *
write_cifar100(const char *name, int count)
{
	uint8_t *bytes = malloc((size_t)count * RECORD), *at = bytes;
	const char *path;

	for (int i = 0; i < count; i++) {
		*at++ = (uint8_t)i;
		*at++ = (uint8_t)(99 - i);
		for (int c = 0; c < 3; c++, at += 1024)
			memset(at, i + c, 1024);
	}
	path = models_write(name, bytes, (size_t)count * RECORD);
	free(bytes);
	return path;
}

static void
cifar100_has_fine_labels(void **state)
{
	struct dataset *data;
	float pixels[3 * 1024];
	struct status st = {0};
	int label;

	(void)state;
	write_cifar100("c/train.bin", 3);
	models_text("c/fine_label_names.txt", "apple\naquarium_fish\n");
	data = models_dataset(scratch_path("c"));
	assert_int_equal(dataset_count(data), 3);
	dataset_close(data);
	write_cifar100("c/test.bin", 5);
	data = models_dataset(scratch_path("c"));
	assert_int_equal(dataset_count(data), 5);
	assert_int_equal(dataset_classes(data), 100);
	assert_string_equal(dataset_class(data, 1), "aquarium_fish");
	assert_null(dataset_class(data, 2));
	assert_true(dataset_get(data, 4, &cifar, pixels, &label, &st));
	assert_int_equal(label, 95);
	assert_true(pixels[0] == 4 / 255.0f && pixels[2048] == 6 / 255.0f);
	dataset_close(data);
	data = models_dataset(scratch_path("c/train.bin"));
	assert_int_equal(dataset_count(data), 3);
	dataset_close(data);
	data = models_dataset(write_cifar100("any", 2));
	assert_int_equal(dataset_classes(data), 100);
	dataset_close(data);
}

static void
broken_cifar100_is_refused(void **state)
{
	struct status st = {0};
	float pixels[3 * 1024];
	struct dataset *data;
	FILE *file;

	(void)state;
	assert_int_equal(truncate(write_cifar100("test.bin", 2), RECORD + 7), 0);
	refuse(scratch_path("test.bin"), "3081 bytes are not a CIFAR-100 batch: its size is a multiple of 3074 (7 bytes over)");
	write_cifar100("test.bin", 2);
	file = fopen(scratch_path("test.bin"), "r+b");
	fseek(file, 1, SEEK_SET);
	fputc(100, file);
	fclose(file);
	data = models_dataset(scratch_path("test.bin"));
	assert_false(dataset_get(data, 0, &cifar, pixels, NULL, &st));
	assert_non_null(strstr(st.message, "record 0 has label 100, CIFAR-100 has 0 to 99"));
	dataset_close(data);
}

/* --- arrays --------------------------------------------------------------- */

static void
check_arrays(const char *path)
{
	static const int labels[] = {3, 0, 9, 5};
	struct dataset *data = models_dataset(path);
	float pixels[3 * 16];
	struct status st = {0};

	assert_int_equal(dataset_count(data), 4);
	assert_int_equal(dataset_classes(data), 10);
	assert_string_equal(dataset_class(data, 3), "cat");
	for (int i = 0; i < 4; i++)
		assert_int_equal(label_of(data, i, &four), labels[i]);
	/* Channels are apart: element (y, x, c) of picture 1 is 48 + 12 y + 3 x + c. */
	assert_true(dataset_get(data, 1, &four, pixels, NULL, &st));
	for (int c = 0; c < 3; c++)
		for (int p = 0; p < 16; p++)
			assert_true(pixels[c * 16 + p] == (float)(48 + 3 * p + c) / 255.0f);
	assert_true(dataset_get(data, 3, &cifar, (float[3 * 1024]){0}, NULL, &st)); /* resized */
	dataset_close(data);
}

static void
numpy_arrays_are_read(void **state)
{
	struct dataset *data;

	(void)state;
	check_arrays(NUMPY "cifar10.1_tiny_data.npy");
	check_arrays(NUMPY "cifar102_tiny.npz");
	check_arrays(NUMPY "cifar102_packed.npz");
	copy(NUMPY "cifar10.1_tiny_data.npy", "one/cifar10.1_v6_data.npy");
	copy(NUMPY "cifar10.1_tiny_labels.npy", "one/cifar10.1_v6_labels.npy");
	check_arrays(scratch_path("one"));
	data = models_dataset(NUMPY "two_data.npy"); /* header version 2 */
	assert_int_equal(label_of(data, 2, &four), 9);
	assert_null(dataset_class(data, 2));
	dataset_close(data);
	copy(NUMPY "two_data.npy", "named/two_data.npy");
	copy(NUMPY "two_labels.npy", "named/two_labels.npy");
	models_text("named/classes.txt", "a\nb\n");
	data = models_dataset(scratch_path("named"));
	assert_string_equal(dataset_class(data, 1), "b");
	dataset_close(data);
}

static void
wrong_arrays_are_refused(void **state)
{
	(void)state;
	refuse(NUMPY "pickled_data.npy", "pickled Python objects");
	refuse(NUMPY "pickled.npz", "pickled Python objects");
	refuse(NUMPY "fortran_data.npy", "Fortran's order");
	refuse(NUMPY "floats_data.npy", "bytes (uint8) of the shape (n, height, width, 3)");
	refuse(NUMPY "flat_data.npy", "of the shape (n, height, width, 3)");
	refuse(NUMPY "big_data.npy", "big_labels.npy: big-endian");
	refuse(NUMPY "signed_data.npy", "signed_labels.npy: label 2 is not a class");
	refuse(NUMPY "short_data.npy", "short_labels.npy: labels must be 4 integers");
	refuse(NUMPY "short_labels.npy", "give the pictures' file");
	refuse(NUMPY "no_labels.npz", "no array 'labels.npy'");
	refuse(NUMPY, "9 data sets here; open one of them");
	copy(NUMPY "cifar10.1_tiny_data.npy", "alone_data.npy");
	refuse(scratch_path("alone_data.npy"), "alone_labels.npy: No such file");
}

static void
refuse_header(const char *header, const char *words)
{
	char bytes[512] = "\x93NUMPY\x01";
	size_t n = strlen(header);

	bytes[8] = (char)n;
	memcpy(bytes + 10, header, n);
	models_write("h_data.npy", bytes, sizeof(bytes));
	refuse(scratch_path("h_data.npy"), words);
}

static void
hostile_arrays_are_refused(void **state)
{
	static char big[1 << 10] = "\x93NUMPY\x02\x00\xff\xff\xff\x7f";

	(void)state;
	refuse(models_text("h_data.npy", "hello"), "not a NumPy array");
	refuse(models_write("h_data.npy", big, sizeof(big)), "too long, or cut short");
	refuse_header("", "not an array of plain numbers");
	refuse_header("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }", "not an array of plain numbers");
	refuse_header("{'descr': '|u1', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807, 4, 3), }",
		      "'shape' is impossible");
	refuse_header("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 4, 4, 3), }", "'shape' is impossible");
	refuse_header("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1)", "'shape' is impossible");
	refuse_header("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 4", "'shape' does not end");
	refuse_header("{'descr': '|u1', 'shape': (1, 4, 4, 3)}", "Fortran");
	refuse_header("{'descr': '<c8', 'fortran_order': False, 'shape': (1, 4, 4, 3)}", "type '<c8'");
	refuse_header("{'descr': '|u1', 'fortran_order': False, 'shape': (100000, 32, 32, 3)}", "cut short");
	refuse_header("{'descr': '|u1', 'fortran_order': False, 'shape': (0, 32, 32, 3)}", "0 pictures");
	refuse(models_text("x.npz", "PK\x03\x04 and no more"), "not an .npz archive");
	{
		char path[256];

		copy(NUMPY "cifar102_packed.npz", "cut.npz");
		snprintf(path, sizeof(path), "%s", scratch_path("cut.npz"));
		FILE *file = fopen(path, "r+b");

		fseek(file, 100, SEEK_SET);
		fputs("damage", file);
		fclose(file);
		refuse(path, "damaged or cut short");
		assert_int_equal(truncate(path, 200), 0);
		refuse(path, "not an .npz archive");
	}
}

/* --- tiny-imagenet-200 ---------------------------------------------------- */

static void
write_tiny(void)
{
	models_text("tiny/wnids.txt", "n02\nn01\nn03\n");
	models_text("tiny/words.txt", "n01\tgoldfish, Carassius auratus\nn02\tsalamander\nn99\tnobody\n");
	put_picture("tiny/train/n01/images/n01_0.JPEG");
	put_picture("tiny/train/n01/images/n01_1.JPEG");
	put_picture("tiny/train/n02/images/n02_0.JPEG");
	put_picture("tiny/train/n03/images/n03_0.JPEG");
	models_text("tiny/train/n01/n01_boxes.txt", "n01_0.JPEG\t0\t0\t1\t1\n");
	put_picture("tiny/val/images/val_0.JPEG");
	put_picture("tiny/val/images/val_1.JPEG");
	models_text("tiny/val/val_annotations.txt", "val_1.JPEG\tn02\t0\t0\t1\t1\r\nval_0.JPEG\tn03\t0\t0\t1\t1\n");
}

static void
tiny_imagenet_is_read(void **state)
{
	static const int train[] = {0, 0, 1, 2};
	struct dataset *data;

	(void)state;
	write_tiny();
	for (int part = 0; part < 2; part++) {
		data = models_dataset(scratch_path(part ? "tiny/val" : "tiny"));
		assert_int_equal(dataset_count(data), 2);
		assert_int_equal(dataset_classes(data), 3);
		assert_string_equal(dataset_class(data, 0), "goldfish");
		assert_string_equal(dataset_class(data, 2), "n03");
		assert_int_equal(label_of(data, 0, &cifar), 1);
		assert_int_equal(label_of(data, 1, &cifar), 2);
		dataset_close(data);
	}
	data = models_dataset(scratch_path("tiny/train"));
	assert_int_equal(dataset_count(data), 4);
	assert_string_equal(dataset_class(data, 1), "salamander");
	for (int i = 0; i < 4; i++)
		assert_int_equal(label_of(data, i, &cifar), train[i]);
	dataset_close(data);
}

static void
broken_tiny_imagenet_is_refused(void **state)
{
	(void)state;
	write_tiny();
	models_text("tiny/val/val_annotations.txt", "val_1.JPEG\tn02\nval_0.JPEG\tn77\n");
	refuse(scratch_path("tiny"), "val_annotations.txt: line 2: 'n77' is not in wnids.txt");
	models_text("tiny/val/val_annotations.txt", "val_1.JPEG\tn02\nval_7.JPEG\tn01\n");
	refuse(scratch_path("tiny/val"), "val_7.JPEG: No such file");
	models_text("tiny/val/val_annotations.txt", "../../../etc/passwd\tn02\n");
	refuse(scratch_path("tiny"), "line 1: not a picture and its synset");
	models_write("tiny/val/val_annotations.txt", "a\0b", 3);
	refuse(scratch_path("tiny"), "NUL");
	models_text("tiny/val/val_annotations.txt", "");
	refuse(scratch_path("tiny"), "no pictures here");
	models_text("tiny/wnids.txt", "");
	refuse(scratch_path("tiny"), "no synsets here");
	unlink(scratch_path("tiny/wnids.txt"));
	refuse(scratch_path("tiny/val"), "wnids.txt");
}

/* --- ImageNet ------------------------------------------------------------- */

static void
put_validation(const char *folder, int count)
{
	char name[128];

	for (int i = 1; i <= count; i++) {
		snprintf(name, sizeof(name), "%s/ILSVRC2012_val_%08d.JPEG", folder, i);
		put_picture(name);
	}
}

static void
check_labels(const char *path, int count, const int *labels, const char *last_class)
{
	struct dataset *data = models_dataset(path);

	assert_int_equal(dataset_count(data), count);
	for (int i = 0; i < count; i++)
		assert_int_equal(label_of(data, i, &cifar), labels[i]);
	if (last_class)
		assert_string_equal(dataset_class(data, dataset_classes(data) - 1), last_class);
	dataset_close(data);
}

static void
imagenet_is_read(void **state)
{
	static const int labels[] = {2, 0, 1};

	(void)state;
	put_validation("in/val", 3);
	models_text("in/val/val.txt",
		    "ILSVRC2012_val_00000003.JPEG 1\nILSVRC2012_val_00000001.JPEG 2\nILSVRC2012_val_00000002.JPEG 0\n");
	check_labels(scratch_path("in/val"), 3, labels, NULL);
	models_text("in/synset_words.txt", "n03 cock\nn01 tench, Tinca tinca\nn02 shark\n");
	check_labels(scratch_path("in/val"), 3, labels, "cock");
	unlink(scratch_path("in/val/val.txt"));
	models_text("in/val.txt", "2\n0\n1\n");
	check_labels(scratch_path("in/val"), 3, labels, "cock");
	unlink(scratch_path("in/val.txt"));
	models_text(
	    "in/LOC_val_solution.csv",
	    "ImageId,PredictionString\nILSVRC2012_val_00000002,n01 1 2 3 4 n01 5 6 7 8\nILSVRC2012_val_00000001,n03 1 2 3 4\n"
	    "ILSVRC2012_val_00000003,n02 1 2 3 4\nILSVRC2012_val_00000009,n01 1 2 3 4\n");
	check_labels(scratch_path("in/val"), 3, labels, "cock");
	/* In folders per class. */
	put_picture("in/by/n02/a.JPEG");
	put_picture("in/by/n03/b.JPEG");
	check_labels(scratch_path("in/by"), 2, (const int[]){0, 1}, "cock");
}

static void
broken_imagenet_is_refused(void **state)
{
	(void)state;
	put_validation("in", 2);
	models_text("in/ILSVRC2012_validation_ground_truth.txt", "490\n361\n");
	refuse(scratch_path("in"), "numbers classes in an order of its own");
	models_text("in/val.txt", "ILSVRC2012_val_00000001.JPEG 1\n");
	refuse(scratch_path("in"), "val.txt: no class is given for");
	models_text("in/val.txt", "1\n2\n3\n");
	refuse(scratch_path("in"), "val.txt: 3 classes for 2 pictures");
	models_text("in/val.txt", "1\nILSVRC2012_val_00000001.JPEG 1\n");
	refuse(scratch_path("in"), "val.txt: line 2 is not");
	models_text("in/val.txt", "ILSVRC2012_val_00000001.JPEG 99999999999\n");
	refuse(scratch_path("in"), "val.txt: line 1 is not");
	models_text("in/val.txt", "ILSVRC2012_val_00000001.JPEG 1\nILSVRC2012_val_00000002.JPEG n01\n");
	refuse(scratch_path("in"), "some classes are indices, some synsets");
	models_text("in/val.txt", "");
	refuse(scratch_path("in"), "no class is given");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, files_setup, files_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(cifar100_has_fine_labels),        TEST(broken_cifar100_is_refused), TEST(numpy_arrays_are_read),
	    TEST(wrong_arrays_are_refused),        TEST(hostile_arrays_are_refused), TEST(tiny_imagenet_is_read),
	    TEST(broken_tiny_imagenet_is_refused), TEST(imagenet_is_read),           TEST(broken_imagenet_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
