/*
 * The embedded web: files by exact path from a hash table, and the page of an entry for addresses
 * the web routes itself. Every response is made once at start-up and shared by all requests.
 */
#include <stdlib.h>
#include <string.h>

#include "http/internal.h"

enum { ENTRIES_MAX = 16 };

struct static_file {
	struct str path, etag;
	/* NULL where there is no such form */
	struct MHD_Response *plain, *gzip, *brotli, *unchanged;
};

struct entry {
	struct str prefix;
	const struct static_file *file;
};

struct statics {
	struct static_file *file;
	size_t n;
	const struct static_file **slot; /* open addressing, a power of two */
	size_t mask;
	struct entry entry[ENTRIES_MAX];
	size_t nentries;
};

static uint32_t hash_of(struct str s)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619U;
	return h;
}

static const struct static_file *file_at(const struct statics *s, struct str path)
{
	if (s->n == 0)
		return NULL;
	for (size_t i = hash_of(path) & s->mask; s->slot[i]; i = (i + 1) & s->mask)
		if (str_eq(s->slot[i]->path, path))
			return s->slot[i];
	return NULL;
}

static struct MHD_Response *form(
	const struct asset *a, const unsigned char *p, size_t n, const char *coding)
{
	/* The cast only takes the const away: persistent bytes are never written. */
	struct MHD_Response *r =
		MHD_create_response_from_buffer(n, (void *)(uintptr_t)p, MHD_RESPMEM_PERSISTENT);

	if (!r)
		return NULL;
	bool ok = reply_base_headers(r, a->type,
			  a->immutable ? "public, max-age=31536000, immutable" : "no-cache") &&
		  MHD_add_response_header(r, "ETag", a->etag) == MHD_YES;
	if (ok && (a->gzip || a->brotli))
		ok = MHD_add_response_header(r, "Vary", "Accept-Encoding") == MHD_YES;
	if (ok && coding)
		ok = MHD_add_response_header(r, "Content-Encoding", coding) == MHD_YES;
	if (!ok) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}

static bool file_init(struct static_file *f, const struct asset *a)
{
	static const unsigned char nothing[1];

	*f = (struct static_file){ .path = str_z(a->path), .etag = str_z(a->etag) };
	f->plain = form(a, a->plain, a->plain_n, NULL);
	f->unchanged = form(a, nothing, 0, NULL);
	if (a->gzip)
		f->gzip = form(a, a->gzip, a->gzip_n, "gzip");
	if (a->brotli)
		f->brotli = form(a, a->brotli, a->brotli_n, "br");
	return f->plain && f->unchanged && !f->gzip == !a->gzip && !f->brotli == !a->brotli;
}

static void file_release(struct static_file *f)
{
	struct MHD_Response *const all[] = { f->plain, f->gzip, f->brotli, f->unchanged };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i])
			MHD_destroy_response(all[i]);
}

/* "prefix=/file.html"; an entry whose file is not there is left out. */
static enum err entry_add(struct statics *s, const char *text, struct error *e)
{
	const char *eq = strchr(text, '=');

	if (!eq || text[0] != '/' || s->nentries == ENTRIES_MAX)
		return err_set(e, ERR_INVALID, "entry", "", "Bad entry “%s”", text);
	const struct static_file *f = file_at(s, str_z(eq + 1));
	if (f)
		s->entry[s->nentries++] =
			(struct entry){ .prefix = { text, (size_t)(eq - text) }, .file = f };
	return OK;
}

static enum err statics_fill(struct statics *s, const struct asset *v, size_t n)
{
	size_t slots = 16;

	while (slots < n * 2)
		slots *= 2;
	s->mask = slots - 1;
	s->slot = calloc(slots, sizeof(*s->slot));
	s->file = calloc(n + 1, sizeof(*s->file));
	if (!s->slot || !s->file)
		return ERR_NOMEM;
	for (; s->n < n; s->n++) {
		struct static_file *f = &s->file[s->n];
		if (!file_init(f, &v[s->n])) {
			file_release(f);
			return ERR_NOMEM;
		}
		size_t i = hash_of(f->path) & s->mask;
		while (s->slot[i])
			i = (i + 1) & s->mask;
		s->slot[i] = f;
	}
	return OK;
}

enum err statics_new(struct statics **ret, const struct asset *v, size_t n,
	const char *const *entry, struct error *e)
{
	struct statics *s = calloc(1, sizeof(*s));
	enum err err = s ? statics_fill(s, v, n) : ERR_NOMEM;

	if (err)
		err_set(e, err, "nomem", "", "Out of memory for the web files");
	for (size_t i = 0; !err && entry && entry[i]; i++)
		err = entry_add(s, entry[i], e);
	if (err) {
		statics_free(s);
		return err;
	}
	*ret = s;
	return OK;
}

void statics_free(struct statics *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		file_release(&s->file[i]);
	free(s->slot);
	free(s->file);
	free(s);
}

/* "/field" covers "/field" and "/field/x", not "/fields"; "/" covers all. */
static bool under(struct str path, struct str prefix)
{
	if (prefix.n == 1)
		return true;
	return str_prefix(path, prefix) && (path.n == prefix.n || path.p[prefix.n] == '/');
}

const struct static_file *statics_find(const struct statics *s, struct str path)
{
	const struct static_file *f = file_at(s, path);
	const struct entry *best = NULL;

	if (f || memchr(path.p, '.', path.n) || under(path, STR("/api")))
		return f;
	for (size_t i = 0; i < s->nentries; i++)
		if (under(path, s->entry[i].prefix) &&
			(!best || s->entry[i].prefix.n > best->prefix.n))
			best = &s->entry[i];
	return best ? best->file : NULL;
}

/* "q=0", "q=0.000": refused; anything else counts as yes. */
static bool quality_zero(struct str params)
{
	struct str part;

	while (str_split(&params, ';', &part)) {
		part = str_trim(part);
		if (part.n < 3 || (part.p[0] != 'q' && part.p[0] != 'Q') || part.p[1] != '=')
			continue;
		for (size_t i = 2; i < part.n; i++)
			if (part.p[i] != '0' && part.p[i] != '.')
				return false;
		return true;
	}
	return false;
}

bool encoding_accepted(struct str accept, struct str coding)
{
	struct str part, name;

	while (str_split(&accept, ',', &part)) {
		str_split(&part, ';', &name);
		if (str_eq(str_trim(name), coding))
			return !part.p || !quality_zero(part);
	}
	return false;
}

struct MHD_Response *statics_reply(const struct static_file *f, struct str accept_encoding,
	struct str if_none_match, int *ret_status)
{
	*ret_status = 304;
	if (etag_match(if_none_match, f->etag))
		return f->unchanged;
	*ret_status = 200;
	if (f->brotli && encoding_accepted(accept_encoding, STR("br")))
		return f->brotli;
	if (f->gzip && encoding_accepted(accept_encoding, STR("gzip")))
		return f->gzip;
	return f->plain;
}
