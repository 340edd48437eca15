#include "ui/output/output.h"

#include "base/text.h"
#include "ui/output/grid.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wchar.h>

/* Cells that a line has; 0: as many as it takes. The terminal is one, and so is this. */
static int fit;

void
output_fit(int columns)
{
	fit = columns;
}

void
output_init(struct output *o)
{
	memset(o, 0, sizeof(*o));
	o->precision = 9;
	o->root = json_object();
	o->failed = !o->root;
}

void
output_done(struct output *o)
{
	json_decref(o->root);
	memset(o, 0, sizeof(*o));
}

void
output_json(struct output *o, const char *key, json_t *value)
{
	json_t *to = o->row ? o->row : o->root;
	size_t size = 4 * strlen(key) + 1;
	char *escaped;

	if (!o->failed && value && json_object_set(to, key, value) < 0) {
		/* The name of a question's column need not be UTF-8. */
		escaped = malloc(size);
		o->failed = !escaped || json_object_set(to, text_escape(key, escaped, size), value) < 0;
		free(escaped);
	}
	o->failed = o->failed || !value;
	json_decref(value);
}

void
output_int(struct output *o, const char *key, int64_t value)
{
	output_json(o, key, json_integer(value));
}

/* JSON has neither NaN nor infinities. */
static json_t *
number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

void
output_real(struct output *o, const char *key, double value)
{
	output_json(o, key, number(value));
}

void
output_bool(struct output *o, const char *key, bool value)
{
	output_json(o, key, json_boolean(value));
}

void
output_null(struct output *o, const char *key)
{
	output_json(o, key, json_null());
}

void
output_text(struct output *o, const char *key, const char *value)
{
	json_t *text;
	char *escaped;
	size_t size;

	if (!value) {
		output_null(o, key);
		return;
	}
	text = json_string(value);
	if (!text) {
		size = 4 * strlen(value) + 1;
		escaped = malloc(size);
		text = escaped ? json_string(text_escape(value, escaped, size)) : NULL;
		free(escaped);
	}
	output_json(o, key, text);
}

void
output_floats(struct output *o, const char *key, const float *value, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(list, number((double)value[i])) < 0)
			o->failed = true;
	output_json(o, key, list);
}

void
output_ints(struct output *o, const char *key, const int *value, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(list, json_integer(value[i])) < 0)
			o->failed = true;
	output_json(o, key, list);
}

void
output_table(struct output *o, const char *key)
{
	json_t *list = json_array();

	o->row = NULL;
	output_json(o, key, list);
	o->table = o->failed ? NULL : list;
}

void
output_row(struct output *o)
{
	json_t *row = json_object();

	if (o->failed || json_array_append_new(o->table, row) < 0)
		o->failed = true;
	else
		o->row = row;
}

void
output_end(struct output *o)
{
	o->row = NULL;
	o->table = NULL;
}

/* --- numbers and words for people ----------------------------------------- */

enum unit { UNIT_PLAIN, UNIT_PERCENT, UNIT_COUNT, UNIT_SECONDS, UNIT_BYTES };

/* The unit of a key: the last part of its name that is listed. */
static enum unit
unit_of(const char *key)
{
	static const struct {
		const char *end;
		enum unit unit;
	} units[] = {{"accuracy", UNIT_PERCENT},       {"agreement", UNIT_PERCENT},  {"probability", UNIT_PERCENT},
		     {"seconds", UNIT_SECONDS},        {"bytes", UNIT_BYTES},        {"spikes", UNIT_COUNT},
		     {"events", UNIT_COUNT},           {"units", UNIT_COUNT},        {"parameters", UNIT_COUNT},
		     {"neurons", UNIT_COUNT},          {"events_total", UNIT_COUNT}, {"spikes_per_image", UNIT_COUNT},
		     {"events_per_image", UNIT_COUNT}, {"spikes_total", UNIT_COUNT}, {"units_per_image", UNIT_COUNT}};
	size_t n = strlen(key);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t m = strlen(units[i].end);
		if (n >= m && strcmp(key + n - m, units[i].end) == 0 && (n == m || key[n - m - 1] == '_'))
			return units[i].unit;
	}
	return UNIT_PLAIN;
}

static char *
human_scaled(double value, const char *const *names, const double *scales, int count, char *out, size_t size)
{
	int i = 0;

	while (i + 1 < count && fabs(value) >= scales[i + 1])
		i++;
	snprintf(out, size, "%.3g %s", value / scales[i], names[i]);
	return out;
}

char *
output_human(const char *key, double value, char *out, size_t size)
{
	static const char *const times[] = {"us", "ms", "s"};
	static const double time_scales[] = {1e-6, 1e-3, 1};
	static const char *const sizes[] = {"B", "kB", "MB", "GB"};
	static const double size_scales[] = {1, 1e3, 1e6, 1e9};

	if (!isfinite(value)) {
		snprintf(out, size, "!");
		return out;
	}
	switch (unit_of(key)) {
	case UNIT_PERCENT:
		snprintf(out, size, "%.2f%%", 100 * value);
		return out;
	case UNIT_COUNT:
		return text_count(value, out, size);
	case UNIT_SECONDS:
		if (value >= 100) {
			snprintf(out, size, "%.0f s", value);
			return out;
		}
		return human_scaled(value, times, time_scales, 3, out, size);
	case UNIT_BYTES:
		return human_scaled(value, sizes, size_scales, 4, out, size);
	default:
		snprintf(out, size, "%.4g", value);
		return out;
	}
}

int
output_width(const char *text)
{
	mbstate_t state = {0};
	size_t left = strlen(text);
	int width = 0;

	while (left > 0) {
		wchar_t c;
		size_t n = mbrtowc(&c, text, left, &state);
		int w;

		if (n == (size_t)-1 || n == (size_t)-2 || n == 0) {
			memset(&state, 0, sizeof(state));
			n = 1;
			w = 1;
		} else {
			w = wcwidth(c);
		}
		width += w > 0 ? w : 0;
		text += n;
		left -= n;
	}
	return width;
}

/* --- cells ---------------------------------------------------------------- */

/* Is it a time as the notebook writes them, 2026-01-31T12:34:56.789Z? */
static bool
is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";

	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
			return false;
	return true;
}

/* To the minute, where one is: 2026-01-31 13:34. */
static char *
time_human(const char *text)
{
	struct tm utc = {0}, local;
	char out[32] = "";
	time_t when;

	strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	when = timegm(&utc);
	if (localtime_r(&when, &local))
		strftime(out, sizeof(out), "%Y-%m-%d %H:%M", &local);
	return strdup(out);
}

/* A value as one cell for people; the caller frees. Long lists are cut. */
char *
output_cell(const char *key, const json_t *v)
{
	char text[256];
	size_t at = 0, i;
	json_t *item;

	if (json_is_string(v) && is_time(json_string_value(v)))
		return time_human(json_string_value(v));
	if (json_is_string(v)) {
		size_t size = 4 * strlen(json_string_value(v)) + 1;
		char *out = malloc(size);
		return out ? text_escape(json_string_value(v), out, size) : NULL;
	}
	if (json_is_real(v) || (json_is_integer(v) && unit_of(key) != UNIT_PLAIN))
		return strdup(output_human(key, json_number_value(v), text, sizeof(text)));
	if (json_is_integer(v))
		return text_format("%" JSON_INTEGER_FORMAT, json_integer_value(v));
	if (json_is_boolean(v))
		return strdup(json_is_true(v) ? "yes" : "no");
	if (!json_is_array(v))
		return strdup(json_is_null(v) ? "-" : "...");
	text[0] = '\0';
	json_array_foreach(v, i, item)
	{
		char *cell = at < 100 ? output_cell(key, item) : strdup("...");
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%.40s", i ? " " : "", cell ? cell : "");
		free(cell);
		if (at >= 100 && i + 1 < json_array_size(v) && strcmp(text + at - 3, "...") == 0)
			break;
	}
	return strdup(text);
}

/* JSON text; the caller frees. jansson leaves DEL and the controls U+0080 to U+009F as they are: a terminal would obey. */
static char *
dump(const json_t *v, size_t flags, int precision)
{
	char *text = json_dumps(v, flags | JSON_COMPACT | JSON_REAL_PRECISION(precision)), *safe, *to;
	const unsigned char *s = (const unsigned char *)text;

	if (!text || !(safe = to = malloc(6 * strlen(text) + 1))) {
		free(text);
		return NULL;
	}
	for (; *s; s++) {
		bool pair = s[0] == 0xc2 && s[1] >= 0x80 && s[1] < 0xa0;

		if (pair || *s == 0x7f) {
			s += pair;
			to += sprintf(to, "\\u%04X", *s);
		} else {
			*to++ = (char)*s;
		}
	}
	*to = '\0';
	free(text);
	return safe;
}

static char *
cell_exact(const json_t *v, int precision)
{
	if (json_is_string(v))
		return strdup(json_string_value(v));
	if (json_is_null(v))
		return strdup("");
	return dump(v, JSON_ENCODE_ANY, precision);
}

void
output_pad(FILE *out, int count)
{
	for (; count > 0; count--)
		fputc(' ', out);
}

/* "logit_rmse" -> "logit rmse". Columns of a question have names of a stranger's. */
char *
output_heading(const char *key)
{
	size_t size = 4 * strlen(key) + 1;
	char *out = malloc(size);

	if (out)
		text_escape(key, out, size);

	for (char *p = out; p && *p; p++)
		if (*p == '_')
			*p = ' ';
	return out;
}

/* --- people --------------------------------------------------------------- */

static bool
is_table(const json_t *v)
{
	return json_is_array(v) && json_is_object(json_array_get(v, 0));
}

static int
names_width(const json_t *root)
{
	const char *key;
	json_t *v;
	int width = 0;

	json_object_foreach((json_t *)root, key, v) if (!is_table(v) && output_width(key) > width) width = output_width(key);
	return width;
}

static void
print_field(const char *key, const json_t *v, int width, FILE *out)
{
	char *name = output_heading(key), *text = output_cell(key, v);

	if (name && text && !(json_is_array(v) && json_array_size(v) == 0)) {
		fputs(name, out);
		output_pad(out, width + 2 - output_width(name));
		fprintf(out, "%s\n", text);
	}
	free(name);
	free(text);
}

/* Values and tables in their order. */
static bool
print_people(const json_t *root, FILE *out)
{
	const char *key;
	json_t *v;
	bool ok = true;
	int width = names_width(root);

	json_object_foreach((json_t *)root, key, v)
	{
		if (is_table(v))
			ok = grid_print(v, fit, out) && ok;
		else
			print_field(key, v, width, out);
	}
	return ok;
}

/* --- Markdown ------------------------------------------------------------- */

static void
markdown_cell(char *text, FILE *out)
{
	fputs("| ", out);
	for (const char *p = text ? text : ""; *p; p++) {
		if (*p == '|')
			fputc('\\', out);
		fputc(*p, out);
	}
	fputc(' ', out);
	free(text);
}

static void
markdown_table(const json_t *table, FILE *out)
{
	const json_t *first = json_array_get(table, 0);
	const char *key;
	json_t *v, *row;
	size_t i;

	json_object_foreach((json_t *)first, key, v) markdown_cell(output_heading(key), out);
	fputs("|\n", out);
	json_object_foreach((json_t *)first, key, v) fputs(json_is_number(v) ? "| ---: " : "| --- ", out);
	fputs("|\n", out);
	json_array_foreach(table, i, row)
	{
		json_object_foreach((json_t *)first, key, v) markdown_cell(output_cell(key, json_object_get(row, key)), out);
		fputs("|\n", out);
	}
	fputc('\n', out);
}

static void
print_markdown(const json_t *root, FILE *out)
{
	const char *key;
	json_t *v;
	bool head = false;

	json_object_foreach((json_t *)root, key, v) if (is_table(v)) markdown_table(v, out);
	json_object_foreach((json_t *)root, key, v)
	{
		if (is_table(v))
			continue;
		if (!head)
			fputs("| name | value |\n| --- | --- |\n", out);
		head = true;
		markdown_cell(output_heading(key), out);
		markdown_cell(output_cell(key, v), out);
		fputs("|\n", out);
	}
}

/* --- CSV ------------------------------------------------------------------ */

static void
csv_cell(const char *text, bool last, FILE *out)
{
	bool quote = text[strcspn(text, ",\"\r\n")] != '\0';

	if (quote)
		fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	if (quote)
		fputc('"', out);
	fputs(last ? "\n" : ",", out);
}

static bool
csv_row(const json_t *row, const json_t *keys, bool names, int precision, FILE *out)
{
	const char *key;
	json_t *v;
	size_t left = json_object_size(keys);

	json_object_foreach((json_t *)keys, key, v)
	{
		const json_t *mine = json_object_get(row, key);
		char *text = names ? strdup(key) : mine ? cell_exact(mine, precision) : strdup("");

		if (!text)
			return false;
		csv_cell(text, --left == 0, out);
		free(text);
	}
	return true;
}

static bool
print_csv(const json_t *root, int precision, FILE *out)
{
	const char *key;
	json_t *v, *row;
	size_t i;
	bool ok;

	json_object_foreach((json_t *)root, key, v)
	{
		const json_t *keys = json_array_get(v, 0);

		if (!is_table(v))
			continue;
		ok = csv_row(keys, keys, true, precision, out);
		json_array_foreach(v, i, row) ok = ok && csv_row(row, keys, false, precision, out);
		return ok;
	}
	return csv_row(root, root, true, precision, out) && csv_row(root, root, false, precision, out);
}

static bool
print_json(const json_t *root, int precision, FILE *out)
{
	char *text = dump(root, 0, precision);

	if (!text)
		return false;
	fprintf(out, "%s\n", text);
	free(text);
	return true;
}

void
output_csv_line(FILE *out, int count, const char *const *cells)
{
	for (int i = 0; i < count; i++)
		csv_cell(cells[i], i + 1 == count, out);
}

bool
output_print_row(struct output *o, enum output_format format, FILE *out, struct status *st)
{
	bool ok = !o->failed;

	if (ok && format == FORMAT_JSON) {
		char *text = dump(o->root, 0, o->precision);

		ok = text != NULL;
		fputs(ok ? text : "null", out);
		free(text);
	} else if (ok)
		ok = csv_row(o->root, o->root, false, o->precision, out);
	output_done(o);
	return ok || status_nomem(st, "the result");
}

bool
output_print(struct output *o, enum output_format format, FILE *out, struct status *st)
{
	bool ok = !o->failed;

	if (ok && format == FORMAT_JSON)
		ok = print_json(o->root, o->precision, out);
	else if (ok && format == FORMAT_CSV)
		ok = print_csv(o->root, o->precision, out);
	else if (ok && format == FORMAT_MARKDOWN)
		print_markdown(o->root, out);
	else if (ok)
		ok = print_people(o->root, out);
	output_done(o);
	return ok || status_nomem(st, "the result");
}
