/* CSV in every encoding the reader knows, its limits, and the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/err.h"

/* Reads everything: cells joined with "|", rows ended with "\n"; the first error ends it. */
static enum err read_all(struct str data, struct buf *out, struct error *e)
{
	struct csv *c;
	struct csv_row row;
	bool more = false;
	enum err err = csv_open(&c, data, e);

	if (err)
		return err;
	while (!(err = csv_next(c, &row, &more, e)) && more) {
		for (size_t i = 0; i < row.n; i++) {
			if (i > 0)
				buf_char(out, '|');
			buf_str(out, row.cell[i]);
		}
		buf_char(out, '\n');
	}
	/* An error or the end stays. */
	assert_int_equal(csv_next(c, &row, &more, NULL), err);
	csv_close(c);
	return err;
}

static void check(struct str data, const char *want)
{
	struct buf b;
	struct error e = { OK };

	buf_init(&b, 1 << 16);
	enum err err = read_all(data, &b, &e);
	if (err)
		fail_msg("refused: %s", e.message);
	buf_char(&b, 0);
	assert_string_equal(b.p, want);
	buf_release(&b);
}

static void test_rfc(void **state)
{
	(void)state;
	check(STR(""), "");
	check(STR("a,b\r\n1,2\r\n"), "a|b\n1|2\n");
	check(STR("a,b\n1,2"), "a|b\n1|2\n");
	check(STR("a,b\r1,2\r"), "a|b\n1|2\n");
	check(STR("a,,\n,\n"), "a||\n|\n");
	check(STR("\n\r\na\n\n\nb\n"), "a\nb\n");
	check(STR("\"\"\nb\n"), "\nb\n");
	check(STR("\"a,\"\"b\"\"\r\nc\",\"d\"\n"), "a,\"b\"\r\nc|d\n");
	check(STR("\"\"\"\",\"x\"\"\""), "\"|x\"\n");
	check(STR("a\"b,c\n"), "a\"b|c\n");
	check(STR("\xEF\xBB\xBF\"名\",字\n"), "名|字\n");
	check(STR("a\tb,c\n"), "a\tb|c\n");
	check(STR("a b\tc\n1,2\t3\n"), "a b|c\n1,2|3\n");
}

static void test_lines(void **state)
{
	(void)state;
	struct csv *c;
	struct csv_row row;
	bool more;
	struct error e;
	static const struct {
		int64_t line, row;
	} want[] = { { 2, 0 }, { 3, 1 }, { 6, 2 }, { 8, 3 } };

	assert_int_equal(csv_open(&c, STR("\nhead\n\"a\nb\r\nc\"\nd\n\ne\n"), &e), OK);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_int_equal(csv_next(c, &row, &more, &e), OK);
		assert_true(more);
		assert_int_equal(row.line, want[i].line);
		assert_int_equal(row.row, want[i].row);
	}
	assert_int_equal(csv_next(c, &row, &more, &e), OK);
	assert_false(more);
	csv_close(c);
	csv_close(NULL);
}

static void test_in_place(void **state)
{
	(void)state;
	static const char data[] = "head\n\"plain\",x\n";
	struct csv *c;
	struct csv_row row;
	bool more;

	assert_int_equal(csv_open(&c, str_z(data), NULL), OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(csv_next(c, &row, &more, NULL), OK);
	assert_ptr_equal(row.cell[0].p, data + 6);
	assert_ptr_equal(row.cell[1].p, data + 13);
	csv_close(c);
}

static struct str convert(const char *charset, struct str s, const char *mark, size_t nmark)
{
	size_t cap = s.n * 2 + 16, left = cap - nmark;
	char *out = malloc(cap), *src = malloc(s.n + 1), *in = src;

	assert_non_null(out);
	assert_non_null(src);
	memcpy(src, s.p, s.n);
	memcpy(out, mark, nmark);
	char *p = out + nmark;
	size_t n = s.n;
	iconv_t cd = iconv_open(charset, "UTF-8");
	assert_true(cd != (iconv_t)-1);
	assert_true(iconv(cd, &in, &n, &p, &left) != (size_t)-1);
	iconv_close(cd);
	free(src);
	return (struct str){ out, (size_t)(p - out) };
}

static void free_str(struct str s)
{
	union {
		const char *c;
		char *p;
	} u = { s.p };

	free(u.p);
}

static void test_encodings(void **state)
{
	(void)state;
	static const struct {
		const char *charset, *mark;
		size_t n;
	} row[] = {
		{ "GB18030", "", 0 },
		{ "UTF-16LE", "\xFF\xFE", 2 },
		{ "UTF-16BE", "\xFE\xFF", 2 },
		{ "UTF-8", "\xEF\xBB\xBF", 3 },
	};
	struct str text = STR("姓名,地址\r\n张三,\"咸嘉湖路 \"\"8\"\" 号\"\r\n𠮷田,长沙\r\n");

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct str data = convert(row[i].charset, text, row[i].mark, row[i].n);
		check(data, "姓名|地址\n张三|咸嘉湖路 \"8\" 号\n𠮷田|长沙\n");
		free_str(data);
	}
}

/* More than one window of converted text, with rows across every boundary. */
static void test_windows(void **state)
{
	(void)state;
	enum { ROWS = 300000 };
	struct buf b;
	struct csv *c;
	struct csv_row row;
	bool more = true;
	struct error e = { OK };

	buf_init(&b, 1 << 26);
	for (int i = 0; i < ROWS; i++) {
		buf_i64(&b, i);
		buf_z(&b,
			i % 3 ? ",\"网格\"\"员\"\"\n事件\",长沙市雨花区\r\n" : ",平安,长沙市\r\n");
	}
	assert_false(b.failed);
	assert_true(b.n > CSV_ROW);
	struct str data = convert("GB18030", buf_view(&b), "", 0);
	buf_release(&b);

	assert_int_equal(csv_open(&c, data, &e), OK);
	for (int i = 0; i < ROWS; i++) {
		int64_t n = -1;
		assert_int_equal(csv_next(c, &row, &more, &e), OK);
		assert_true(more && row.n == 3 && row.row == i);
		assert_true(str_i64(row.cell[0], &n) && n == i);
		assert_true(str_eqz(row.cell[1], i % 3 ? "网格\"员\"\n事件" : "平安"));
		assert_true(str_eqz(row.cell[2], i % 3 ? "长沙市雨花区" : "长沙市"));
	}
	assert_int_equal(csv_next(c, &row, &more, &e), OK);
	assert_false(more);
	csv_close(c);
	free_str(data);
}

static void test_refusals(void **state)
{
	(void)state;
	const struct {
		struct str data;
		const char *code, *says;
	} row[] = {
		{ { "a\n\"b", 4 }, "csv_quote", "Line 2" },
		{ { "a\n\"b\"c\n", 7 }, "csv_quote", "Line 2" },
		{ { "a\0b", 3 }, "csv_encoding", "not text" },
		/* Nearly all UTF-8: damage, not another encoding. */
		{ STR("a\n长沙市雨花区平安网格事件\n长\xE6\xB2\n"), "csv_encoding", "Line 3" },
		/* Neither UTF-8 nor GB18030. */
		{ STR("\xFF\xFF\xFF"), "csv_encoding", "GB18030" },
		{ STR("\xB3\xA4\xC9\xB3,a\nb,\xFF\xFF\n"), "csv_encoding", "Line 2" },
		/* Half a character at the end. */
		{ STR("\xB3\xA4\xC9\xB3\n\xB3"), "csv_encoding", "Line 2" },
		{ { "\xFF\xFE"
		    "a\0\0\xD8",
			  6 },
			"csv_encoding", "Line 1" },
		{ { "\xFE\xFF"
		    "\0a\0\n\0b\0\0\0c",
			  12 },
			"csv_encoding", "Line 2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct buf b;
		struct error e = { OK };

		buf_init(&b, 1000);
		assert_int_equal(read_all(row[i].data, &b, &e), ERR_INVALID);
		assert_string_equal(e.code, row[i].code);
		if (!strstr(e.message, row[i].says))
			fail_msg("row %zu: \"%s\" does not say \"%s\"", i, e.message, row[i].says);
		buf_release(&b);
	}
}

/* `n` times `c` between `before` and `after`. */
static enum err read_big(const char *before, char c, size_t n, const char *after, struct error *e)
{
	struct buf b, out;
	char block[4096];

	buf_init(&b, 1 << 26);
	buf_init(&out, 1 << 26);
	memset(block, c, sizeof(block));
	buf_z(&b, before);
	for (size_t left = n; left > 0;) {
		size_t k = left < sizeof(block) ? left : sizeof(block);
		buf_put(&b, block, k);
		left -= k;
	}
	buf_z(&b, after);
	assert_false(b.failed);
	enum err err = read_all(buf_view(&b), &out, e);
	buf_release(&b);
	buf_release(&out);
	return err;
}

/* One row of more than CSV_ROW bytes in cells below the limit, made of `piece`. */
static enum err read_wide(const char *piece, struct error *e)
{
	struct buf b, out;

	buf_init(&b, 1 << 26);
	buf_init(&out, 1 << 26);
	for (int cell = 0; cell < 18; cell++) {
		buf_z(&b, cell ? ",\"" : "\"");
		for (size_t n = 0; n < CSV_CELL - 8; n += strlen(piece))
			buf_z(&b, piece);
		buf_char(&b, '"');
	}
	enum err err = read_all(buf_view(&b), &out, e);
	buf_release(&b);
	buf_release(&out);
	return err;
}

static void test_limits(void **state)
{
	(void)state;
	struct error e = { OK };

	assert_int_equal(read_big("", ',', CSV_COLS - 1, "\n", &e), OK);
	assert_int_equal(read_big("", ',', CSV_COLS, "\n", &e), ERR_LIMIT);
	assert_string_equal(e.code, "csv_columns");
	assert_int_equal(read_big("a\n", 'x', CSV_CELL, "\n", &e), OK);
	assert_int_equal(read_big("a\n", 'x', CSV_CELL + 1, "\n", &e), ERR_LIMIT);
	assert_string_equal(e.code, "csv_cell");
	assert_int_equal(read_big("a\n\"", 'x', CSV_CELL, "\"\n", &e), OK);
	assert_int_equal(read_big("a\n\"", 'x', CSV_CELL + 1, "\"\n", &e), ERR_LIMIT);
	/* An open quote does not swallow the file. */
	assert_int_equal(read_big("a\n\"", 'x', 3 * CSV_CELL, "", &e), ERR_LIMIT);
	assert_non_null(strstr(e.message, "Line 2"));
	/* A row of many cells, with and without quotes to undo. */
	assert_int_equal(read_wide("x", &e), ERR_LIMIT);
	assert_string_equal(e.code, "csv_row");
	assert_int_equal(read_wide("\"\"", &e), ERR_LIMIT);
	assert_string_equal(e.code, "csv_row");
	/* The same through conversion, where the window is the limit. */
	assert_int_equal(read_big("\xB3\xA4\n\"", 'x', 9 * CSV_CELL, "\"\n", &e), ERR_LIMIT);
	assert_int_equal(read_big("\xB3\xA4\n", 'x', 9 * CSV_CELL, "\n", &e), ERR_LIMIT);
}

static void test_write(void **state)
{
	(void)state;
	static const struct {
		const char *cell, *out;
	} row[] = {
		{ "plain", "plain" },
		{ "", "\"\"" },
		{ "a,b", "\"a,b\"" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"" },
		{ "two\nlines", "\"two\nlines\"" },
		{ "=1+1", "'=1+1" },
		{ "@x", "'@x" },
		{ "+861", "+861" },
		{ "-5.5", "-5.5" },
		{ "-5+cmd", "'-5+cmd" },
		{ "=\"a\"", "\"'=\"\"a\"\"\"" },
		{ "\tx", "'\tx" },
	};
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		buf_reset(&b);
		csv_cell(&b, str_z(row[i].cell), true);
		assert_true(str_eqz(buf_view(&b), row[i].out));
	}
	buf_reset(&b);
	csv_cell(&b, STR("a"), true);
	csv_cell(&b, STR(""), false);
	csv_cell(&b, (struct str){ NULL, 0 }, false);
	csv_end_row(&b);
	csv_cell(&b, STR(""), true);
	csv_end_row(&b);
	assert_true(str_eqz(buf_view(&b), "a,,\r\n\"\"\r\n"));
	check(buf_view(&b), "a||\n\n");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_encodings),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
