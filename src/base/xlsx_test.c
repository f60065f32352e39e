/*
 * Workbooks: what cells of every kind become, rows without values, merged areas; limits, damage and attacks
 * by hand-made archives; and what the writer writes, read again. R022.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/sheet.h"
#include "base/test_xlsx.h"
#include "base/xlsx_impl.h"

enum { TEXT = 1 << 16 };

static struct xlsx *opened(const struct made *m)
{
	struct error e = { .err = OK };
	struct xlsx *x = NULL;
	enum err err = xlsx_open(&x, (struct str){ m->p, m->n }, NULL, &e);

	assert_string_equal(e.message, "");
	assert_int_equal(err, OK);
	return x;
}

/* "3:a|b*;" for row 3 with the cells a and b, flags as letters. */
static void dump(struct xlsx *x, struct buf *out)
{
	static const char letter[] = "#DFMRE";
	struct error e = { .err = OK };
	struct xlsx_row row;
	bool more = true;

	assert_int_equal(xlsx_sheet(x, 0, &e), OK);
	while (xlsx_next(x, &row, &more, &e) == OK && more) {
		buf_fmt(out, "%lld:", (long long)row.row);
		for (size_t i = 0; i < row.n; i++) {
			buf_z(out, i > 0 ? "|" : "");
			buf_str(out, row.cell[i]);
			for (int k = 0; k < 6; k++) {
				if (row.flag[i] >> k & 1)
					buf_fmt(out, "{%c}", letter[k]);
			}
		}
		buf_char(out, ';');
	}
	if (e.err != OK)
		buf_fmt(out, "!%s %s", e.code, e.message);
	buf_char(out, '\0');
}

static void check_sheet(const char *rows, const char *want)
{
	struct buf sheet, out;

	buf_init(&sheet, 1 << 20);
	buf_init(&out, TEXT);
	buf_fmt(&sheet, "<?xml version=\"1.0\"?><worksheet>%s</worksheet>", rows);
	struct made m = made_book(buf_view(&sheet));
	struct xlsx *x = opened(&m);

	dump(x, &out);
	assert_string_equal(out.p, want);
	/* Once more from the beginning, unless it was damaged. */
	if (strchr(want, '!') == NULL) {
		buf_reset(&out);
		dump(x, &out);
		assert_string_equal(out.p, want);
	}
	xlsx_close(x);
	free(m.p);
	buf_release(&sheet);
	buf_release(&out);
}

#define DATA(rows) "<sheetData>" rows "</sheetData>"

static void test_cells(void **state)
{
	(void)state;
	check_sheet(DATA("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"s\"><v>1</v></c><c t=\"s\"><v>2</v></c></row>"),
		"1:first||second|a\nb_;");
	check_sheet(DATA("<row><c t=\"inlineStr\"><is><t> in </t><r><t>line</t></r></is></c><c t=\"str\"><f>A1&amp;1</f><v>x</v></c>"
			 "<c t=\"b\"><v>1</v></c><c t=\"e\"><v>#N/A</v></c><c t=\"d\"><v>2024-05-06</v></c></row>"),
		"1: in line|x{F}|true|#N/A{E}|2024-05-06{D};");
	check_sheet(DATA("<row><c><v>12</v></c><c><v>0.1</v></c><c><v>1.10000000000000001</v></c><c><v>-3.5E-2</v></c>"
			 "<c><v>13800001111</v></c><c><v>4.30521199001011E+17</v></c><c><v>1e3</v></c><c s=\"4\"><v>7.5</v></c></row>"),
		"1:12{#}|0.1{#}|1.1{#}|-0.035{#}|13800001111{#}|430521199001011000{#}{R}|1000{#}|7.5{#};");
	check_sheet(DATA("<row><c s=\"1\"><v>45321</v></c><c s=\"2\"><v>45321</v></c><c s=\"3\"><v>45321.3958333333</v></c>"
			 "<c s=\"1\"><v>1</v></c><c s=\"1\"><v>61</v></c><c s=\"5\"><v>0.75</v></c><c s=\"3\"><v>45321</v></c></row>"),
		"1:2024-01-30{#}{D}|2024-01-30{#}{D}|2024-01-30T09:30:00{#}{D}|1900-01-01{#}{D}|1900-03-01{#}{D}|18:00:00{#}{D}|"
		"2024-01-30{#}{D};");
	check_sheet(DATA("<row><c><f>NOW()</f></c></row><row><c><f>1+1</f><v>2</v></c></row>"), "1:{F};2:2{#}{F};");
}

/* However many rows a sheet declares: only the ones with a value count. */
static void test_empty_rows(void **state)
{
	struct buf b;

	(void)state;
	check_sheet("", "");
	check_sheet("<sheetData/>", "");
	check_sheet(DATA("<row r=\"2\"><c r=\"B2\" s=\"1\"/></row><row r=\"5\"><c r=\"B5\"><v>1</v></c></row><row r=\"9\"/>"
			 "<row r=\"10\"><c t=\"str\"><v>  </v></c></row>"),
		"5:|1{#};");
	buf_init(&b, 32 << 20);
	buf_z(&b, "<worksheet><dimension ref=\"A1:Z65000\"/><sheetData>");
	for (int i = 1; i <= 65000; i++)
		buf_fmt(&b, i <= 500 ? "<row r=\"%d\"><c r=\"A%d\"><v>%d</v></c></row>" : "<row r=\"%d\"><c r=\"A%d\" s=\"1\"/></row>",
			i, i, i);
	buf_z(&b, "</sheetData></worksheet>");
	struct made m = made_book(buf_view(&b));
	struct xlsx *x = opened(&m);
	struct xlsx_row row;
	bool more = true;
	int n = 0;

	assert_int_equal(xlsx_sheet(x, 0, NULL), OK);
	while (xlsx_next(x, &row, &more, NULL) == OK && more)
		n++;
	assert_int_equal(n, 500);
	assert_int_equal(row.row, 500);
	xlsx_close(x);
	free(m.p);
	buf_release(&b);
}

static void test_merged(void **state)
{
	(void)state;
	check_sheet(DATA("<row r=\"1\"><c r=\"A1\"><v>1</v></c><c r=\"B1\"><v>2</v></c></row><row r=\"2\"><c r=\"B2\"><v>3</v></c></row>"
			 "<row r=\"4\"><c r=\"A4\"><v>4</v></c></row>")
		    "<mergeCells count=\"2\"><mergeCell ref=\"A1:A2\"/><mergeCell ref=\"B4:D9\"/></mergeCells>",
		"1:1{#}|2{#};2:{M}|3{#};4:4{#}||{M}|{M};");
}

static void test_errors(void **state)
{
	(void)state;
	check_sheet(DATA("<row r=\"3\"><c r=\"A3\"><v>1</v></c></row><row r=\"2\"/>"),
		"3:1{#};!xlsx_order Sheet One, cell A3: the rows are not in order.");
	check_sheet(DATA("<row r=\"3\"><c r=\"B3\"><v>1</v></c><c r=\"A3\"/></row>"),
		"!xlsx_order Sheet One, cell C3: the cells are not in order.");
	check_sheet(DATA("<row r=\"3\"><c r=\"B3\" t=\"s\"><v>99</v></c></row>"),
		"!xlsx_cell Sheet One, cell B3: what stands there does not fit its type.");
	check_sheet(DATA("<row r=\"3\"><c r=\"B3\"><v>abc</v></c></row>"),
		"!xlsx_cell Sheet One, cell B3: what stands there does not fit its type.");
	check_sheet(DATA("<row r=\"3\"><c r=\"IW3\"><v>1</v></c></row>"),
		"!xlsx_columns Sheet One, cell IW3: there are more than 256 columns.");
	check_sheet(DATA("<row r=\"3\"><c r=\"XFD3\"/><c r=\"XFE3\" s=\"1\"/></row>"), "");
	check_sheet(DATA("<row r=\"1048577\"><c><v>1</v></c></row>"),
		"!xlsx_rows Sheet One, cell A1048577: there are too many rows.");
	check_sheet(DATA("<row r=\"1\"><c r=\"A1\"><v>1</v></row>"),
		"!xlsx_xml The workbook is damaged: xl/worksheets/sheet1.xml, line 1: mismatched tag.");
}

/* Opens what must be refused, now or while its rows are read; returns the code. */
static const char *refusal(const struct made *m, const struct xlsx_limits *limits, char code[48])
{
	struct error e = { .err = OK };
	struct xlsx *x = NULL;
	struct xlsx_row row;
	bool more = true;
	enum err err = xlsx_open(&x, (struct str){ m->p, m->n }, limits, &e);

	if (err == OK)
		err = xlsx_sheet(x, 0, &e);
	while (err == OK && more)
		err = xlsx_next(x, &row, &more, &e);
	xlsx_close(x);
	assert_int_equal(err, e.err);
	memcpy(code, e.code, sizeof(e.code));
	return code;
}

static void test_damage(void **state)
{
	struct made m = made_book(STR("<worksheet>" DATA("<row><c><v>1</v></c></row>") "</worksheet>"));
	char code[48];

	(void)state;
	assert_string_equal(refusal(&m, NULL, code), "");
	/* Cut off anywhere: an error, and never a crash. */
	for (size_t n = 0; n < m.n; n++) {
		struct made cut = { m.p, n };

		assert_string_not_equal(refusal(&cut, NULL, code), "");
	}
	/* A bit turned anywhere: an error, or nothing that matters. */
	for (size_t n = 0; n < m.n; n++) {
		m.p[n] ^= 16;
		(void)refusal(&m, NULL, code);
		m.p[n] ^= 16;
	}
	free(m.p);
	m = (struct made){ (char *)(uintptr_t)"\xD0\xCF\x11\xE0 old", 8 };
	assert_string_equal(refusal(&m, NULL, code), "xlsx_not");
	m = (struct made){ (char *)(uintptr_t)"just text", 9 };
	assert_string_equal(refusal(&m, NULL, code), "xlsx_broken");
	const struct made_part word[] = { { "word/document.xml", STR("<w/>") } };

	m = made_zip(word, 1);
	assert_string_equal(refusal(&m, NULL, code), "xlsx_part");
	free(m.p);
}

static void test_attacks(void **state)
{
	struct xlsx_limits limits = xlsx_limits;
	char code[48];
	struct buf b;

	(void)state;
	struct made m = made_book(STR("<!DOCTYPE w [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><worksheet>"
				      DATA("<row><c t=\"str\"><v>&b;</v></c></row>") "</worksheet>"));

	assert_string_equal(refusal(&m, NULL, code), "xlsx_doctype");
	free(m.p);
	/* Thirty million blanks in thirty thousand bytes. */
	buf_init(&b, 64 << 20);
	buf_z(&b, "<worksheet><sheetData>");
	for (int i = 0; i < 500000; i++)
		buf_z(&b, "                                                            ");
	buf_z(&b, "</sheetData></worksheet>");
	m = made_book(buf_view(&b));
	assert_true(m.n < 100000);
	assert_string_equal(refusal(&m, NULL, code), "xlsx_ratio");
	limits.ratio = 100000;
	assert_string_equal(refusal(&m, &limits, code), "");
	limits.inflated = 20 << 20;
	assert_string_equal(refusal(&m, &limits, code), "xlsx_inflated");
	limits = xlsx_limits;
	limits.packed = 1000;
	assert_string_equal(refusal(&m, &limits, code), "xlsx_packed");
	limits = xlsx_limits;
	limits.entries = 5;
	assert_string_equal(refusal(&m, &limits, code), "xlsx_entries");
	limits = xlsx_limits;
	limits.strings = 12;
	assert_string_equal(refusal(&m, &limits, code), "xlsx_strings");
	free(m.p);
	/* A tag without an end. */
	buf_reset(&b);
	buf_z(&b, "<worksheet><sheetData><row x=\"");
	for (int i = 0; i < 300000; i++)
		buf_fmt(&b, "%u", (unsigned)i * 7919u);
	m = made_book(buf_view(&b));
	assert_string_equal(refusal(&m, NULL, code), "xlsx_xml");
	free(m.p);
	buf_reset(&b);
	buf_z(&b, "<worksheet><sheetData>");
	for (int i = 0; i < 100; i++)
		buf_z(&b, "<row>");
	m = made_book(buf_view(&b));
	assert_string_equal(refusal(&m, NULL, code), "xlsx_xml");
	free(m.p);
	buf_release(&b);
}

static void test_formats(void **state)
{
	(void)state;
	assert_int_equal(xlsx_format_kind(STR("General")), 0);
	assert_int_equal(xlsx_format_kind(STR("0.00E+00")), 0);
	assert_int_equal(xlsx_format_kind(STR("\"day\" 0")), 0);
	assert_int_equal(xlsx_format_kind(STR("[DBNum1][$-804]yyyy\"年\"m\"月\"")), XF_DATE);
	assert_int_equal(xlsx_format_kind(STR("mm:ss")), XF_TIME);
	assert_int_equal(xlsx_format_kind(STR("[h]:mm")), XF_TIME);
	assert_int_equal(xlsx_format_kind(STR("mmm")), XF_DATE);
	assert_int_equal(xlsx_format_kind(STR("#,##0\\d;[Red]yy")), 0);
	assert_int_equal(xlsx_format_builtin(14), XF_DATE);
	assert_int_equal(xlsx_format_builtin(22), XF_DATE | XF_TIME);
	assert_int_equal(xlsx_format_builtin(0), 0);
}

static void test_names(void **state)
{
	char out[16];
	int64_t row;
	size_t col;

	(void)state;
	assert_string_equal(xlsx_cell_name(0, 0, out), "A1");
	assert_string_equal(xlsx_cell_name(11, 27, out), "AB12");
	assert_string_equal(xlsx_cell_name(1048575, 16383, out), "XFD1048576");
	assert_true(xlsx_cell_ref("XFD1048576", &row, &col));
	assert_int_equal(row, 1048576);
	assert_int_equal(col, 16383);
	assert_false(xlsx_cell_ref("A0", &row, &col));
	assert_false(xlsx_cell_ref("12", &row, &col));
	assert_false(xlsx_cell_ref("A1x", &row, &col));
}

/* What the writer writes, the reader reads. */
static void test_written(void **state)
{
	char path[] = "/tmp/gezhi_xlsx_XXXXXX";
	struct xlsx_out *o;
	struct buf out;

	(void)state;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(xlsx_out_open(&o, path, "/tmp", "表"), OK);
	xlsx_out_properties(o, "title", "author", "comment");
	xlsx_out_width(o, 1, 30);
	xlsx_out_text(o, 0, 0, STR("姓名"), XLSX_HEAD);
	xlsx_out_text(o, 0, 1, STR("a<b> & \"c\"\n"), XLSX_PLAIN);
	xlsx_out_number(o, 1, 0, 12.5, XLSX_BAD);
	xlsx_out_comment(o, 1, 0, "why");
	xlsx_out_day(o, 1, 1, 20240130);
	xlsx_out_day(o, 1, 2, 18991231);
	xlsx_out_text(o, 2, 0, STR("=1+1"), XLSX_PLAIN);
	xlsx_out_freeze(o, 1);
	assert_int_equal(xlsx_out_close(o), OK);
	FILE *f = fopen(path, "rb");
	char *bytes = malloc(TEXT);

	assert_non_null(f);
	struct made m = { bytes, fread(bytes, 1, TEXT, f) };

	fclose(f);
	unlink(path);
	struct xlsx *x = opened(&m);

	buf_init(&out, TEXT);
	assert_string_equal(xlsx_sheet_name(x, 0), "表");
	dump(x, &out);
	assert_string_equal(out.p, "1:姓名|a<b> & \"c\"\n;2:12.5{#}|2024-01-30{#}{D}|1899-12-31;3:=1+1;");
	xlsx_close(x);
	buf_release(&out);
	free(bytes);
	assert_int_equal(xlsx_out_open(&o, "/nowhere/x.xlsx", "/tmp", "x"), OK);
	xlsx_out_text(o, 0, 0, STR("x"), XLSX_PLAIN);
	assert_int_equal(xlsx_out_close(o), ERR_IO);
}

/* The same rows from either format. */
static void test_sheet(void **state)
{
	struct made m = made_book(STR("<worksheet>" DATA("<row><c t=\"s\"><v>0</v></c></row><row r=\"7\"><c t=\"s\"><v>1</v></c></row>")
				      "</worksheet>"));
	struct str files[] = { { m.p, m.n }, STR("first\n\n\n\n\n\nsecond\n") };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sheet *s;
		struct sheet_row row;
		bool more;

		assert_int_equal(sheet_open(&s, files[i], NULL, NULL), OK);
		assert_int_equal(sheet_is_book(s), i == 0);
		assert_int_equal(sheet_count(s), 1);
		for (int turn = 0; turn < 2; turn++) {
			assert_int_equal(sheet_begin(s, 0, NULL), OK);
			assert_int_equal(sheet_next(s, &row, &more, NULL), OK);
			assert_true(more && row.n == 1 && row.line == 1 && str_eqz(row.cell[0], "first"));
			assert_int_equal(sheet_next(s, &row, &more, NULL), OK);
			assert_true(more && row.n == 1 && row.line == 7 && str_eqz(row.cell[0], "second"));
			assert_int_equal(sheet_next(s, &row, &more, NULL), OK);
			assert_false(more);
		}
		sheet_close(s);
	}
	struct str text;
	struct buf out;

	buf_init(&out, TEXT);
	assert_int_equal(sheet_as_csv(files[0], &out, &text, NULL), OK);
	assert_true(str_eqz(text, "\"first\"\n\n\n\n\n\n\"second\"\n"));
	assert_int_equal(sheet_as_csv(files[1], &out, &text, NULL), OK);
	assert_ptr_equal(text.p, files[1].p);
	buf_release(&out);
	free(m.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_empty_rows),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_attacks),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_sheet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
