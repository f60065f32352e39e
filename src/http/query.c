/*
 * The query string: percent-decoded, matched by name against what the route declares, and checked
 * against the declared types, so that handlers never see a value they must doubt.
 */
#include <math.h>
#include <string.h>

#include "http/internal.h"

enum { CODE_DIGITS = 17, PARAM_SHOWN = 64 };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool url_decode(char *p, size_t n, bool plus, size_t *ret_n)
{
	size_t to = 0;
	bool wide = false;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];
		if (c == '%') {
			int hi = i + 2 < n ? hex_digit(p[i + 1]) : -1;
			int lo = i + 2 < n ? hex_digit(p[i + 2]) : -1;
			if (hi < 0 || lo < 0)
				return false;
			c = (char)(hi * 16 + lo);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == 0)
			return false;
		if ((unsigned char)c >= 0x80)
			wide = true;
		p[to++] = c;
	}
	if (wide && str_runes((struct str){ p, to }) == SIZE_MAX)
		return false;
	*ret_n = to;
	return true;
}

static size_t param_index(const struct route *v, struct str name)
{
	size_t i = 0;

	while (i < v->nquery && !str_eqz(name, v->query[i].name))
		i++;
	return i;
}

static bool value_ok(enum ftype type, struct str s)
{
	int64_t i;
	double d;

	switch (type) {
	case F_INT:
	case F_MONEY:
		return str_i64(s, &i);
	case F_BOOL:
		return str_eqz(s, "true") || str_eqz(s, "false") || str_eqz(s, "1") ||
		       str_eqz(s, "0");
	case F_REAL:
		return str_double(s, &d) && isfinite(d);
	case F_TIME:
		return time_parse(s, &i);
	case F_DATE:
		return date_parse(s, &i);
	case F_ID:
		return str_i64(s, &i) && i > 0;
	case F_CODE:
		return s.n == CODE_DIGITS && str_is_digits(s);
	case F_STR:
	case F_ENUM:
	case F_JSON:
	case F_SECRET:
	case F_TYPE_MAX:
		break;
	}
	return true;
}

static const char *type_words(enum ftype type)
{
	switch (type) {
	case F_INT:
	case F_MONEY:
		return "a whole number";
	case F_BOOL:
		return "true or false";
	case F_REAL:
		return "a number";
	case F_TIME:
		return "a time like 2026-02-13T16:30:00+08:00";
	case F_DATE:
		return "a date like 2026-02-13";
	case F_ID:
		return "an id";
	case F_CODE:
		return "a place code of 17 digits";
	case F_STR:
	case F_ENUM:
	case F_JSON:
	case F_SECRET:
	case F_TYPE_MAX:
		break;
	}
	return "text";
}

/* One "name=value", decoded where it stands. */
static enum err query_pair(struct req *rq, char *p, size_t n)
{
	const struct route *v = rq->route;
	char *eq = memchr(p, '=', n);
	size_t name_n = eq ? (size_t)(eq - p) : n;
	char *val = eq ? eq + 1 : p + n;
	size_t val_n = eq ? n - name_n - 1 : 0;

	if (!url_decode(p, name_n, true, &name_n) || !url_decode(val, val_n, true, &val_n))
		return req_fail(rq, ERR_INVALID, "encoding", "query",
			"The query has a bad percent-encoding, a NUL or bytes that are no UTF-8");
	struct str name = { p, name_n }, value = { val, val_n };
	size_t i = param_index(v, name);

	if (i == v->nquery) {
		char shown[PARAM_SHOWN + 1] = { 0 };
		memcpy(shown, name.p, name.n < PARAM_SHOWN ? name.n : PARAM_SHOWN);
		return req_fail(rq, ERR_INVALID, "unknown_parameter", shown,
			"There is no query parameter “%s” here", shown);
	}
	if (rq->query[i].p)
		return req_fail(rq, ERR_INVALID, "repeated", v->query[i].name,
			"The query parameter is given twice");
	if (value.n > VALUE_MAX)
		return req_fail(rq, ERR_INVALID, "too_long", v->query[i].name,
			"The value is longer than %d bytes", VALUE_MAX);
	if (!value_ok(v->query[i].type, value))
		return req_fail(rq, ERR_INVALID, "type", v->query[i].name, "Expected %s",
			type_words(v->query[i].type));
	rq->query[i] = value;
	return OK;
}

enum err query_decode(struct xfer *x)
{
	size_t n = x->query_text.n;

	if (n == 0)
		return OK;
	char *p = x->target + (x->query_text.p - x->target);
	char *end = p + n;
	while (p < end) {
		char *amp = memchr(p, '&', (size_t)(end - p));
		size_t piece = amp ? (size_t)(amp - p) : (size_t)(end - p);
		if (piece) {
			enum err err = query_pair(&x->rq, p, piece);
			if (err)
				return err;
		}
		p += piece + 1;
	}
	return OK;
}

static size_t query_at(const struct req *rq, const char *name)
{
	size_t i = 0;

	while (i < rq->route->nquery && strcmp(rq->route->query[i].name, name) != 0)
		i++;
	return i;
}

struct str req_query(const struct req *rq, const char *name)
{
	size_t i = query_at(rq, name);

	return i < rq->route->nquery ? rq->query[i] : (struct str){ NULL, 0 };
}

int64_t req_query_int(const struct req *rq, const char *name)
{
	size_t i = query_at(rq, name);
	int64_t v;
	bool ok;

	if (i == rq->route->nquery || !rq->query[i].p)
		return NIL;
	switch (rq->route->query[i].type) {
	case F_BOOL:
		return str_eqz(rq->query[i], "true") || str_eqz(rq->query[i], "1");
	case F_TIME:
		ok = time_parse(rq->query[i], &v);
		break;
	case F_DATE:
		ok = date_parse(rq->query[i], &v);
		break;
	default:
		ok = str_i64(rq->query[i], &v);
		break;
	}
	return ok ? v : NIL;
}

double req_query_real(const struct req *rq, const char *name)
{
	struct str s = req_query(rq, name);
	double d;

	return s.p && str_double(s, &d) ? d : NAN;
}
