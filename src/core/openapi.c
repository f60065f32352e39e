/* The OpenAPI document; see openapi.h. Inputs are closed, replies may carry members beside the field table. */
#include "core/openapi.h"

#include <assert.h>
#include <string.h>

#include "core/entity_plan.h"

/* How a field table is used: each use has a schema of its own. */
enum use { USE_OUT, USE_IN, USE_PATCH, USE_MAX };

enum { NAME_LEN = 128, LIST_MAX = 200 };

static const char *const method_word[METHOD_MAX] = { "get", "post", "put", "patch", "delete" };

/* ---- names ---- */

static const struct entity *entity_of(const struct app *app, const struct fields *f)
{
	for (size_t i = 0; i < app->nentity; i++) {
		if (&app->entity[i]->fields == f)
			return app->entity[i];
	}
	return NULL;
}

/* "event_code" → "EventCode", followed by `tail`. */
static void pascal(const char *name, const char *tail, char ret[NAME_LEN])
{
	size_t n = 0;
	bool up = true;

	for (; *name != '\0' && n + 1 < NAME_LEN; name++) {
		if (*name == '_' || *name == '-') {
			up = true;
			continue;
		}
		ret[n++] = (char)(up && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
		up = false;
	}
	for (; *tail != '\0' && n + 1 < NAME_LEN; tail++)
		ret[n++] = *tail;
	ret[n] = '\0';
}

static const struct fields *used_as(const struct route *r, enum use use)
{
	bool patch = r->method == M_PATCH || (r->flags & ROUTE_PATCH_BODY);

	if (use == USE_OUT)
		return r->out;
	return patch == (use == USE_PATCH) ? r->in : NULL;
}

/* The first route that uses the table so; it gives the schema its name. */
static const struct route *first_use(const struct app *app, const struct fields *f, enum use use)
{
	for (size_t i = 0; i < router_count(app->router); i++) {
		if (used_as(router_at(app->router, i), use) == f)
			return router_at(app->router, i);
	}
	return NULL;
}

static void schema_name(const struct app *app, const struct fields *f, enum use use, char ret[NAME_LEN])
{
	static const char *const entity_tail[USE_MAX] = { "", "Input", "Patch" };
	static const char *const route_tail[USE_MAX] = { "Reply", "Body", "PatchBody" };
	const struct entity *e = entity_of(app, f);

	if (e != NULL) {
		pascal(e->name, entity_tail[use], ret);
		return;
	}
	const struct route *r = first_use(app, f, use);

	assert(r != NULL);
	pascal(r->id, route_tail[use], ret);
}

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

static void write_schema_ref(const struct app *app, const struct fields *f, enum use use, struct jw *out)
{
	char name[NAME_LEN];

	schema_name(app, f, use, name);
	write_ref("schemas", name, out);
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

static void write_type(enum ftype t, bool nullable, struct jw *out)
{
	const char *type = type_word(t);

	if (type == NULL)
		return;
	if (nullable) {
		jw_karr(out, "type");
		jw_z(out, type);
		jw_z(out, "null");
		jw_end_arr(out);
	} else {
		jw_kz(out, "type", type);
	}
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

static void write_field(const struct field *f, enum use use, struct jw *out)
{
	bool nullable = use == USE_OUT || !(f->flags & FIELD_REQUIRED);

	jw_key(out, f->name);
	jw_obj(out);
	write_type(f->type, nullable, out);
	if (f->type == F_ENUM && f->vocab != NULL)
		write_words(f->vocab, nullable, out);
	if (use != USE_OUT)
		write_limits(f, out);
	else if (f->flags & FIELD_READONLY)
		jw_kbool(out, "readOnly", true);
	write_about(f, use, out);
	jw_end_obj(out);
}

/* ---- schemas ---- */

static bool is_member(const struct field *f, enum use use)
{
	return !(f->flags & FIELD_HIDDEN) && (use == USE_OUT || !(f->flags & FIELD_READONLY));
}

/* Replies of entities always have every field that everybody may see; of other handlers that is not known. */
static bool is_required(const struct field *f, const struct fields *all, enum use use, bool entity)
{
	if (use == USE_OUT)
		return entity && !(f->flags & FIELD_PRIVATE);
	if (use == USE_PATCH)
		return entity && f == &all->v[1]; /* the version that was read */
	return (f->flags & FIELD_REQUIRED) != 0;
}

static void write_required(const struct fields *f, enum use use, bool entity, struct jw *out)
{
	bool any = false;

	for (size_t i = 0; i < f->n; i++) {
		if (!is_member(&f->v[i], use) || !is_required(&f->v[i], f, use, entity))
			continue;
		if (!any)
			jw_karr(out, "required");
		any = true;
		jw_z(out, f->v[i].name);
	}
	if (any)
		jw_end_arr(out);
}

static void write_schema(const struct app *app, const struct fields *f, enum use use, struct jw *out)
{
	char name[NAME_LEN];

	schema_name(app, f, use, name);
	jw_kobj(out, name);
	jw_kz(out, "type", "object");
	jw_kobj(out, "properties");
	for (size_t i = 0; i < f->n; i++) {
		if (is_member(&f->v[i], use))
			write_field(&f->v[i], use, out);
	}
	jw_end_obj(out);
	write_required(f, use, entity_of(app, f) != NULL, out);
	if (use != USE_OUT)
		jw_kbool(out, "additionalProperties", false);
	jw_end_obj(out);
}

/* Pieces that come from no table. */
static const char error_schema[] =
	"{\"type\":\"object\",\"required\":[\"error\"],\"properties\":{\"error\":{\"type\":\"object\","
	"\"required\":[\"code\",\"field\",\"message\"],\"properties\":{"
	"\"code\":{\"type\":\"string\",\"description\":\"For programs; does not change.\"},"
	"\"field\":{\"type\":\"string\",\"description\":\"The member or parameter at fault, or empty.\"},"
	"\"message\":{\"type\":\"string\"}}}}}";
static const char import_schema[] =
	"{\"type\":\"object\",\"required\":[\"rows\",\"created\",\"updated\",\"unchanged\",\"rejected\",\"errors\"],"
	"\"properties\":{\"rows\":{\"type\":\"integer\"},\"created\":{\"type\":\"integer\"},"
	"\"updated\":{\"type\":\"integer\"},\"unchanged\":{\"type\":\"integer\"},\"rejected\":{\"type\":\"integer\"},"
	"\"errors\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"type\":\"object\",\"properties\":{"
	"\"row\":{\"type\":\"integer\",\"description\":\"The header is 0.\"},\"line\":{\"type\":\"integer\"},"
	"\"column\":{\"type\":[\"string\",\"null\"]},\"code\":{\"type\":\"string\"},"
	"\"message\":{\"type\":\"string\"}}}}}}";
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

static void write_components(const struct app *app, struct jw *out)
{
	jw_kobj(out, "components");
	jw_kobj(out, "schemas");
	jw_kraw(out, "Error", str_z(error_schema));
	jw_kraw(out, "ImportResult", str_z(import_schema));
	for (size_t i = 0; i < router_count(app->router); i++) {
		const struct route *r = router_at(app->router, i);

		for (int use = 0; use < USE_MAX; use++) {
			const struct fields *f = used_as(r, (enum use)use);

			if (f != NULL && first_use(app, f, (enum use)use) == r)
				write_schema(app, f, (enum use)use, out);
		}
	}
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
		char name[NAME_LEN] = "";
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
		const struct field *f = r->fn == entity_list && r->out != NULL ? fields_find(r->out, str_z(p->name)) : NULL;

		write_param(p->name, "query", p->help, p->type, f, out);
	}
	if (r->method == M_POST)
		write_ref("parameters", "IdempotencyKey", out);
	jw_end_arr(out);
}

static void write_body(const struct app *app, const struct route *r, struct jw *out)
{
	bool raw = r->flags & ROUTE_RAW_BODY;

	if (r->in == NULL && !raw)
		return;
	jw_kobj(out, "requestBody");
	jw_kbool(out, "required", true);
	jw_kobj(out, "content");
	jw_kobj(out, !raw ? "application/json" : r->fn == entity_import_route ? "text/csv" : "*/*");
	if (!raw) {
		jw_key(out, "schema");
		write_schema_ref(app, r->in, used_as(r, USE_PATCH) != NULL ? USE_PATCH : USE_IN, out);
	}
	jw_end_obj(out);
	jw_end_obj(out);
	jw_end_obj(out);
}

static void write_list_schema(const struct app *app, const struct route *r, struct jw *out)
{
	jw_obj(out);
	jw_kz(out, "type", "object");
	jw_karr(out, "required");
	jw_z(out, "items");
	jw_end_arr(out);
	jw_kobj(out, "properties");
	jw_kobj(out, "items");
	jw_kz(out, "type", "array");
	jw_key(out, "items");
	write_schema_ref(app, r->out, USE_OUT, out);
	jw_end_obj(out);
	jw_kobj(out, "next");
	write_type(F_STR, true, out);
	jw_kz(out, "description", "Cursor for ?after=; null on the last page.");
	jw_end_obj(out);
	jw_end_obj(out);
	jw_end_obj(out);
}

static void write_reply_schema(const struct app *app, const struct route *r, struct jw *out)
{
	jw_key(out, "schema");
	if (r->fn == entity_import_route) {
		write_ref("schemas", "ImportResult", out);
	} else if (r->out != NULL && r->out_list) {
		write_list_schema(app, r, out);
	} else if (r->out != NULL) {
		write_schema_ref(app, r->out, USE_OUT, out);
	} else {
		jw_obj(out);
		jw_kz(out, "type", "object");
		jw_end_obj(out);
	}
}

static void write_responses(const struct app *app, const struct route *r, struct jw *out)
{
	bool raw = r->flags & ROUTE_RAW_OUT;

	jw_kobj(out, "responses");
	jw_kobj(out, r->method == M_GET ? "200" : "2XX");
	jw_kz(out, "description", "Done.");
	jw_kobj(out, "content");
	jw_kobj(out, !raw ? "application/json" : r->fn == entity_export_route ? "text/csv" : "*/*");
	if (!raw)
		write_reply_schema(app, r, out);
	jw_end_obj(out);
	jw_end_obj(out);
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

static void write_operation(const struct app *app, const struct route *r, struct jw *out)
{
	jw_kobj(out, method_word[r->method]);
	jw_kz(out, "operationId", r->id);
	if (r->summary != NULL)
		jw_kz(out, "summary", r->summary);
	write_tag(r, out);
	if (r->perm != NULL)
		jw_kz(out, "x-permission", r->perm);
	write_params(r, out);
	write_body(app, r, out);
	write_responses(app, r, out);
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

static void write_paths(const struct app *app, struct jw *out)
{
	size_t n = router_count(app->router);

	jw_kobj(out, "paths");
	for (size_t i = 0; i < n; i++) {
		const char *path = router_at(app->router, i)->path;

		if (path_seen(app, i))
			continue;
		jw_kobj(out, path);
		for (size_t k = i; k < n; k++) {
			if (strcmp(router_at(app->router, k)->path, path) == 0)
				write_operation(app, router_at(app->router, k), out);
		}
		jw_end_obj(out);
	}
	jw_end_obj(out);
}

void openapi_write(const struct app *app, struct jw *out)
{
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
	write_paths(app, out);
	write_components(app, out);
	jw_end_obj(out);
}
