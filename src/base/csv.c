/*
 * CSV: one pass over a window of UTF-8. For UTF-8 input the window is the input itself; for other
 * encodings it is a buffer of CSV_ROW bytes that conversion refills whenever a row does not end in
 * it.
 */
#include "base/csv.h"

#include <errno.h>
#include <iconv.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct csv {
	struct str in; /* what is not converted yet */
	iconv_t conv;
	bool converts, damaged; /* damaged: `in` starts with bytes that are no text */
	const char *p;          /* window */
	size_t at, n;
	bool last; /* nothing follows the window */
	char *win; /* memory of the window when converting */
	size_t win_cap;
	char *scratch; /* cells whose doubled quotes were undone; made when first needed */
	size_t scratch_n, scratch_cap;
	char sep;
	int64_t line, row;
	size_t ncell;
	struct str cell[CSV_COLS];
	enum err dead; /* the error that ended reading */
	struct error why;
};

/* How a step over the window ended. */
enum scan { SCAN_OK, SCAN_MORE, SCAN_ERR };

enum text_kind { TEXT_UTF8, TEXT_OTHER, TEXT_BROKEN, TEXT_BINARY };

/* Eight bytes of ASCII without NUL? */
static bool ascii8(const char *p)
{
	const uint64_t high = UINT64_C(0x8080808080808080), one = UINT64_C(0x0101010101010101);
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return ((v | (v - one)) & high) == 0;
}

/*
 * Decides by counting: GB18030 text hardly ever forms UTF-8 sequences, so input where nearly all
 * non-ASCII is valid UTF-8 is UTF-8 with damage and must not be turned into nonsense silently.
 */
static enum text_kind text_kind(struct str s, int64_t *ret_line)
{
	int64_t good = 0, bad = 0, line = 1;
	size_t i = 0;

	while (i < s.n) {
		if (s.n - i >= 8 && ascii8(s.p + i)) {
			for (size_t k = 0; bad == 0 && k < 8; k++)
				line += s.p[i + k] == '\n';
			i += 8;
			continue;
		}
		size_t at = i;
		uint32_t rune = str_rune(s, &i);
		if (rune == 0)
			return TEXT_BINARY;
		line += rune == '\n' && bad == 0;
		if (rune == 0xFFFD && i - at == 1)
			bad++;
		else if (rune >= 0x80)
			good++;
	}
	*ret_line = line;
	if (bad == 0)
		return TEXT_UTF8;
	return good >= bad * 10 ? TEXT_BROKEN : TEXT_OTHER;
}

static enum err csv_fail(struct csv *c, enum err err, const char *code, const char *what)
{
	c->dead = err;
	return err_set(&c->why, err, code, "", "Line %" PRId64 ": %s", c->line, what);
}

/* Refills the window behind what is unread. */
static enum err csv_refill(struct csv *c)
{
	size_t left = c->n - c->at;

	memmove(c->win, c->win + c->at, left);
	c->at = 0;
	c->n = left;
	if (c->damaged)
		return csv_fail(c, ERR_INVALID, "csv_encoding",
			"bytes near here are no text in the file's encoding.");

	/* iconv wants a non-const source although it only reads. */
	union {
		const char *c;
		char *p;
	} src = { c->in.p };
	char *dst = c->win + left;
	size_t room = c->win_cap - left;
	size_t r = iconv(c->conv, &src.p, &c->in.n, &dst, &room);
	c->in.p = src.c;
	c->n = (size_t)(dst - c->win);
	/* No text holds NUL; UTF-16 can only be checked here. */
	const char *nul = memchr(c->win + left, 0, c->n - left);
	if (nul)
		c->n = (size_t)(nul - c->win);
	if (nul || (r == (size_t)-1 && errno != E2BIG))
		c->damaged = true; /* reported when the rows before it were read */
	else if (c->n == left && c->in.n > 0)
		return csv_fail(c, ERR_LIMIT, "csv_row", "the row is longer than 8 MiB.");
	else
		c->last = c->in.n == 0;
	return OK;
}

static bool ends_cell(char c, char sep)
{
	return c == sep || c == '\n' || c == '\r';
}

static enum scan scan_err(struct csv *c, enum err err, const char *code, const char *what)
{
	csv_fail(c, err, code, what);
	return SCAN_ERR;
}

/* Memory for `most` bytes of text, or for the longest row if that is less. */
static char *csv_memory(size_t most, size_t *ret_cap)
{
	size_t cap = most < CSV_ROW ? most : CSV_ROW;
	char *p = malloc(cap ? cap : 1);

	if (p)
		*ret_cap = cap;
	return p;
}

/* Appends a piece of a cell with doubled quotes to the scratch memory. */
static enum scan csv_keep(struct csv *c, const char *p, size_t n)
{
	if (!c->scratch)
		c->scratch = csv_memory(c->converts ? c->win_cap : c->n, &c->scratch_cap);
	if (!c->scratch)
		return scan_err(c, ERR_NOMEM, "no_memory", "out of memory.");
	if (n > c->scratch_cap - c->scratch_n)
		return scan_err(c, ERR_LIMIT, "csv_row", "the row is longer than 8 MiB.");
	memcpy(c->scratch + c->scratch_n, p, n);
	c->scratch_n += n;
	return SCAN_OK;
}

/* A quoted cell; *pos is at the opening quote and ends behind the closing one. */
static enum scan scan_quoted(struct csv *c, size_t *pos, struct str *ret)
{
	size_t start = *pos + 1, from = start, i = start, scratch = c->scratch_n;

	for (;;) {
		size_t limit = c->n - i < CSV_CELL + 1 - (i - start) ? c->n - i
								     : CSV_CELL + 1 - (i - start);
		const char *q = limit ? memchr(c->p + i, '"', limit) : NULL;
		if (!q && c->n - start > CSV_CELL)
			return scan_err(c, ERR_LIMIT, "csv_cell",
				"a cell is longer than 1 MiB; is its quote closed?");
		if (!q && !c->last)
			return SCAN_MORE;
		if (!q)
			return scan_err(c, ERR_INVALID, "csv_quote", "a quote is never closed.");
		i = (size_t)(q - c->p);
		if (i + 1 == c->n && !c->last)
			return SCAN_MORE;
		if (i + 1 == c->n || c->p[i + 1] != '"')
			break;
		/* A doubled quote: one of the two belongs to the cell. */
		if (csv_keep(c, c->p + from, i + 1 - from) != SCAN_OK)
			return SCAN_ERR;
		from = i + 2;
		i += 2;
		if (i - start > CSV_CELL)
			return scan_err(c, ERR_LIMIT, "csv_cell", "a cell is longer than 1 MiB.");
	}
	*pos = i + 1;
	*ret = (struct str){ c->p + start, i - start };
	if (from == start)
		return SCAN_OK;
	if (csv_keep(c, c->p + from, i - from) != SCAN_OK)
		return SCAN_ERR;
	*ret = (struct str){ c->scratch + scratch, c->scratch_n - scratch };
	return SCAN_OK;
}

static enum scan scan_plain(struct csv *c, size_t *pos, struct str *ret)
{
	size_t i = *pos;

	while (i < c->n && !ends_cell(c->p[i], c->sep))
		i++;
	if (i - *pos > CSV_CELL)
		return scan_err(c, ERR_LIMIT, "csv_cell", "a cell is longer than 1 MiB.");
	if (i == c->n && !c->last)
		return SCAN_MORE;
	*ret = (struct str){ c->p + *pos, i - *pos };
	*pos = i;
	return SCAN_OK;
}

/* Steps over "\n", "\r\n" or a lone "\r". */
static enum scan scan_eol(const struct csv *c, size_t *pos)
{
	size_t i = *pos;

	if (i == c->n)
		return SCAN_OK;
	if (c->p[i] == '\r') {
		if (i + 1 == c->n && !c->last)
			return SCAN_MORE;
		if (i + 1 < c->n && c->p[i + 1] == '\n')
			i++;
	}
	*pos = i + 1;
	return SCAN_OK;
}

/* One row from the window; nothing is consumed unless it is complete. */
static enum scan scan_row(struct csv *c, size_t *ret_end)
{
	size_t i = c->at;

	c->ncell = 0;
	c->scratch_n = 0;
	for (;;) {
		enum scan s;

		if (c->ncell == CSV_COLS)
			return scan_err(c, ERR_LIMIT, "csv_columns", "more than 256 columns.");
		if (i < c->n && c->p[i] == '"')
			s = scan_quoted(c, &i, &c->cell[c->ncell]);
		else
			s = scan_plain(c, &i, &c->cell[c->ncell]);
		if (s != SCAN_OK)
			return s;
		c->ncell++;
		if (i - c->at > CSV_ROW)
			return scan_err(c, ERR_LIMIT, "csv_row", "the row is longer than 8 MiB.");
		if (i < c->n && !ends_cell(c->p[i], c->sep))
			return scan_err(c, ERR_INVALID, "csv_quote",
				"text follows a closing quote; write a quote inside a cell twice.");
		if (i < c->n && c->p[i] == c->sep) {
			i++;
			continue;
		}
		s = scan_eol(c, &i);
		*ret_end = i;
		return s;
	}
}

static int64_t count_lines(const char *p, size_t n)
{
	int64_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n' || (p[i] == '\r' && !(i + 1 < n && p[i + 1] == '\n'));
	return lines;
}

static enum err csv_dead(const struct csv *c, struct error *e)
{
	if (e)
		*e = c->why;
	return c->dead;
}

enum err csv_next(struct csv *c, struct csv_row *ret, bool *ret_more, struct error *e)
{
	while (!c->dead) {
		size_t end = c->at;

		if (c->at == c->n && c->last) {
			*ret_more = false;
			return OK;
		}
		enum scan s = c->at == c->n ? SCAN_MORE : scan_row(c, &end);
		if (s == SCAN_MORE && csv_refill(c))
			break;
		if (s == SCAN_ERR)
			break;
		if (s == SCAN_MORE)
			continue;

		int64_t line = c->line;
		c->line += count_lines(c->p + c->at, end - c->at);
		bool empty = c->p[c->at] == '\n' || c->p[c->at] == '\r';
		c->at = end;
		if (empty)
			continue;
		*ret = (struct csv_row){
			.line = line, .row = c->row++, .n = c->ncell, .cell = c->cell
		};
		*ret_more = true;
		return OK;
	}
	return csv_dead(c, e);
}

/* Tabs and no comma in the first line: tab-separated. */
static char csv_separator(const struct csv *c)
{
	size_t limit = c->n < 65536 ? c->n : 65536;
	bool tab = false;

	for (size_t i = 0; i < limit && c->p[i] != '\n' && c->p[i] != '\r'; i++) {
		if (c->p[i] == ',')
			return ',';
		tab = tab || c->p[i] == '\t';
	}
	return tab ? '\t' : ',';
}

static enum err csv_convert(struct csv *c, const char *charset, struct error *e)
{
	c->conv = iconv_open("UTF-8", charset);
	if (c->conv == (iconv_t)-1)
		return err_set(e, ERR_IO, "csv_encoding", "",
			"No conversion from %s on this system.", charset);
	c->converts = true;
	/* No encoding read here grows by more than half; some room for the rounding. */
	c->win = csv_memory(c->in.n < CSV_ROW ? c->in.n * 2 + 16 : CSV_ROW, &c->win_cap);
	if (!c->win)
		return err_set(e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	c->p = c->win;
	enum err err = csv_refill(c);
	if (err)
		return csv_dead(c, e);
	/* The first bytes are no text: better told before the first row. */
	if (c->damaged && c->n == 0)
		return err_set(e, ERR_INVALID, "csv_encoding", "",
			"The file is neither UTF-8 nor %s.", charset);
	return OK;
}

static enum err csv_setup(struct csv *c, struct str data, struct error *e)
{
	int64_t line = 1;

	c->in = data;
	if (str_prefix(data, STR("\xFF\xFE")) || str_prefix(data, STR("\xFE\xFF"))) {
		bool little = data.p[0] == '\xFF';
		c->in = (struct str){ data.p + 2, data.n - 2 };
		return csv_convert(c, little ? "UTF-16LE" : "UTF-16BE", e);
	}
	if (str_prefix(data, STR("\xEF\xBB\xBF")))
		c->in = (struct str){ data.p + 3, data.n - 3 };

	switch (text_kind(c->in, &line)) {
	case TEXT_BINARY:
		return err_set(e, ERR_INVALID, "csv_encoding", "", "The file is not text.");
	case TEXT_BROKEN:
		return err_set(e, ERR_INVALID, "csv_encoding", "",
			"Line %" PRId64 ": bytes that are not valid UTF-8.", line);
	case TEXT_OTHER:
		return csv_convert(c, "GB18030", e);
	case TEXT_UTF8:
		break;
	}
	c->p = c->in.n ? c->in.p : "";
	c->n = c->in.n;
	c->last = true;
	return OK;
}

enum err csv_open(struct csv **ret, struct str data, struct error *e)
{
	struct csv *c = calloc(1, sizeof(*c));

	if (!c)
		return err_set(e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	c->line = 1;
	enum err err = csv_setup(c, data, e);
	if (err) {
		csv_close(c);
		return err;
	}
	c->sep = csv_separator(c);
	*ret = c;
	return OK;
}

void csv_close(struct csv *c)
{
	if (!c)
		return;
	if (c->converts)
		iconv_close(c->conv);
	free(c->win);
	free(c->scratch);
	free(c);
}

/* Spreadsheets run cells that begin so; a plain number is no formula. */
static bool is_formula(struct str s)
{
	double v;

	if (s.n == 0 || !memchr("=+-@\t\r", s.p[0], 6))
		return false;
	return !str_double(s, &v);
}

void csv_cell(struct buf *b, struct str s, bool first)
{
	bool quote = false, formula = is_formula(s);

	if (!first)
		buf_char(b, ',');
	for (size_t i = 0; i < s.n && !quote; i++)
		quote = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
	/* A row of one empty cell would otherwise be an empty line, which readers skip. */
	quote = quote || (s.n == 0 && first);
	if (quote)
		buf_char(b, '"');
	if (formula)
		buf_char(b, '\'');
	for (size_t i = 0; i < s.n;) {
		const char *q = memchr(s.p + i, '"', s.n - i);
		size_t end = q ? (size_t)(q - s.p) + 1 : s.n;
		buf_put(b, s.p + i, end - i);
		if (q)
			buf_char(b, '"');
		i = end;
	}
	if (quote)
		buf_char(b, '"');
}

void csv_end_row(struct buf *b)
{
	buf_put(b, "\r\n", 2);
}
