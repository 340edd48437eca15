/* A UGO's file: c and a table of knots or points, or s and safetensors. What is taken must
 * come back the same through an export. */
#include "tests/fuzz/support/fuzz.h"

#include "ugo/ugo.h"

#include <math.h>
#include <string.h>

static void
come_back(const struct ugo *u, bool csv)
{
	const char *path = fuzz_path(csv ? "back.csv" : "back.safetensors");
	struct status st = {0};
	struct ugo back = {0};
	bool ok = csv ? ugo_export_csv(u, path, true, &st) && ugo_import_csv(&back, path, &st)
		      : ugo_export(u, path, "u", true, &st) && ugo_import(&back, path, "u", &st);

	fuzz_check(ok, st.message);
	fuzz_check(back.hidden == u->hidden, "a UGO comes back as large as it was");
	for (int i = 0; i <= 8; i++) {
		double x = u->lo + (u->hi - u->lo) * i / 8, a = ugo_eval(u, x), b = ugo_eval(&back, x);

		fuzz_check(a == b || !isfinite(a) || csv, "a UGO comes back as it was");
	}
	ugo_done(&back);
}

static void
import(const char *path, bool csv)
{
	struct status st = {0};
	struct ugo u = {0}, segments = {0};

	if (!(csv ? ugo_import_csv(&u, path, &st) : ugo_import(&u, path, "u", &st))) {
		fuzz_refused(&st);
		return;
	}
	if (!ugo_segments(&segments, &u, 0, &st))
		fuzz_refused(&st);
	come_back(&u, csv);
	ugo_done(&segments);
	ugo_done(&u);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool csv = size > 0 && data[0] == 'c';
	const char *path;
	struct status st = {0};
	struct curve *curve;

	if (size == 0)
		return 0;
	path = fuzz_write(csv ? "u.csv" : "u.safetensors", data + 1, size - 1);
	import(path, csv);
	if (!csv)
		return 0;
	curve = curve_read(path, &st);
	if (curve)
		curve_eval(curve, 0.5);
	else
		fuzz_refused(&st);
	curve_free(curve);
	return 0;
}
