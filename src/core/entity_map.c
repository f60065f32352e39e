/* See entity_map.h. */
#include "core/entity_map.h"

#include <stdlib.h>
#include <string.h>

#include "core/label.h"

static const char *const how_word[] = { "unused", "name", "label", "map", "dropped", "readonly", "repeated", NULL };
static const struct vocab how_vocab = { .name = "column_how", .word = how_word };
static const struct member column_member[] = {
	{ "column", F_STR },
	{ "field", F_STR, .null = true },
	{ "gcj02", F_BOOL, .help = "its coordinates are shifted back" },
	{ "how", F_ENUM, .vocab = &how_vocab },
};
const struct shape column_shape = { .name = "ImportColumn", MEMBERS(column_member) };

/* ---- names ---- */

/* "|key|key|" of everything a field is called. */
static struct str field_keys(const struct entity *e, const struct field *f, struct arena *keep)
{
	struct str label[2] = { label_of_field(e, f), label_more(e, f) }, name;
	struct buf b;

	buf_init(&b, 4096);
	buf_char(&b, '|');
	label_key(str_z(f->name), &b);
	buf_char(&b, '|');
	for (size_t i = 0; i < 2; i++) {
		while (label[i].p != NULL && str_split(&label[i], '|', &name)) {
			label_key(name, &b);
			buf_char(&b, '|');
		}
	}
	struct str all = str_dup(keep, buf_view(&b));

	buf_release(&b);
	return all;
}

struct names {
	const struct fields *fields;
	struct str keys[FIELD_MAX];
};

static enum err names_init(const struct entity *e, struct arena *keep, struct names *n)
{
	n->fields = &e->fields;
	for (size_t i = 0; i < e->fields.n; i++) {
		n->keys[i] = field_keys(e, &e->fields.v[i], keep);
		if (n->keys[i].p == NULL)
			return ERR_NOMEM;
	}
	return OK;
}

/* The first field called so that has no column yet. */
static const struct field *by_label(const struct names *n, struct str title, uint64_t given)
{
	const struct field *found = NULL;
	struct buf b;

	buf_init(&b, TITLE_BYTES + 2);
	buf_char(&b, '|');
	label_key(title, &b);
	buf_char(&b, '|');
	for (size_t i = 0; b.n > 2 && !b.failed && found == NULL && i < n->fields->n; i++) {
		const struct field *f = &n->fields->v[i];

		if (!(f->flags & FIELD_HIDDEN) && !(given >> i & 1) && memmem(n->keys[i].p, n->keys[i].n, b.p, b.n) != NULL)
			found = f;
	}
	buf_release(&b);
	return found;
}

/* ---- mapping ---- */

static void assign(const struct fields *fields, struct columns *c, struct column *col, const struct field *f,
		   enum column_how how)
{
	size_t i = (size_t)(f - fields->v);

	if (c->given >> i & 1) {
		col->how = COLUMN_REPEATED;
		return;
	}
	c->given |= UINT64_C(1) << i;
	c->known++;
	col->how = how;
	/* What an export shows but nobody gives is passed over, except the id and version of the row. */
	if ((f->flags & FIELD_READONLY) && f != &fields->v[0])
		col->how = COLUMN_READONLY;
	else
		col->f = f;
}

struct str column_field(struct str name, bool *ret_gcj02)
{
	static const struct {
		const char *mark;
		bool shifted;
	} systems[] = { { "@gcj02", true }, { "@wgs84", false }, { "@cgcs2000", false } };

	*ret_gcj02 = false;
	for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
		struct str mark = str_z(systems[i].mark), head = { name.p, name.n - mark.n };

		if (name.n <= mark.n || !str_eq((struct str){ name.p + head.n, mark.n }, mark))
			continue;
		*ret_gcj02 = systems[i].shifted && (str_eqz(head, "lon") || str_eqz(head, "lat"));
		return head;
	}
	return name;
}

/* Column titles that the mapping names, then those that are fields' own names: they say it most surely. */
static void assign_exact(const struct fields *fields, const json_t *map, struct arena *keep, struct columns *c,
			 bool by_map)
{
	for (size_t i = 0; i < c->n; i++) {
		struct column *col = &c->v[i];
		const char *z = str_cstr(keep, col->title);
		json_t *to = z != NULL && map != NULL ? json_object_get(map, z) : NULL;
		const struct field *f = NULL;

		if ((to != NULL) != by_map || col->title.n == 0)
			continue;
		if (to != NULL && (json_is_null(to) || json_string_length(to) == 0)) {
			col->how = COLUMN_DROPPED;
			continue;
		}
		f = fields_find(fields, to != NULL ? column_field(str_z(json_string_value(to)), &col->gcj02) : col->title);
		if (f != NULL && !(f->flags & FIELD_HIDDEN))
			assign(fields, c, col, f, by_map ? COLUMN_MAP : COLUMN_NAME);
	}
}

static void apply(const struct names *names, const json_t *map, struct arena *keep, struct columns *c)
{
	c->known = 0;
	c->given = 0;
	for (size_t i = 0; i < c->n; i++) {
		c->v[i].f = NULL;
		c->v[i].how = COLUMN_UNUSED;
		c->v[i].gcj02 = false;
	}
	assign_exact(names->fields, map, keep, c, true);
	assign_exact(names->fields, map, keep, c, false);
	for (size_t i = 0; i < c->n; i++) {
		const struct field *f;

		if (c->v[i].how != COLUMN_UNUSED || c->v[i].title.n == 0)
			continue;
		f = by_label(names, c->v[i].title, c->given);
		if (f != NULL)
			assign(names->fields, c, &c->v[i], f, COLUMN_LABEL);
	}
	/* Shown, but not given. */
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].how == COLUMN_READONLY)
			c->known--;
	}
	c->given = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].f != NULL)
			c->given |= UINT64_C(1) << (c->v[i].f - names->fields->v);
	}
}

enum err columns_apply(const struct entity *e, const json_t *map, struct arena *keep, struct columns *c)
{
	struct names names;
	enum err err = names_init(e, keep, &names);

	if (err != OK)
		return err;
	apply(&names, map, keep, c);
	return arena_failed(keep) ? ERR_NOMEM : OK;
}

/* ---- finding the header ---- */

struct search {
	struct sheet *s;
	const struct names *names;
	const json_t *map;
	struct arena *keep;
	struct str above[SHEET_COLS]; /* the text last seen in the column: of a header over two rows */
	struct columns *one;	      /* the row that is looked at */
	struct columns *best;
	bool any;
};

static void read_titles(struct search *f, const struct sheet_row *row)
{
	struct columns *c = f->one;

	c->n = row->n < SHEET_COLS ? row->n : SHEET_COLS;
	c->line = row->line;
	c->notes = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct str title = str_trim(row->cell[i]);

		if (title.n == 0 && row->flag != NULL && (row->flag[i] & XLSX_MERGED))
			title = f->above[i];
		if (title.n > TITLE_BYTES)
			title = (struct str){ "", 0 };
		c->v[i].title = title.n > 0 ? str_dup(f->keep, title) : (struct str){ "", 0 };
		if (title.n > 0)
			f->above[i] = c->v[i].title;
	}
}

static bool starts_with_any(struct str s, const char *const *word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_prefix(s, str_z(word[i])))
			return true;
	}
	return false;
}

/* Templates explain their columns in the row below the header: most cells then begin with such words. */
static bool is_remarks(const struct sheet_row *row)
{
	static const char *const marks[] = { "必填", "可选", "选填", "非必填", "Required", "required", "Optional", "optional" };
	static const char *const hints[] = { "如", "例", "示例", "说明", "多个", "格式", "e.g.", "YYYY", "yyyy" };
	size_t filled = 0, marked = 0, hinted = 0;

	for (size_t i = 0; i < row->n; i++) {
		struct str s = str_trim(row->cell[i]);

		filled += s.n > 0;
		marked += starts_with_any(s, marks, ARRAY_LEN(marks));
		hinted += starts_with_any(s, hints, ARRAY_LEN(hints));
	}
	return marked > 0 && (marked + hinted) * 3 >= filled;
}

static enum err look_at_sheet(struct search *f, size_t sheet, struct error *e)
{
	struct sheet_row row;
	bool more = true, after = false;
	enum err err = sheet_begin(f->s, sheet, e);

	memset(f->above, 0, sizeof(f->above));
	for (int i = 0; err == OK && i <= HEADER_ROWS; i++) {
		err = sheet_next(f->s, &row, &more, e);
		if (err != OK || !more)
			break;
		if (after && is_remarks(&row))
			f->best->notes = row.line;
		after = false;
		if (i == HEADER_ROWS)
			break;
		read_titles(f, &row);
		f->one->sheet = sheet;
		apply(f->names, f->map, f->keep, f->one);
		if (f->any && f->one->known <= f->best->known)
			continue;
		struct columns *was = f->best;

		f->best = f->one;
		f->one = was;
		f->any = after = true;
	}
	return err;
}

enum err columns_find(struct sheet *s, const struct entity *e, const json_t *map, struct arena *keep,
		      struct columns *ret, struct error *err)
{
	struct columns *spare = ARENA_NEW(keep, struct columns);
	struct search *f = ARENA_NEW(keep, struct search);
	struct names *names = ARENA_NEW(keep, struct names);
	enum err bad = spare == NULL || f == NULL || names == NULL ? ERR_NOMEM : names_init(e, keep, names);
	bool shown = false;

	if (bad != OK)
		return bad;
	*f = (struct search){ .s = s, .names = names, .map = map, .keep = keep, .one = spare, .best = ret };
	for (size_t i = 0; i < sheet_count(s); i++)
		shown = shown || !sheet_hidden(s, i);
	for (size_t i = 0; bad == OK && i < sheet_count(s); i++) {
		if (!shown || !sheet_hidden(s, i))
			bad = look_at_sheet(f, i, err);
	}
	if (bad == OK && arena_failed(keep))
		return ERR_NOMEM;
	if (bad == OK && !f->any)
		return err_set(err, ERR_INVALID, "import.empty", "", "the file has no header line");
	if (bad == OK && f->best != ret)
		*ret = *f->best;
	return bad;
}

/* ---- what was found ---- */

static int by_text(const void *a, const void *b)
{
	const struct str *p = a, *q = b;
	int d = memcmp(p->p, q->p, p->n < q->n ? p->n : q->n);

	return d != 0 ? d : (p->n > q->n) - (p->n < q->n);
}

enum err columns_key(const struct columns *c, char ret[HASH_HEX])
{
	struct str title[SHEET_COLS] = { { NULL, 0 } };
	size_t n = 0;
	struct buf b;

	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].title.n > 0)
			title[n++] = c->v[i].title;
	}
	qsort(title, n, sizeof(title[0]), by_text);
	buf_init(&b, SHEET_COLS * (TITLE_BYTES + 1));
	for (size_t i = 0; i < n; i++) {
		buf_str(&b, title[i]);
		buf_char(&b, '\n');
	}
	enum err err = b.failed ? ERR_NOMEM : OK;

	crypto_sha256_hex(buf_view(&b), ret);
	buf_release(&b);
	return err;
}

void columns_write(const struct columns *c, struct jw *out)
{
	jw_arr(out);
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].title.n == 0)
			continue;
		jw_obj(out);
		jw_kstr(out, "column", c->v[i].title);
		jw_kz(out, "field", c->v[i].f != NULL ? c->v[i].f->name : NULL);
		jw_kbool(out, "gcj02", c->v[i].gcj02);
		jw_kz(out, "how", how_word[c->v[i].how]);
		jw_end_obj(out);
	}
	jw_end_arr(out);
}

void columns_write_map(const struct columns *c, struct jw *out)
{
	jw_obj(out);
	for (size_t i = 0; i < c->n; i++) {
		char key[TITLE_BYTES + 1];

		if (c->v[i].how != COLUMN_MAP && c->v[i].how != COLUMN_DROPPED)
			continue;
		memcpy(key, c->v[i].title.p, c->v[i].title.n);
		key[c->v[i].title.n] = '\0';
		if (c->v[i].gcj02 && c->v[i].f != NULL)
			jw_kz(out, key, strcmp(c->v[i].f->name, "lon") == 0 ? "lon@gcj02" : "lat@gcj02");
		else
			jw_kz(out, key, c->v[i].f != NULL ? c->v[i].f->name : NULL);
	}
	jw_end_obj(out);
}
