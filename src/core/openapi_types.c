/*
 * The OpenAPI document's schemas and operations as TypeScript. Types only: nothing of it remains in what
 * the browser loads.
 */
#include <stdlib.h>
#include <string.h>

#include "core/entity_plan.h"
#include "core/openapi.h"
#include "core/openapi_model.h"

enum { VOCABS_MAX = 256 };

static const char *const method_word[METHOD_MAX] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

struct types {
	const struct model *m;
	struct buf *out;
	const struct vocab *vocab[VOCABS_MAX];
	size_t nvocab;
};

static const char *value_type(enum ftype t)
{
	static const char *const word[F_TYPE_MAX] = {
		[F_STR] = "string", [F_INT] = "number", [F_BOOL] = "boolean", [F_REAL] = "number", [F_TIME] = "Time",
		[F_DATE] = "Day", [F_ID] = "Id", [F_CODE] = "Code", [F_MONEY] = "number", [F_ENUM] = "string",
		[F_JSON] = "unknown", [F_SECRET] = "string",
	};

	return word[t];
}

static void write_value(enum ftype t, const struct vocab *v, struct buf *out)
{
	if (t == F_ENUM && v != NULL)
		name_in_camel(v->name, out);
	else
		buf_z(out, value_type(t));
}

static void write_props(const struct prop *p, size_t n, bool open, const char *indent, struct buf *out);

static void write_item(const struct member *m, struct buf *out)
{
	struct prop p[PROPS_MAX];

	if (m->of == NULL) {
		write_value(m->type, m->vocab, out);
	} else if (m->of->name != NULL) {
		buf_z(out, m->of->name);
	} else {
		buf_z(out, "{ ");
		write_props(p, shape_props(m->of, p), shape_open(m->of), NULL, out);
		buf_z(out, " }");
	}
}

static void write_member(const struct member *m, struct buf *out)
{
	if (m->map)
		buf_z(out, "Record<string, ");
	if (m->list > 0 && m->n > 0)
		buf_z(out, "[");
	write_item(m, out);
	for (unsigned i = 1; m->list > 0 && i < m->n; i++) {
		buf_z(out, ", ");
		write_item(m, out);
	}
	if (m->list > 0)
		buf_z(out, m->n > 0 ? "]" : "[]");
	for (int i = 1; i < m->list; i++)
		buf_z(out, "[]");
	if (m->map)
		buf_z(out, ">");
}

/* One member a line; without `indent` all on one. */
static void write_props(const struct prop *p, size_t n, bool open, const char *indent, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (indent != NULL)
			buf_z(out, indent);
		else if (i > 0)
			buf_z(out, "; ");
		buf_z(out, p[i].name);
		buf_z(out, p[i].required ? ": " : "?: ");
		if (p[i].m != NULL)
			write_member(p[i].m, out);
		else
			write_value(p[i].f->type, p[i].f->vocab, out);
		if (p[i].null)
			buf_z(out, " | null");
		if (indent != NULL)
			buf_char(out, '\n');
	}
	if (!open)
		return;
	buf_z(out, indent != NULL ? indent : n > 0 ? "; " : "");
	buf_z(out, "[member: string]: unknown");
	buf_z(out, indent != NULL ? "\n" : "");
}

/* ---- vocabularies ---- */

static void add_vocab(struct types *t, const struct vocab *v)
{
	size_t i = 0;

	if (v == NULL)
		return;
	while (i < t->nvocab && strcmp(t->vocab[i]->name, v->name) != 0)
		i++;
	if (i < VOCABS_MAX && i == t->nvocab)
		t->vocab[t->nvocab++] = v;
}

static void find_vocabs(struct types *t, const struct prop *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		add_vocab(t, p[i].f != NULL ? p[i].f->vocab : p[i].m->vocab);
}

/* Shapes without a name stand in no list: their words are found where they are used. */
static void find_all_vocabs(struct types *t, const struct prop *p, size_t n)
{
	struct prop inner[PROPS_MAX];

	find_vocabs(t, p, n);
	for (size_t i = 0; i < n; i++) {
		const struct shape *s = p[i].m != NULL ? p[i].m->of : NULL;

		if (s != NULL && s->name == NULL)
			find_vocabs(t, inner, shape_props(s, inner));
	}
}

static int by_name(const void *a, const void *b)
{
	const struct vocab *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void write_vocabs(struct types *t)
{
	struct prop p[PROPS_MAX];

	for (size_t i = 0; i < t->m->n; i++)
		find_all_vocabs(t, p, schema_props(t->m->app, &t->m->v[i], p));
	qsort(t->vocab, t->nvocab, sizeof(t->vocab[0]), by_name);
	for (size_t i = 0; i < t->nvocab; i++) {
		buf_z(t->out, "export type ");
		name_in_camel(t->vocab[i]->name, t->out);
		buf_z(t->out, " =");
		for (const char *const *w = t->vocab[i]->word; *w != NULL; w++)
			buf_fmt(t->out, "%s'%s'", w == t->vocab[i]->word ? " " : " | ", *w);
		buf_char(t->out, '\n');
	}
}

/* ---- interfaces ---- */

static void write_schema(const struct types *t, const struct schema *s)
{
	struct prop p[PROPS_MAX];
	size_t n = schema_props(t->m->app, s, p);

	buf_fmt(t->out, "\nexport interface %s {\n", s->name);
	write_props(p, n, s->shape != NULL && shape_open(s->shape), "\t", t->out);
	buf_z(t->out, "}\n");
}

/* ---- operations ---- */

static void write_params(const struct route *r, struct buf *out)
{
	const char *at = r->path, *end;
	bool any = false;

	buf_z(out, "\t\tparams: ");
	while ((at = strchr(at, '{')) != NULL && (end = strchr(at, '}')) != NULL) {
		buf_z(out, any ? "; " : "{ ");
		buf_str(out, (struct str){ at + 1, (size_t)(end - at) - 1 });
		buf_z(out, ": string");
		any = true;
		at = end;
	}
	buf_z(out, any ? " }\n" : "null\n");
}

static void write_query(const struct route *r, struct buf *out)
{
	const struct entity *e = r->fn == entity_list ? r->data : NULL;

	buf_z(out, "\t\tquery: ");
	for (size_t i = 0; i < r->nquery; i++) {
		const struct field *f = e != NULL ? fields_find(&e->fields, str_z(r->query[i].name)) : NULL;
		bool words = f != NULL && f->type == F_ENUM;

		buf_z(out, i > 0 ? "; " : "{ ");
		buf_fmt(out, "%s?: ", r->query[i].name);
		write_value(words ? F_ENUM : r->query[i].type, words ? f->vocab : NULL, out);
	}
	buf_z(out, r->nquery > 0 ? " }\n" : "null\n");
}

static void write_shape(const struct shape *s, struct buf *out)
{
	const struct member whole = { .of = s };

	write_item(&whole, out);
}

static void write_reply(const struct route *r, struct buf *out)
{
	buf_z(out, "\t\treply: ");
	if (r->flags & ROUTE_RAW_OUT)
		buf_z(out, "Blob");
	else if (r->reply == NULL)
		buf_z(out, "unknown");
	else {
		buf_z(out, r->out_list ? "Page<" : "");
		write_shape(r->reply, out);
		buf_z(out, r->out_list ? ">" : "");
	}
	if (r->other != NULL) {
		buf_z(out, " | ");
		write_shape(r->other, out);
	}
	buf_z(out, "\n");
}

static void write_operation(const struct types *t, const struct route *r)
{
	const struct schema *body = model_body(t->m, r);

	if (r->summary != NULL)
		buf_fmt(t->out, "\t/** %s */\n", r->summary);
	buf_fmt(t->out, "\t%s: {\n\t\tmethod: '%s'\n\t\tpath: '%s'\n", r->id, method_word[r->method], r->path);
	write_params(r, t->out);
	write_query(r, t->out);
	buf_fmt(t->out, "\t\tbody: %s\n",
		r->flags & ROUTE_RAW_BODY ? "Blob | string" : body != NULL ? body->name : "null");
	write_reply(r, t->out);
	buf_z(t->out, "\t}\n");
}

static const char preamble[] =
	"/* Generated by `gezhi openapi --types`; do not edit. */\n"
	"\n"
	"export type Id = string\n"
	"/* The 17 digits of a place. */\n"
	"export type Code = string\n"
	"/* RFC 3339 with its zone. */\n"
	"export type Time = string\n"
	"/* yyyy-mm-dd */\n"
	"export type Day = string\n"
	"\n"
	"export interface Page<T> {\n"
	"\titems: T[]\n"
	"\tnext: string | null\n"
	"\tcount?: number\n"
	"}\n"
	"\n";

enum err openapi_types(const struct app *app, struct buf *out)
{
	struct model m;
	struct types t = { .m = &m, .out = out };

	if (!model_init(&m, app))
		return ERR_NOMEM;
	buf_z(out, preamble);
	write_vocabs(&t);
	for (size_t i = 0; i < m.n; i++)
		write_schema(&t, &m.v[i]);
	buf_z(out, "\nexport interface Operations {\n");
	for (size_t i = 0; i < router_count(app->router); i++)
		write_operation(&t, router_at(app->router, i));
	buf_z(out, "}\n");
	model_free(&m);
	return out->failed ? ERR_NOMEM : OK;
}
