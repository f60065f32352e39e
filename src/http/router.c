/*
 * The route table: a tree by path segment, built once at start-up and only read afterwards. At each
 * level a literal wins over a parameter with a suffix ("{y}.mvt"), and that over a plain parameter;
 * the search steps back when a choice leads nowhere. Mistakes in a route are found when it is
 * added.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"

enum { ROUTES_MAX = 4096, NAME_MAX_LEN = 32 };

struct node {
	struct str text;   /* the literal, or what follows the parameter */
	struct node **lit; /* ordered by length, then bytes */
	size_t nlit, lit_cap;
	struct node **var; /* longest suffix first */
	size_t nvar, var_cap;
	const struct route *route[METHOD_MAX];
};

struct router {
	struct node *root;
	const struct route **all;
	size_t n, cap;
};

static void node_free(struct node *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->nlit; i++)
		node_free(d->lit[i]);
	for (size_t i = 0; i < d->nvar; i++)
		node_free(d->var[i]);
	free(d->lit);
	free(d->var);
	free(d);
}

enum err router_new(struct router **ret, struct error *e)
{
	struct router *r = calloc(1, sizeof(*r));

	if (r)
		r->root = calloc(1, sizeof(*r->root));
	if (!r || !r->root) {
		router_free(r);
		return err_set(e, ERR_NOMEM, "nomem", "", "Out of memory for the router");
	}
	*ret = r;
	return OK;
}

void router_free(struct router *r)
{
	if (!r)
		return;
	node_free(r->root);
	free(r->all);
	free(r);
}

size_t router_count(const struct router *r)
{
	return r->n;
}

const struct route *router_at(const struct router *r, size_t i)
{
	return i < r->n ? r->all[i] : NULL;
}

static int text_compare(struct str a, struct str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

/* Index of the literal, or where it belongs. */
static size_t lit_index(const struct node *d, struct str text, bool *ret_found)
{
	size_t lo = 0, hi = d->nlit;

	*ret_found = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = text_compare(d->lit[mid]->text, text);
		if (c == 0) {
			*ret_found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t var_index(const struct node *d, struct str suffix, bool *ret_found)
{
	size_t i = 0;

	for (; i < d->nvar && d->var[i]->text.n >= suffix.n; i++) {
		if (text_compare(d->var[i]->text, suffix) == 0) {
			*ret_found = true;
			return i;
		}
	}
	*ret_found = false;
	return i;
}

static struct node *child_insert(
	struct node ***list, size_t *n, size_t *cap, size_t at, struct str text)
{
	if (*n == *cap) {
		size_t want = *cap ? *cap * 2 : 4;
		struct node **p = reallocarray(*list, want, sizeof(struct node *));
		if (!p)
			return NULL;
		*list = p;
		*cap = want;
	}
	struct node *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->text = text;
	assert(*list && at <= *n);
	for (size_t i = *n; i > at; i--)
		(*list)[i] = (*list)[i - 1];
	(*list)[at] = d;
	(*n)++;
	return d;
}

/* Splits "{name}suffix"; false for a literal. */
static bool segment_param(struct str seg, struct str *ret_name, struct str *ret_suffix)
{
	if (seg.n < 3 || seg.p[0] != '{')
		return false;
	const char *end = memchr(seg.p, '}', seg.n);
	if (!end)
		return false;
	*ret_name = (struct str){ seg.p + 1, (size_t)(end - seg.p - 1) };
	*ret_suffix = (struct str){ end + 1, (size_t)(seg.p + seg.n - end - 1) };
	return true;
}

static struct node *node_step(struct node *d, struct str seg)
{
	struct str name, suffix;
	bool found;

	if (segment_param(seg, &name, &suffix)) {
		size_t i = var_index(d, suffix, &found);
		if (found && d->var)
			return d->var[i];
		return child_insert(&d->var, &d->nvar, &d->var_cap, i, suffix);
	}
	size_t i = lit_index(d, seg, &found);
	if (found && d->lit)
		return d->lit[i];
	return child_insert(&d->lit, &d->nlit, &d->lit_cap, i, seg);
}

static bool word_ok(struct str s)
{
	if (s.n == 0 || s.n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '_'))
			return false;
	}
	return true;
}

static enum err bad(struct error *e, const struct route *v, const char *what)
{
	return err_set(e, ERR_INVALID, "route", v->id ? v->id : "", "Route %s %s: %s",
		v->id ? v->id : "(no id)", v->path ? v->path : "(no path)", what);
}

static enum err check_path(const struct route *v, struct error *e)
{
	struct str rest, seg, name, suffix, names[REQ_PARAMS];
	size_t params = 0, segs = 0;

	if (!v->path || v->path[0] != '/')
		return bad(e, v, "the path must begin with /");
	rest = str_z(v->path + 1);
	while (str_split(&rest, '/', &seg)) {
		if (++segs > SEGMENTS_MAX)
			return bad(e, v, "too many segments");
		if (!segment_param(seg, &name, &suffix)) {
			if (seg.n && (memchr(seg.p, '{', seg.n) || memchr(seg.p, '}', seg.n)))
				return bad(e, v, "a parameter must begin its segment");
			continue;
		}
		if (!word_ok(name))
			return bad(e, v, "bad parameter name");
		if (params == REQ_PARAMS)
			return bad(e, v, "too many parameters");
		for (size_t i = 0; i < params; i++)
			if (text_compare(names[i], name) == 0)
				return bad(e, v, "a parameter is named twice");
		names[params++] = name;
	}
	return OK;
}

static enum err check_query(const struct route *v, struct error *e)
{
	if (v->nquery > REQ_QUERY || (v->nquery && !v->query))
		return bad(e, v, "too many query parameters");
	for (size_t i = 0; i < v->nquery; i++) {
		if (!v->query[i].name || !word_ok(str_z(v->query[i].name)))
			return bad(e, v, "bad query parameter name");
		for (size_t j = 0; j < i; j++)
			if (strcmp(v->query[i].name, v->query[j].name) == 0)
				return bad(e, v, "a query parameter is named twice");
	}
	return OK;
}

static enum err check_route(const struct route *v, struct error *e)
{
	bool open = v->flags & (ROUTE_PUBLIC | ROUTE_SIGNED_IN);

	if (!v->id || !v->id[0])
		return bad(e, v, "no id");
	if ((unsigned)v->method >= METHOD_MAX || !v->fn)
		return bad(e, v, "no method or handler");
	if (open == (v->perm != NULL))
		return bad(e, v, "either a permission, or PUBLIC or SIGNED_IN");
	if ((v->flags & ROUTE_PUBLIC) && (v->flags & ROUTE_SIGNED_IN))
		return bad(e, v, "PUBLIC and SIGNED_IN exclude each other");
	if ((v->flags & ROUTE_QUICK) && v->method != M_GET)
		return bad(e, v, "QUICK is for GET");
	if (v->in && ((v->flags & ROUTE_RAW_BODY) || v->method == M_GET))
		return bad(e, v, "no decoded body on GET or RAW_BODY");
	if (v->in && v->in->n > FIELD_MAX)
		return bad(e, v, "too many fields");
	if (v->max_body > BODY_LIMIT)
		return bad(e, v, "max_body is too large");
	enum err err = check_path(v, e);
	return err ? err : check_query(v, e);
}

static enum err router_add_one(struct router *r, const struct route *v, struct error *e)
{
	enum err err = check_route(v, e);
	if (err)
		return err;
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->all[i]->id, v->id) == 0)
			return bad(e, v, "the id is used twice");
	if (r->n == r->cap) {
		size_t want = r->cap ? r->cap * 2 : 64;
		if (want > ROUTES_MAX)
			return bad(e, v, "too many routes");
		const struct route **p = reallocarray(r->all, want, sizeof(*p));
		if (!p)
			return err_set(e, ERR_NOMEM, "nomem", "", "Out of memory for routes");
		r->all = p;
		r->cap = want;
	}

	struct node *d = r->root;
	struct str rest = str_z(v->path + 1), seg;
	while (d && str_split(&rest, '/', &seg))
		d = node_step(d, seg);
	if (!d)
		return err_set(e, ERR_NOMEM, "nomem", "", "Out of memory for routes");
	if (d->route[v->method])
		return bad(e, v, "method and path are taken");
	d->route[v->method] = v;
	r->all[r->n++] = v;
	return OK;
}

enum err router_add(struct router *r, const struct route *v, size_t n, struct error *e)
{
	for (size_t i = 0; i < n; i++) {
		enum err err = router_add_one(r, &v[i], e);
		if (err)
			return err;
	}
	return OK;
}

struct search {
	enum method method;
	const struct str *seg;
	size_t n;
	struct match *ret;
};

static bool search_end(struct search *s, const struct node *d)
{
	for (unsigned m = 0; m < METHOD_MAX; m++)
		if (d->route[m])
			s->ret->allow |= 1U << m;
	s->ret->route = d->route[s->method];
	return s->ret->route != NULL;
}

static bool search_from(struct search *s, const struct node *d, size_t at, size_t params)
{
	if (at == s->n)
		return search_end(s, d);

	struct str seg = s->seg[at];
	bool found;
	size_t i = lit_index(d, seg, &found);
	if (found && search_from(s, d->lit[i], at + 1, params))
		return true;
	if (params == REQ_PARAMS)
		return false;
	for (i = 0; i < d->nvar; i++) {
		struct str suffix = d->var[i]->text;
		if (seg.n <= suffix.n)
			continue;
		size_t head = seg.n - suffix.n;
		if (suffix.n && memcmp(seg.p + head, suffix.p, suffix.n) != 0)
			continue;
		s->ret->param[params] = (struct str){ seg.p, head };
		if (search_from(s, d->var[i], at + 1, params + 1))
			return true;
	}
	s->ret->param[params] = (struct str){ 0 };
	return false;
}

void router_match(
	const struct router *r, enum method m, const struct str *seg, size_t n, struct match *ret)
{
	struct search s = { .method = m, .seg = seg, .n = n, .ret = ret };

	*ret = (struct match){ 0 };
	search_from(&s, r->root, 0, 0);
}
