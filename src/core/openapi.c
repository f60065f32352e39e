/*
 * The OpenAPI document; see openapi.h. Bodies are closed as the decoder is, replies as their shapes say.
 */
#include "core/openapi.h"

#include <stdio.h>
#include <string.h>

#include "core/entity_plan.h"
#include "core/openapi_model.h"

enum { LIST_MAX = 200, PARAM_NAME = 64, TYPE_NAME = 128 };

static const char *const method_word[METHOD_MAX] = { "get", "post", "put", "patch", "delete" };

static void write_ref(const char *where, const char *name, struct jw *out)
{
	struct buf b;

	buf_init(&b, 256);
	buf_fmt(&b, "#/components/%s/%s", where, name);
	jw_obj(out);
	jw_kstr(out, "$ref", buf_view(&b));
	jw_end_obj(out);
	buf_release(&b);
}

/* ---- values ---- */

static const char *type_word(enum ftype t)
{
	switch (t) {
	case F_INT:
	case F_MONEY:
		return "integer";
	case F_BOOL:
		return "boolean";
	case F_REAL:
		return "number";
	case F_JSON:
		return NULL; /* anything */
	default:
		return "string";
	}
}

static void write_type_word(const char *type, bool nullable, struct jw *out)
{
	if (!nullable) {
		jw_kz(out, "type", type);
		return;
	}
	jw_karr(out, "type");
	jw_z(out, type);
	jw_z(out, "null");
	jw_end_arr(out);
}

static void write_type(enum ftype t, bool nullable, struct jw *out)
{
	const char *type = type_word(t);

	if (type == NULL)
		return;
	write_type_word(type, nullable, out);
	if (t == F_TIME || t == F_DATE)
		jw_kz(out, "format", t == F_TIME ? "date-time" : "date");
	if (t == F_ID)
		jw_kz(out, "pattern", "^[0-9]+$");
	if (t == F_CODE)
		jw_kz(out, "pattern", "^[0-9]{17}$");
}

static void write_words(const struct vocab *v, bool nullable, struct jw *out)
{
	jw_karr(out, "enum");
	for (const char *const *w = v->word; *w != NULL; w++)
		jw_z(out, *w);
	if (nullable)
		jw_null(out);
	jw_end_arr(out);
}

/* What a request's value must keep to. */
static void write_limits(const struct field *f, struct jw *out)
{
	int64_t least = (f->flags & FIELD_REQUIRED) && f->min < 1 ? 1 : f->min;

	switch (f->type) {
	case F_STR:
	case F_SECRET:
		if (least > 0)
			jw_kint(out, "minLength", least);
		jw_kint(out, "maxLength", f->max > 0 ? f->max : f->type == F_STR ? FIELD_TEXT_MAX : FIELD_SECRET_MAX);
		break;
	case F_INT:
	case F_MONEY:
	case F_REAL:
		if (f->min == 0 && f->max == 0)
			break;
		jw_kint(out, "minimum", f->min);
		if (f->max >= f->min)
			jw_kint(out, "maximum", f->max);
		break;
	default:
		break;
	}
}

static void write_about(const struct field *f, enum use use, struct jw *out)
{
	struct buf b;

	buf_init(&b, 1024);
	if (f->ref != NULL)
		buf_fmt(&b, "Id of a row of %s. ", f->ref);
	if (f->type == F_MONEY)
		buf_z(&b, "In fen. ");
	if (f->type == F_SECRET && use == USE_OUT)
		buf_z(&b, "Masked. ");
	if (f->purpose != NULL)
		buf_fmt(&b, "Held for: %s. ", f->purpose);
	if (b.n > 0)
		jw_kstr(out, "description", str_trim(buf_view(&b)));
	buf_release(&b);
}

static void write_field(const struct prop *p, enum use use, struct jw *out)
{
	const struct field *f = p->f;

	jw_obj(out);
	write_type(f->type, p->null, out);
	if (f->type == F_ENUM && f->vocab != NULL)
		write_words(f->vocab, p->null, out);
	if (use != USE_OUT)
		write_limits(f, out);
	else if (f->flags & FIELD_READONLY)
		jw_kbool(out, "readOnly", true);
	write_about(f, use, out);
	jw_end_obj(out);
}

static void write_object(const struct prop *p, size_t n, enum use use, bool open, struct jw *out);
static void write_item(const struct member *m, bool null, struct jw *out);

/* Members of the schema of what a member holds, lists and maps aside. */
static void write_one(const struct member *m, bool null, struct jw *out)
{
	struct prop p[PROPS_MAX];

	if (m->of == NULL) {
		write_type(m->type, null, out);
		if (m->type == F_ENUM && m->vocab != NULL)
			write_words(m->vocab, null, out);
	} else if (null) {
		jw_karr(out, "anyOf");
		write_item(m, false, out);
		jw_raw(out, STR("{\"type\":\"null\"}"));
		jw_end_arr(out);
	} else {
		write_object(p, shape_props(m->of, p), USE_OUT, shape_open(m->of), out);
	}
}

static void write_help(const struct member *m, struct jw *out)
{
	if (m->help != NULL)
		jw_kz(out, "description", m->help);
}

static void write_item(const struct member *m, bool null, struct jw *out)
{
	if (m->of != NULL && m->of->name != NULL && !null) {
		write_ref("schemas", m->of->name, out);
		return;
	}
	jw_obj(out);
	write_one(m, null, out);
	if (m->list == 0 && !m->map)
		write_help(m, out);
	jw_end_obj(out);
}

static void write_lists(const struct member *m, int levels, bool null, struct jw *out)
{
	jw_obj(out);
	write_type_word("array", null, out);
	if (levels == 1 && m->n > 0) {
		jw_kint(out, "minItems", m->n);
		jw_kint(out, "maxItems", m->n);
	}
	jw_key(out, "items");
	if (levels > 1)
		write_lists(m, levels - 1, false, out);
	else
		write_item(m, false, out);
	if (levels == m->list && !m->map)
		write_help(m, out);
	jw_end_obj(out);
}

static void write_member(const struct member *m, struct jw *out)
{
	if (m->map) {
		jw_obj(out);
		write_type_word("object", m->null, out);
		jw_key(out, "additionalProperties");
		if (m->list > 0)
			write_lists(m, m->list, false, out);
		else
			write_item(m, false, out);
		write_help(m, out);
		jw_end_obj(out);
	} else if (m->list > 0) {
		write_lists(m, m->list, m->null, out);
	} else {
		write_item(m, m->null, out);
	}
}

/* ---- schemas ---- */

static void write_required(const struct prop *p, size_t n, struct jw *out)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!p[i].required)
			continue;
		if (!any)
			jw_karr(out, "required");
		any = true;
		jw_z(out, p[i].name);
	}
	if (any)
		jw_end_arr(out);
}

/* Members of an object's schema. */
static void write_object(const struct prop *p, size_t n, enum use use, bool open, struct jw *out)
{
	jw_kz(out, "type", "object");
	jw_kobj(out, "properties");
	for (size_t i = 0; i < n; i++) {
		jw_key(out, p[i].name);
		if (p[i].f != NULL)
			write_field(&p[i], use, out);
		else
			write_member(p[i].m, out);
	}
	jw_end_obj(out);
	write_required(p, n, out);
	if (!open)
		jw_kbool(out, "additionalProperties", false);
}

static void write_schema(const struct app *app, const struct schema *s, struct jw *out)
{
	struct prop p[PROPS_MAX];
	size_t n = schema_props(app, s, p);

	jw_kobj(out, s->name);
	write_object(p, n, s->use, s->shape != NULL && shape_open(s->shape), out);
	jw_end_obj(out);
}

/* Pieces that come from no table. */
static const char responses[] =
	"{\"Error\":{\"description\":\"Refused or failed.\",\"content\":{\"application/json\":{\"schema\":"
	"{\"$ref\":\"#/components/schemas/Error\"}}}}}";
static const char parameters[] =
	"{\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"required\":false,\"description\":"
	"\"A repeated request with the same key gets the first one's reply and has no further effect.\","
	"\"schema\":{\"type\":\"string\",\"minLength\":1}}}";
static const char security_schemes[] =
	"{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"`token` of POST /api/session.\"},"
	"\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"gezhi_session\"},"
	"\"csrf\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-CSRF-Token\",\"description\":"
	"\"`csrf` of the session; with the cookie on everything but GET.\"}}";

static void write_components(const struct model *m, struct jw *out)
{
	jw_kobj(out, "components");
	jw_kobj(out, "schemas");
	for (size_t i = 0; i < m->n; i++)
		write_schema(m->app, &m->v[i], out);
	jw_end_obj(out);
	jw_kraw(out, "responses", str_z(responses));
	jw_kraw(out, "parameters", str_z(parameters));
	jw_kraw(out, "securitySchemes", str_z(security_schemes));
	jw_end_obj(out);
}

/* ---- operations ---- */

static void write_param(const char *name, const char *in, const char *help, enum ftype type, const struct field *f,
			struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "name", name);
	jw_kz(out, "in", in);
	jw_kbool(out, "required", strcmp(in, "path") == 0);
	if (help != NULL)
		jw_kz(out, "description", help);
	jw_kobj(out, "schema");
	write_type(type, false, out);
	if (f != NULL && f->type == F_ENUM && f->vocab != NULL)
		write_words(f->vocab, false, out);
	if (strcmp(name, "limit") == 0 && type == F_INT) {
		jw_kint(out, "minimum", 1);
		jw_kint(out, "maximum", LIST_MAX);
	}
	jw_end_obj(out);
	jw_end_obj(out);
}

static void write_path_params(const struct route *r, struct jw *out)
{
	const char *at = r->path, *end;

	while ((at = strchr(at, '{')) != NULL && (end = strchr(at, '}')) != NULL) {
		char name[PARAM_NAME] = "";
		size_t n = (size_t)(end - at) - 1;

		memcpy(name, at + 1, n < sizeof(name) ? n : sizeof(name) - 1);
		write_param(name, "path", NULL, strcmp(name, "id") == 0 ? F_ID : F_STR, NULL, out);
		at = end;
	}
}

static void write_params(const struct route *r, struct jw *out)
{
	if (strchr(r->path, '{') == NULL && r->nquery == 0 && r->method != M_POST)
		return;
	jw_karr(out, "parameters");
	write_path_params(r, out);
	for (size_t i = 0; i < r->nquery; i++) {
		const struct param *p = &r->query[i];
		/* A filter of an entity's list has the words of its field. */
		const struct entity *e = r->fn == entity_list ? r->data : NULL;
		const struct field *f = e != NULL ? fields_find(&e->fields, str_z(p->name)) : NULL;

		write_param(p->name, "query", p->help, p->type, f, out);
	}
	if (r->method == M_POST)
		write_ref("parameters", "IdempotencyKey", out);
	jw_end_arr(out);
}

/* `schema` for each content type; without one it is bytes. */
static void write_content(const char *types, const struct route *r, void (*schema)(const struct route *r, struct jw *out),
			  struct jw *out)
{
	struct str rest = str_z(types != NULL ? types : "*/*"), type;
	char name[TYPE_NAME];

	jw_kobj(out, "content");
	while (str_split(&rest, ' ', &type)) {
		snprintf(name, sizeof(name), "%.*s", (int)type.n, type.p);
		jw_kobj(out, name);
		if (schema != NULL)
			schema(r, out);
		jw_end_obj(out);
	}
	jw_end_obj(out);
}

static void write_body(const struct model *m, const struct route *r, struct jw *out)
{
	const struct schema *s = model_body(m, r);
	bool raw = r->flags & ROUTE_RAW_BODY;

	if (s == NULL && !raw)
		return;
	jw_kobj(out, "requestBody");
	jw_kbool(out, "required", true);
	if (s != NULL) {
		jw_kobj(out, "content");
		jw_kobj(out, "application/json");
		jw_key(out, "schema");
		write_ref("schemas", s->name, out);
		jw_end_obj(out);
		jw_end_obj(out);
	} else {
		write_content(r->takes, r, NULL, out);
	}
	jw_end_obj(out);
}

static void write_shape(const struct shape *s, struct jw *out)
{
	const struct member whole = { .of = s };

	write_item(&whole, false, out);
}

/* A page of a list. */
static void write_page(const struct shape *s, struct jw *out)
{
	static const struct member next = { "next", F_STR, .null = true, .help = "cursor for ?after=; null on the last page" };
	static const struct member count = { "count", F_INT, .maybe = true, .help = "with ?count=true" };
	const struct member items = { "items", .of = s, .list = 1 };
	const struct prop p[] = {
		{ .name = items.name, .m = &items, .required = true },
		{ .name = next.name, .m = &next, .required = true, .null = true },
		{ .name = count.name, .m = &count },
	};

	jw_obj(out);
	write_object(p, ARRAY_LEN(p), USE_OUT, false, out);
	jw_end_obj(out);
}

static void write_reply_schema(const struct route *r, struct jw *out)
{
	jw_key(out, "schema");
	if (r->reply == NULL) {
		jw_raw(out, STR("{\"type\":\"object\"}"));
	} else if (r->out_list) {
		write_page(r->reply, out);
	} else if (r->other != NULL) {
		jw_obj(out);
		jw_karr(out, "anyOf");
		write_shape(r->reply, out);
		write_shape(r->other, out);
		jw_end_arr(out);
		jw_end_obj(out);
	} else {
		write_shape(r->reply, out);
	}
}

static void write_responses(const struct route *r, struct jw *out)
{
	bool raw = r->flags & ROUTE_RAW_OUT;

	jw_kobj(out, "responses");
	jw_kobj(out, r->method == M_GET ? "200" : "2XX");
	jw_kz(out, "description", "Done.");
	write_content(raw ? r->gives : "application/json", r, raw ? NULL : write_reply_schema, out);
	jw_end_obj(out);
	jw_key(out, "default");
	write_ref("responses", "Error", out);
	jw_end_obj(out);
}

static void write_security(const struct route *r, struct jw *out)
{
	jw_karr(out, "security");
	if (!(r->flags & ROUTE_PUBLIC)) {
		jw_raw(out, STR("{\"bearer\":[]}"));
		jw_raw(out, r->method == M_GET ? STR("{\"cookie\":[]}") : STR("{\"cookie\":[],\"csrf\":[]}"));
	}
	jw_end_arr(out);
}

/* The part of the address that names the area: "events" of /api/events/{id}. */
static void write_tag(const struct route *r, struct jw *out)
{
	struct str rest = str_z(r->path + 1), piece = { NULL, 0 };

	if (str_split(&rest, '/', &piece) && str_eqz(piece, "api"))
		str_split(&rest, '/', &piece);
	jw_karr(out, "tags");
	jw_str(out, piece);
	jw_end_arr(out);
}

static void write_operation(const struct model *m, const struct route *r, struct jw *out)
{
	jw_kobj(out, method_word[r->method]);
	jw_kz(out, "operationId", r->id);
	if (r->summary != NULL)
		jw_kz(out, "summary", r->summary);
	write_tag(r, out);
	if (r->perm != NULL)
		jw_kz(out, "x-permission", r->perm);
	write_params(r, out);
	write_body(m, r, out);
	write_responses(r, out);
	write_security(r, out);
	jw_end_obj(out);
}

static bool path_seen(const struct app *app, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (strcmp(router_at(app->router, k)->path, router_at(app->router, i)->path) == 0)
			return true;
	}
	return false;
}

static void write_paths(const struct model *m, struct jw *out)
{
	const struct app *app = m->app;
	size_t n = router_count(app->router);

	jw_kobj(out, "paths");
	for (size_t i = 0; i < n; i++) {
		const char *path = router_at(app->router, i)->path;

		if (path_seen(app, i))
			continue;
		jw_kobj(out, path);
		for (size_t k = i; k < n; k++) {
			if (strcmp(router_at(app->router, k)->path, path) == 0)
				write_operation(m, router_at(app->router, k), out);
		}
		jw_end_obj(out);
	}
	jw_end_obj(out);
}

enum err openapi_write(const struct app *app, struct jw *out)
{
	struct model m;

	if (!model_init(&m, app))
		return ERR_NOMEM;
	jw_obj(out);
	jw_kz(out, "openapi", "3.1.0");
	jw_kobj(out, "info");
	jw_kz(out, "title", "格治 gezhi");
	jw_kz(out, "version", app->version != NULL ? app->version : "0");
	jw_kz(out, "description", "Grid governance: places, matters, accounts. Ids and place codes are text, times "
		"carry their zone, money is in fen. Unknown members and parameters are refused.");
	jw_kraw(out, "license", STR("{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}"));
	jw_end_obj(out);
	jw_karr(out, "servers");
	jw_raw(out, STR("{\"url\":\"/\"}"));
	jw_end_arr(out);
	write_paths(&m, out);
	write_components(&m, out);
	jw_end_obj(out);
	model_free(&m);
	return OK;
}
