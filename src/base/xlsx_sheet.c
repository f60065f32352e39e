/*
 * Workbooks: the rows of a sheet. The parser stops at the end of every row that has a value and goes on
 * when the next one is asked for.
 */
#include <stdio.h>
#include <string.h>

#include "base/xlsx_impl.h"

char *xlsx_cell_name(int64_t row, size_t col, char *out)
{
	char letters[8];
	size_t n = 0, to = 0;

	for (size_t c = col + 1; c > 0 && n < 4; c = (c - 1) / 26)
		letters[n++] = (char)('A' + (c - 1) % 26);
	while (n > 0)
		out[to++] = letters[--n];
	snprintf(out + to, 16 - to, "%u", row < 0 || row > 99999999 ? 0 : (unsigned)row + 1);
	return out;
}

/* "AB12" to row 12 and column 27. */
bool xlsx_cell_ref(const char *s, int64_t *ret_row, size_t *ret_col)
{
	size_t col = 0;
	int64_t row = 0;

	for (; *s >= 'A' && *s <= 'Z' && col < 100000; s++)
		col = col * 26 + (size_t)(*s - 'A') + 1;
	for (; *s >= '0' && *s <= '9' && row <= XLSX_ROWS; s++)
		row = row * 10 + (*s - '0');
	if (col == 0 || row == 0 || row > XLSX_ROWS || *s != '\0')
		return false;
	*ret_row = row;
	*ret_col = col - 1;
	return true;
}

void xlsx_reading_end(struct xlsx *x)
{
	xlsx_part_close(&x->r.part);
	if (x->r.xml != NULL)
		XML_ParserFree(x->r.xml);
	x->r.xml = NULL;
}

static void stop(struct xlsx *x, enum err err, const char *code, const char *what)
{
	char name[16];

	xlsx_fail(x, err, code, "Sheet %.80s, cell %s: %s", x->sheet[x->r.index].name,
		  xlsx_cell_name(x->r.row > 0 ? x->r.row - 1 : 0, x->r.col, name), what);
	XML_StopParser(x->r.xml, XML_FALSE);
}

/* ---- cells ---- */

static void start_row(struct xlsx *x, const char **atts)
{
	struct xlsx_reading *r = &x->r;
	const char *v = xlsx_attr(atts, "r");
	int64_t row = r->row + 1;

	r->col = 0;
	if (v != NULL && (!str_i64(str_z(v), &row) || row <= r->row))
		stop(x, ERR_INVALID, "xlsx_order", "the rows are not in order.");
	else
		r->row = row;
	if (r->row > XLSX_ROWS)
		stop(x, ERR_LIMIT, "xlsx_rows", "there are too many rows.");
	r->n = 0;
	buf_reset(&r->text);
}

static enum cell_type type_of(const char *t)
{
	static const struct {
		const char *word;
		enum cell_type type;
	} known[] = { { "n", CELL_NUMBER }, { "s", CELL_SHARED }, { "str", CELL_TEXT }, { "inlineStr", CELL_TEXT },
		{ "b", CELL_BOOL }, { "e", CELL_ERROR }, { "d", CELL_DATE } };

	for (size_t i = 0; t != NULL && i < ARRAY_LEN(known); i++) {
		if (strcmp(t, known[i].word) == 0)
			return known[i].type;
	}
	return CELL_NUMBER;
}

static void start_cell(struct xlsx *x, const char **atts)
{
	struct xlsx_reading *r = &x->r;
	const char *ref = xlsx_attr(atts, "r"), *style = xlsx_attr(atts, "s");
	int64_t row;
	size_t col;

	if (ref != NULL) {
		if (!xlsx_cell_ref(ref, &row, &col) || row != r->row || col < r->col) {
			stop(x, ERR_INVALID, "xlsx_order", "the cells are not in order.");
			return;
		}
		r->col = col;
	}
	r->type = type_of(xlsx_attr(atts, "t"));
	if (style == NULL || !str_i64(str_z(style), &r->style))
		r->style = 0;
	r->flags = 0;
	r->in_cell = true;
	buf_reset(&r->value);
}

/* Text of the cell by its type, appended to the row's. */
static bool cell_text(struct xlsx *x)
{
	struct xlsx_reading *r = &x->r;
	struct str raw = buf_view(&r->value);
	unsigned char format = r->style >= 0 && (size_t)r->style < x->nstyle ? x->style[r->style] : 0;
	int64_t i;

	switch (r->type) {
	case CELL_SHARED:
		if (!str_i64(str_trim(raw), &i) || i < 0 || (size_t)i >= x->nstring)
			return false;
		size_t from = i > 0 ? x->string_end[i - 1] : 0;

		buf_put(&r->text, x->strings.p + from, x->string_end[i] - from);
		return true;
	case CELL_TEXT:
		if (raw.n > 0)
			buf_put(&r->text, raw.p, xlsx_unescape(r->value.p, raw.n));
		return true;
	case CELL_BOOL:
		buf_z(&r->text, raw.n > 0 && raw.p[0] == '1' ? "true" : "false");
		return true;
	case CELL_ERROR:
		r->flags |= XLSX_ERROR;
		buf_str(&r->text, raw);
		return true;
	case CELL_DATE:
		r->flags |= XLSX_DATE;
		buf_str(&r->text, raw);
		return true;
	case CELL_NUMBER:
	default:
		return xlsx_number_text(x, raw, format, &r->text, &r->flags);
	}
}

static void end_cell(struct xlsx *x)
{
	struct xlsx_reading *r = &x->r;
	size_t from = r->text.n;

	r->in_cell = false;
	if (r->value.failed) {
		stop(x, ERR_LIMIT, "xlsx_cell", "the text is longer than 32767 characters.");
		return;
	}
	bool any = r->value.n > 0, formula = (r->flags & XLSX_FORMULA) != 0;

	if (any && !cell_text(x)) {
		stop(x, ERR_INVALID, "xlsx_cell", "what stands there does not fit its type.");
		return;
	}
	if (r->text.failed || r->text.n - from > XLSX_CELL) {
		stop(x, ERR_LIMIT, "xlsx_row", "the row is too long.");
		return;
	}
	if (r->text.n > from || formula) {
		if (r->col >= XLSX_COLS) {
			stop(x, ERR_LIMIT, "xlsx_columns", "there are more than 256 columns.");
			return;
		}
		for (; r->n <= r->col; r->n++) {
			r->off[r->n] = r->text.n;
			r->cell[r->n].n = 0;
			r->flag[r->n] = 0;
		}
		r->off[r->col] = from;
		r->cell[r->col].n = r->text.n - from;
		r->flag[r->col] = r->flags;
	}
	r->col++;
}

/* A row of blanks is an empty one. */
static bool has_value(const struct xlsx_reading *r)
{
	for (size_t i = 0; i < r->n; i++) {
		if (str_trim(r->cell[i]).n > 0 || (r->flag[i] & XLSX_FORMULA))
			return true;
	}
	return false;
}

static void end_row(struct xlsx *x)
{
	struct xlsx_reading *r = &x->r;

	for (size_t i = 0; i < r->n; i++)
		r->cell[i].p = r->cell[i].n > 0 ? r->text.p + r->off[i] : "";
	r->have_row = has_value(r);
	if (r->have_row)
		XML_StopParser(r->xml, XML_TRUE);
}

/* ---- events ---- */

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xlsx *x = arg;
	struct xlsx_reading *r = &x->r;
	const char *local = xlsx_local(name);

	r->silent = 0;
	if (++r->depth > XLSX_DEPTH) {
		stop(x, ERR_LIMIT, "xlsx_xml", "the XML is nested too deeply.");
		return;
	}
	if (strcmp(local, "sheetData") == 0)
		r->in_data = true;
	if (!r->in_data)
		return;
	if (strcmp(local, "c") == 0 && !r->in_cell)
		start_cell(x, atts);
	else if (strcmp(local, "row") == 0 && !r->in_cell)
		start_row(x, atts);
	else if (!r->in_cell)
		return;
	else if (strcmp(local, "v") == 0)
		r->takes = true;
	else if (strcmp(local, "t") == 0)
		r->takes = !r->phonetic;
	else if (strcmp(local, "rPh") == 0)
		r->phonetic = true;
	else if (strcmp(local, "f") == 0)
		r->flags |= XLSX_FORMULA;
}

static void XMLCALL on_close(void *arg, const XML_Char *name)
{
	struct xlsx *x = arg;
	struct xlsx_reading *r = &x->r;
	const char *local = xlsx_local(name);

	r->silent = 0;
	r->depth--;
	if (!r->in_data)
		return;
	if (strcmp(local, "v") == 0 || strcmp(local, "t") == 0)
		r->takes = false;
	else if (strcmp(local, "rPh") == 0)
		r->phonetic = false;
	else if (strcmp(local, "c") == 0 && r->in_cell)
		end_cell(x);
	else if (strcmp(local, "row") == 0 && r->row > 0)
		end_row(x);
	else if (strcmp(local, "sheetData") == 0) {
		r->in_data = false;
		r->ended = true;
		XML_StopParser(r->xml, XML_TRUE);
	}
}

static void XMLCALL on_text(void *arg, const XML_Char *s, int n)
{
	struct xlsx *x = arg;

	x->r.silent = 0;
	if (x->r.takes && x->r.in_cell && n > 0)
		buf_put(&x->r.value, s, (size_t)n);
}

/* ---- reading ---- */

enum err xlsx_sheet(struct xlsx *x, size_t i, struct error *e)
{
	struct xlsx_reading *r = &x->r;
	struct buf text = r->text, value = r->value;
	enum err err = OK;

	xlsx_reading_end(x);
	buf_reset(&text);
	buf_reset(&value);
	*r = (struct xlsx_reading){ .text = text, .value = value, .index = i };
	if (x->dead == OK && i >= x->nsheet)
		err = xlsx_fail(x, ERR_NOT_FOUND, "xlsx_sheet", "The workbook has no such sheet.");
	if (x->dead == OK)
		err = xlsx_read_merges(x, i);
	if (x->dead == OK)
		err = xlsx_part_open(x, x->sheet[i].path, &r->part);
	if (x->dead == OK) {
		r->xml = xlsx_parser(x);
		if (r->xml == NULL)
			err = xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
	}
	if (x->dead == OK) {
		XML_SetElementHandler(r->xml, on_start, on_close);
		XML_SetCharacterDataHandler(r->xml, on_text);
		return OK;
	}
	if (e != NULL)
		*e = x->why;
	return err != OK ? err : x->dead;
}

static enum err parse_more(struct xlsx *x)
{
	struct xlsx_reading *r = &x->r;
	enum XML_Status s;
	size_t n;

	if (r->suspended) {
		s = XML_ResumeParser(r->xml);
	} else {
		void *to = XML_GetBuffer(r->xml, XLSX_CHUNK);

		if (to == NULL)
			return xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
		enum err err = xlsx_part_read(x, &r->part, to, XLSX_CHUNK, &n);

		if (err != OK)
			return err;
		r->silent += n;
		s = XML_ParseBuffer(r->xml, (int)n, n == 0);
		/* A sheet without any rows ends without having had data. */
		if (n == 0 && s == XML_STATUS_OK)
			r->ended = true;
	}
	r->suspended = s == XML_STATUS_SUSPENDED;
	if (x->dead != OK)
		return x->dead;
	if (s == XML_STATUS_ERROR)
		return xlsx_xml_error(x, r->xml, x->sheet[r->index].path);
	if (r->silent > XLSX_SILENT)
		return xlsx_fail(x, ERR_LIMIT, "xlsx_xml", "The workbook is damaged: an endless tag in sheet %.80s.",
				 x->sheet[r->index].name);
	return OK;
}

enum err xlsx_next(struct xlsx *x, struct xlsx_row *ret, bool *ret_more, struct error *e)
{
	struct xlsx_reading *r = &x->r;

	r->have_row = false;
	while (x->dead == OK && r->xml != NULL && !r->have_row && !r->ended)
		(void)!parse_more(x);
	if (x->dead != OK) {
		if (e != NULL)
			*e = x->why;
		return x->dead;
	}
	*ret_more = r->have_row;
	if (!r->have_row)
		return OK;
	xlsx_mark_merged(x);
	*ret = (struct xlsx_row){ .row = r->row, .n = r->n, .cell = r->cell, .flag = r->flag };
	return OK;
}
