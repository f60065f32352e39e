/*
 * Workbooks: number formats, which alone tell a date from a number, and the text of a number.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/xlsx_impl.h"

enum { FORMATS_MAX = 4096, DAYS_1900 = 25569, DAYS_1904 = 1462, SERIAL_MAX = 2958466, EXACT_DIGITS = 15 };

/* The formats that every program knows by number; 27 to 36 and 50 to 58 are those of Chinese programs. */
unsigned char xlsx_format_builtin(int64_t id)
{
	if ((id >= 14 && id <= 17) || (id >= 27 && id <= 31) || id == 36 || (id >= 50 && id <= 54) || id == 57 || id == 58)
		return XF_DATE;
	if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || (id >= 45 && id <= 47) || id == 55 || id == 56)
		return XF_TIME;
	return id == 22 ? XF_DATE | XF_TIME : 0;
}

/* Skips what is literal in a format code at `i`; returns how many bytes. */
static size_t literal(struct str code, size_t i)
{
	const char *end = NULL;

	switch (code.p[i]) {
	case '"':
		end = memchr(code.p + i + 1, '"', code.n - i - 1);
		break;
	case '[':
		/* [h] and [mm] are elapsed time and no literals. */
		if (i + 1 < code.n && memchr("hHmMsS", code.p[i + 1], 6) != NULL)
			return 0;
		end = memchr(code.p + i + 1, ']', code.n - i - 1);
		break;
	case '\\':
	case '_':
	case '*':
		return code.n - i < 2 ? code.n - i : 2;
	default:
		return 0;
	}
	return end != NULL ? (size_t)(end - code.p) - i + 1 : code.n - i;
}

unsigned char xlsx_format_kind(struct str code)
{
	bool day = false, month = false, clock = false;

	if (code.n >= 7 && memcmp(code.p, "General", 7) == 0)
		return 0;
	for (size_t i = 0; i < code.n && code.p[i] != ';';) {
		size_t skip = literal(code, i);

		if (skip > 0) {
			i += skip;
			continue;
		}
		switch (code.p[i++] | 32) {
		case 'y':
		case 'd':
			day = true;
			break;
		case 'm':
			month = true;
			break;
		case 'h':
		case 's':
			clock = true;
			break;
		default:
			break;
		}
	}
	/* Beside hours or seconds alone m is minutes. */
	if (month && !clock)
		day = true;
	return (unsigned char)((day ? XF_DATE : 0) | (clock ? XF_TIME : 0));
}

static bool grow(void *list, size_t n, size_t *cap, size_t size)
{
	void **p = list;

	if (n < *cap)
		return true;
	size_t more = *cap > 0 ? *cap * 2 : 64;
	void *q = realloc(*p, more * size);

	if (q == NULL)
		return false;
	*p = q;
	*cap = more;
	return true;
}

static unsigned char format_of(const struct xlsx *x, int64_t id)
{
	for (size_t i = 0; i < x->nformat; i++) {
		if (x->format[i].id == id)
			return x->format[i].kind;
	}
	return xlsx_format_builtin(id);
}

static int64_t number_attr(const char **atts, const char *name)
{
	const char *v = xlsx_attr(atts, name);
	int64_t n;

	return v != NULL && str_i64(str_z(v), &n) ? n : -1;
}

static void stop(struct xlsx *x, enum err err, const char *what)
{
	xlsx_fail(x, err, err == ERR_NOMEM ? "no_memory" : "xlsx_styles", "%s", what);
	XML_StopParser(x->r.xml, XML_FALSE);
}

static void XMLCALL on_style(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xlsx *x = arg;
	const char *local = xlsx_local(name);

	x->r.depth++;
	x->r.silent = 0;
	if (x->r.depth > XLSX_DEPTH) {
		stop(x, ERR_LIMIT, "The workbook's XML is nested too deeply.");
	} else if (strcmp(local, "numFmt") == 0) {
		const char *code = xlsx_attr(atts, "formatCode");

		if (x->nformat == FORMATS_MAX)
			stop(x, ERR_LIMIT, "The workbook has too many number formats.");
		else if (!grow(&x->format, x->nformat, &x->cap_format, sizeof(*x->format)))
			stop(x, ERR_NOMEM, "Out of memory.");
		else
			x->format[x->nformat].id = number_attr(atts, "numFmtId"),
			x->format[x->nformat++].kind = xlsx_format_kind(str_z(code != NULL ? code : ""));
	} else if (strcmp(local, "cellXfs") == 0) {
		x->in_formats = true;
	} else if (strcmp(local, "xf") == 0 && x->in_formats) {
		if (x->nstyle == XLSX_STYLES)
			stop(x, ERR_LIMIT, "The workbook has too many cell formats.");
		else if (!grow(&x->style, x->nstyle, &x->cap_style, sizeof(*x->style)))
			stop(x, ERR_NOMEM, "Out of memory.");
		else
			x->style[x->nstyle++] = format_of(x, number_attr(atts, "numFmtId"));
	}
}

static void XMLCALL on_style_end(void *arg, const XML_Char *name)
{
	struct xlsx *x = arg;

	xlsx_on_end(arg, name);
	if (strcmp(xlsx_local(name), "cellXfs") == 0)
		x->in_formats = false;
}

enum err xlsx_read_styles(struct xlsx *x)
{
	return xlsx_part_parse(x, x->styles_path, on_style, on_style_end, NULL);
}

/* ---- numbers ---- */

/* A whole number of more digits than a double has: its first 15, then zeros. */
static void long_number(double v, struct buf *out)
{
	char text[40];
	int exponent;

	/* d.dddddddddddddde+xx */
	snprintf(text, sizeof(text), "%.14e", v);
	const char *e = strchr(text, 'e');
	int64_t x = 0;

	if (e == NULL || !str_i64(str_z(e[1] == '+' ? e + 2 : e + 1), &x))
		return;
	exponent = (int)x;
	for (const char *p = text; p < e; p++) {
		if (*p != '.')
			buf_char(out, *p);
	}
	for (int i = EXACT_DIGITS - 1; i < exponent; i++)
		buf_char(out, '0');
}

static void plain_number(double v, struct buf *out, unsigned char *flags)
{
	char text[40];

	if (fabs(v) < 1e15 && v == floor(v)) {
		snprintf(text, sizeof(text), "%.0f", v);
	} else if (fabs(v) >= 1e15 && fabs(v) < 1e30) {
		*flags |= XLSX_ROUNDED;
		long_number(v, out);
		return;
	} else {
		snprintf(text, sizeof(text), "%.15g", v);
	}
	buf_z(out, text[0] == '-' && text[1] == '0' && text[2] == '\0' ? "0" : text);
}

/* Day 60 is a 29 February 1900 that never was. */
static void date_text(const struct xlsx *x, double v, unsigned char format, struct buf *out)
{
	double days = floor(v);
	int64_t seconds = (int64_t)llround((v - days) * 86400), day = (int64_t)days;

	if (seconds == 86400) {
		seconds = 0;
		day++;
	}
	bool has_day = (format & XF_DATE) || day > 0, has_clock = (format & XF_TIME) || seconds > 0;

	if (has_day) {
		day += x->date1904 ? DAYS_1904 : day < 60 ? 1 : 0;
		int64_t ymd = date_from_days(day - DAYS_1900);

		buf_fmt(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64, ymd / 10000, ymd / 100 % 100, ymd % 100);
		/* A time of midnight beside a day is no time. */
		has_clock = has_clock && seconds > 0;
	}
	if (has_clock)
		buf_fmt(out, "%s%02" PRId64 ":%02" PRId64 ":%02" PRId64, has_day ? "T" : "", seconds / 3600,
			seconds / 60 % 60, seconds % 60);
}

bool xlsx_number_text(const struct xlsx *x, struct str raw, unsigned char format, struct buf *out,
		      unsigned char *flags)
{
	double v;

	if (!str_double(str_trim(raw), &v))
		return false;
	*flags |= XLSX_NUMBER;
	if (format != 0 && v >= 0 && v < SERIAL_MAX) {
		*flags |= XLSX_DATE;
		date_text(x, v, format, out);
	} else {
		plain_number(v, out, flags);
	}
	return true;
}
