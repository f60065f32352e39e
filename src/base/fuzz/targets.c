/* What must hold for any bytes: readers end, writers give text that reads back as what went in. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/field.h"
#include "base/fuzz/fuzz.h"
#include "base/jw.h"
#include "base/test_xlsx.h"
#include "base/xlsx.h"

enum { OUT_MAX = 1 << 20 };

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* CSV: whatever was read, written again and read again, is the same cells. */
static void fuzz_csv(struct str input)
{
	struct csv *c, *again;
	struct csv_row row, copy;
	bool more;

	if (csv_open(&c, input, NULL))
		return;
	while (csv_next(c, &row, &more, NULL) == OK && more) {
		struct buf b;

		buf_init(&b, OUT_MAX);
		/* A first line with a comma, so that tabs do not become the separator. */
		buf_z(&b, ",\r\n");
		for (size_t i = 0; i < row.n; i++)
			csv_cell(&b, row.cell[i], i == 0);
		csv_end_row(&b);
		must(!b.failed);
		must(csv_open(&again, buf_view(&b), NULL) == OK);
		must(csv_next(again, &copy, &more, NULL) == OK && more);
		must(csv_next(again, &copy, &more, NULL) == OK && more && copy.n == row.n);
		for (size_t i = 0; i < row.n; i++) {
			struct str was = row.cell[i], is = copy.cell[i];
			if (is.n == was.n + 1 && is.p[0] == '\'')
				is = (struct str){ is.p + 1, is.n - 1 };
			must(str_eq(was, is));
		}
		csv_close(again);
		buf_release(&b);
	}
	csv_close(c);
}

static void fuzz_json_out(struct str input)
{
	struct buf b;
	struct jw j;

	buf_init(&b, OUT_MAX);
	jw_init(&j, &b);
	jw_str(&j, input);
	must(!b.failed);
	json_t *v = json_loadb(b.p, b.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	must(v != NULL);
	if (str_runes(input) != SIZE_MAX) {
		must(json_string_length(v) == input.n);
		must(memcmp(json_string_value(v), input.p, input.n) == 0);
	}
	json_decref(v);
	buf_release(&b);
}

struct all {
	struct str text, doc;
	double real;
	int64_t whole, yes, time, date, id, code, word;
};

static const char *const words[] = { "a", "b", NULL };
static const struct vocab vocab = { "word", words };
static const struct field all_fields[] = {
	FIELD(all, text, F_STR),
	FIELD(all, doc, F_JSON),
	FIELD(all, real, F_REAL),
	FIELD(all, whole, F_INT),
	FIELD(all, yes, F_BOOL),
	FIELD(all, time, F_TIME),
	FIELD(all, date, F_DATE),
	FIELD(all, id, F_ID),
	FIELD(all, code, F_CODE),
	FIELD(all, word, F_ENUM, .vocab = &vocab),
};
static const struct fields all_of = FIELDS(all, all_fields);

/* A decoded record, encoded and decoded again, encodes to the same bytes. */
static void fuzz_fields(struct str input)
{
	struct arena *a = arena_new(1 << 22);
	struct buf one, two;
	struct all rec;
	uint64_t present;
	json_t *v;

	must(a != NULL);
	buf_init(&one, OUT_MAX);
	buf_init(&two, OUT_MAX);
	for (int round = 0; round < 2; round++) {
		struct buf *out = round ? &two : &one;
		struct jw j;

		if (field_parse_json(round ? buf_view(&one) : input, &v, NULL)) {
			must(round == 0);
			break;
		}
		enum err err = fields_decode(&all_of, v, false, a, &rec, &present, NULL);
		json_decref(v);
		if (err) {
			must(round == 0);
			break;
		}
		jw_init(&j, out);
		jw_obj(&j);
		for (size_t i = 0; i < all_of.n; i++)
			field_encode(&all_of.v[i], &rec, &j);
		jw_end_obj(&j);
		must(!out->failed);
	}
	if (two.n > 0)
		must(str_eq(buf_view(&one), buf_view(&two)));
	buf_release(&one);
	buf_release(&two);
	arena_free(a);
}

static void fuzz_text_value(struct str input)
{
	struct arena *a = arena_new(1 << 22);
	struct all rec, back;
	struct buf b;

	must(a != NULL);
	buf_init(&b, OUT_MAX);
	for (size_t i = 0; i < all_of.n; i++) {
		const struct field *f = &all_of.v[i];

		fields_clear(&all_of, &rec);
		if (field_from_text(f, input, a, &rec, NULL))
			continue;
		buf_reset(&b);
		field_to_text(f, &rec, &b);
		must(!b.failed);
		fields_clear(&all_of, &back);
		must(field_from_text(f, buf_view(&b), a, &back, NULL) == OK);
		if (f->type == F_STR || f->type == F_JSON)
			must(str_eq(field_str(f, &rec), field_str(f, &back)));
		else if (f->type != F_REAL)
			must(field_int(f, &rec) == field_int(f, &back));
	}
	buf_release(&b);
	arena_free(a);
}

static void fuzz_time(struct str input)
{
	char text[TIME_TEXT];
	int64_t ms, again;
	struct str pattern, rest = input;

	if (time_parse(input, &ms) && date_valid(date_of(ms))) {
		must(time_parse(str_z(time_format(ms, text)), &again));
		must(again == ms);
	}
	/* "pattern|text" */
	if (str_split(&rest, '|', &pattern) && rest.p)
		(void)time_parse_pattern(rest, pattern, ZONE_MIN, &ms);
}

/* Rows ascend, cells are text; a second reading says the same. */
static void fuzz_xlsx(struct str input)
{
	struct made m = made_book(input);
	struct xlsx *x = NULL;
	size_t cells[2] = { 0, 0 };

	if (xlsx_open(&x, (struct str){ m.p, m.n }, NULL, NULL) == OK) {
		for (int turn = 0; turn < 2; turn++) {
			struct xlsx_row row;
			int64_t last = 0;
			bool more = true;
			enum err err = xlsx_sheet(x, 0, NULL);

			while (err == OK && (err = xlsx_next(x, &row, &more, NULL)) == OK && more) {
				must(row.row > last && row.n > 0 && row.n <= XLSX_COLS);
				last = row.row;
				for (size_t i = 0; i < row.n; i++) {
					must(str_runes(row.cell[i]) != SIZE_MAX);
					cells[turn] += row.cell[i].n + 1;
				}
			}
			if (err != OK)
				cells[turn] = 0;
		}
		/* An error stays. */
		must(cells[0] == cells[1] || cells[1] == 0);
		xlsx_close(x);
	}
	/* The same bytes as the file itself. */
	if (xlsx_open(&x, input, NULL, NULL) == OK)
		xlsx_close(x);
	free(m.p);
}

static const char *const csv_seeds[] = { "a,b\r\n1,\"2\"\"\"\r\n", "a\tb\n\xE9\x95\xBF\t2\n",
	"\xB3\xA4\xC9\xB3,\"x\"\n\"y\",=1\n",
	"\xFF\xFE"
	"a\x01,\x02",
	"\"", NULL };
static const char *const text_seeds[] = { "a\"\\\n\xE4\xB8\x80\xF0\x9F\x98\x80", "\xED\xA0\x80",
	NULL };
static const char *const field_seeds[] = {
	"{\"text\":\"a\",\"doc\":[1,{\"x\":2.5e3}],\"real\":0.1,\"whole\":-5,\"yes\":true}",
	"{\"time\":\"2026-02-13T16:30:00.5+08:00\",\"date\":\"2026-02-13\",\"id\":\"12\"}",
	"{\"code\":43010500100100101,\"word\":\"b\",\"text\":\"\\u4e00\\n\",\"real\":1e-7}", NULL
};
static const char *const value_seeds[] = { "12", "-1.5e3", "2026-02-13 16:30", "2026/2/13", "true",
	"b", "43010500100100101", "{\"a\":[1.5]}", NULL };
static const char *const time_seeds[] = { "2026-02-13T16:30:00.123+08:00", "9999-12-31T23:59:60Z",
	"yyyy-MM-dd hh:mm:ss a|2026-02-13 04:30:00 PM", "yyyyMMdd|20260213", NULL };

static const char *const xlsx_seeds[] = {
	"<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>1</v></c><c r=\"C1\" s=\"1\"><v>45321.5</v></c></row>"
	"<row r=\"3\"><c t=\"inlineStr\"><is><t>a</t></is></c><x:c t=\"b\"><f>A1</f><v>1</v></x:c><c><v>1e30</v></c></row></sheetData>"
	"<mergeCells><mergeCell ref=\"A1:B2\"/></mergeCells></worksheet>", NULL };

const struct fuzz_target fuzz_targets[] = {
	{ "csv", fuzz_csv, csv_seeds },
	{ "json-out", fuzz_json_out, text_seeds },
	{ "fields", fuzz_fields, field_seeds },
	{ "value", fuzz_text_value, value_seeds },
	{ "time", fuzz_time, time_seeds },
	{ "xlsx", fuzz_xlsx, xlsx_seeds },
};
const size_t fuzz_target_count = ARRAY_LEN(fuzz_targets);
