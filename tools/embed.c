/*
 * Build-time program that turns files into C tables.
 *
 *   embed [--depfile DEP] OUT.c PREFIX DIR…        web files → gezhi_assets[], gezhi_assets_n
 *   embed [--depfile DEP] --migrations OUT.c DIR   SQL files → gezhi_migrations[],
 * gezhi_migrations_n
 *
 * PREFIX is put before each path below DIR ("" or "/" for the root). The bytes are taken in by the
 * assembler (.incbin), so a large web build costs no compile time. A directory that does not exist
 * gives an empty table. The output is only touched when it would change; DEP lists what was read.
 */
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096, FILES_MAX = 20000, DEPTH_MAX = 16, FILE_BYTES_MAX = 64 << 20 };

struct file {
	char *path; /* on disk */
	char *name; /* below its directory, with a leading / */
};

struct list {
	struct file *v;
	size_t n, cap;
};

struct out {
	char *text;
	size_t bytes;
	FILE *f;
	FILE *dep; /* NULL: no dependency file wanted */
	const char *path;
};

static const struct {
	const char *ext, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json" },
	{ ".geojson", "application/geo+json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".webp", "image/webp" },
	{ ".ico", "image/vnd.microsoft.icon" },
	{ ".woff2", "font/woff2" },
	{ ".wasm", "application/wasm" },
	{ ".mvt", "application/vnd.mapbox-vector-tile" },
	{ ".pbf", "application/x-protobuf" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".md", "text/markdown; charset=utf-8" },
	{ ".xml", "application/xml" },
	{ ".csv", "text/csv; charset=utf-8" },
};

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);

	return n >= m && strcmp(s + n - m, tail) == 0;
}

static const char *type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ends_with(name, types[i].ext))
			return types[i].type;
	return "application/octet-stream";
}

static bool fail(const char *what, const char *path)
{
	fprintf(stderr, "embed: %s: %s%s%s\n", what, path, errno ? ": " : "",
		errno ? strerror(errno) : "");
	return false;
}

static bool list_add(struct list *l, const char *path, const char *name)
{
	if (l->n == l->cap) {
		size_t want = l->cap ? l->cap * 2 : 64;
		struct file *v = want > FILES_MAX ? NULL : reallocarray(l->v, want, sizeof(*v));
		if (!v)
			return fail("too many files", path);
		l->v = v;
		l->cap = want;
	}
	struct file f = { strdup(path), strdup(name) };
	if (!f.path || !f.name) {
		free(f.path);
		free(f.name);
		return fail("memory", path);
	}
	l->v[l->n++] = f;
	return true;
}

static void list_release(struct list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].path);
		free(l->v[i].name);
	}
	free(l->v);
}

static int by_name(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void depend(struct out *o, const char *path)
{
	if (!o->dep)
		return;
	fputs(" \\\n ", o->dep);
	for (const char *p = path; *p; p++) {
		if (*p == ' ' || *p == '#')
			fputc('\\', o->dep);
		if (*p == '$')
			fputc('$', o->dep);
		fputc(*p, o->dep);
	}
}

static bool walk(struct out *o, struct list *l, const char *dir, const char *below, int depth);

static bool walk_one(struct out *o, struct list *l, const char *dir, const char *below,
	const char *name, int depth)
{
	char path[PATH_BYTES], inner[PATH_BYTES];
	struct stat st;

	if (name[0] == '.')
		return true;
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= PATH_BYTES ||
		snprintf(inner, sizeof(inner), "%s/%s", below, name) >= PATH_BYTES)
		return fail("path too long", name);
	if (stat(path, &st) != 0)
		return fail("stat", path);
	if (S_ISDIR(st.st_mode))
		return walk(o, l, path, inner, depth + 1);
	return !S_ISREG(st.st_mode) || list_add(l, path, inner);
}

static bool walk(struct out *o, struct list *l, const char *dir, const char *below, int depth)
{
	DIR *d = depth > DEPTH_MAX ? NULL : opendir(dir);
	bool ok = true;

	if (!d && !(depth == 0 && errno == ENOENT))
		return fail("open", dir);
	/* Also where it is not: once it is there, this is to run again. */
	depend(o, dir);
	if (!d)
		return true;
	for (struct dirent *entry; ok && (entry = readdir(d));)
		ok = walk_one(o, l, dir, below, entry->d_name, depth);
	closedir(d);
	return ok;
}

/* Whole file; the caller frees. */
static unsigned char *slurp(const char *path, size_t *ret_n)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	unsigned char *p = NULL;

	if (f && fstat(fileno(f), &st) == 0 && st.st_size <= FILE_BYTES_MAX) {
		*ret_n = (size_t)st.st_size;
		p = malloc(*ret_n + 1);
	}
	if (p && fread(p, 1, *ret_n, f) != *ret_n) {
		free(p);
		p = NULL;
	}
	if (f)
		fclose(f);
	if (!p)
		fail("read", path);
	return p;
}

static bool hash_of(const char *path, char ret[33], size_t *ret_n)
{
	unsigned char sum[crypto_hash_sha256_BYTES];
	unsigned char *p = slurp(path, ret_n);

	if (!p)
		return false;
	crypto_hash_sha256(sum, p, *ret_n);
	free(p);
	sodium_bin2hex(ret, 33, sum, 16);
	return true;
}

/* For a C or assembler string. */
static void put_quoted(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc(*s, f);
	}
	fputc('"', f);
}

static void put_escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputs("\\\\\\", f);
		fputc(*s, f);
	}
}

/* Declares symbol embed_<i><kind> holding the file's bytes, with a NUL after them. */
static void put_bytes(
	struct out *o, const char *ctype, size_t i, const char *kind, const char *path)
{
	fprintf(o->f, "extern const %s embed_%zu%s[] __attribute__((visibility(\"hidden\")));\n",
		ctype, i, kind);
	fprintf(o->f, "__asm__(\".section .rodata\\n.balign 16\\nembed_%zu%s:\\n.incbin \\\"", i,
		kind);
	put_escaped(o->f, path);
	fputs("\\\"\\n.byte 0\\n.previous\\n\");\n", o->f);
}

/* A name like app-1a2B_c3d.js: the build put a hash of the content into it. */
static bool is_hashed(const char *name)
{
	const char *base = strrchr(name, '/') + 1;
	const char *dot = strchr(base, '.');
	size_t stem = dot ? (size_t)(dot - base) : 0;

	if (strncmp(name, "/assets/", 8) != 0 || stem < 10)
		return false;
	return base[stem - 9] == '-';
}

static const struct file *sibling(const struct list *l, const char *name, const char *ext)
{
	char want[PATH_BYTES];
	struct file key = { NULL, want };

	if (snprintf(want, sizeof(want), "%s%s", name, ext) >= PATH_BYTES)
		return NULL;
	return bsearch(&key, l->v, l->n, sizeof(*l->v), by_name);
}

/* Text of one table row, kept until all bytes are declared. */
static bool put_asset(
	struct out *o, FILE *table, const struct list *l, size_t i, const char *prefix)
{
	static const struct {
		const char *ext, *kind, *field;
	} form[] = { { ".gz", "g", "gzip" }, { ".br", "b", "brotli" } };
	const struct file *f = &l->v[i];
	char hash[33], ignored[33];
	size_t n, packed;

	if (!hash_of(f->path, hash, &n))
		return false;
	depend(o, f->path);
	put_bytes(o, "unsigned char", i, "", f->path);
	fputs("\t{ .path = ", table);
	char path[PATH_BYTES];
	snprintf(path, sizeof(path), "%s%s", prefix, f->name);
	put_quoted(table, path);
	fprintf(table, ", .type = \"%s\",\n\t\t.plain = embed_%zu, .plain_n = %zu,\n",
		type_of(f->name), i, n);
	for (size_t k = 0; k < 2; k++) {
		const struct file *s = sibling(l, f->name, form[k].ext);
		if (!s)
			continue;
		if (!hash_of(s->path, ignored, &packed))
			return false;
		depend(o, s->path);
		if (packed >= n)
			continue;
		put_bytes(o, "unsigned char", i, form[k].kind, s->path);
		fprintf(table, "\t\t.%s = embed_%zu%s, .%s_n = %zu, /* %s */\n", form[k].field, i,
			form[k].kind, form[k].field, packed, ignored);
	}
	fprintf(table, "\t\t.etag = \"\\\"%s\\\"\", .immutable = %s },\n", hash,
		is_hashed(f->name) ? "true" : "false");
	return true;
}

/* A table needs one row even when it has none: C knows no empty arrays. */
static void put_table(struct out *o, const char *type, const char *name, size_t n, const char *rows)
{
	fprintf(o->f, "\nextern const struct %s %s[];\nextern const size_t %s_n;\n", type, name,
		name);
	fprintf(o->f, "const struct %s %s[] = {\n%s};\nconst size_t %s_n = %zu;\n", type, name,
		n ? rows : "\t{ 0 }\n", name, n);
}

static bool is_packed(const struct list *l, const char *name)
{
	char plain[PATH_BYTES];
	struct file key = { NULL, plain };

	if (!ends_with(name, ".gz") && !ends_with(name, ".br"))
		return false;
	snprintf(plain, sizeof(plain), "%.*s", (int)(strlen(name) - 3), name);
	return bsearch(&key, l->v, l->n, sizeof(*l->v), by_name) != NULL;
}

static bool embed_assets(struct out *o, const char *prefix, char **dir, int ndir)
{
	struct list l = { 0 };
	char *rows = NULL;
	size_t bytes = 0, n = 0;
	bool ok = true;

	for (int i = 0; ok && i < ndir; i++)
		ok = walk(o, &l, dir[i], "", 0);
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_name);
	FILE *table = open_memstream(&rows, &bytes);
	fputs("/* Made by tools/embed.c; do not edit. */\n#include \"http/http.h\"\n\n", o->f);
	for (size_t i = 0; ok && table && i < l.n; i++) {
		if (is_packed(&l, l.v[i].name) || ends_with(l.v[i].name, ".map"))
			continue;
		ok = put_asset(o, table, &l, i, prefix);
		n++;
	}
	ok = table && fclose(table) == 0 && ok;
	if (ok)
		put_table(o, "asset", "gezhi_assets", n, rows);
	free(rows);
	list_release(&l);
	return ok;
}

/* "/0012_grid.sql" and its companions of one engine. */
static bool migration_name(const char *name, int *ret_number, char *ret_stem)
{
	int used = 0;

	if (sscanf(name, "/%4d_%63[a-z0-9_].sql%n", ret_number, ret_stem, &used) != 2)
		return false;
	return used > 0 && name[used] == 0;
}

static bool put_migration(
	struct out *o, FILE *table, const struct list *l, size_t i, int number, const char *stem)
{
	static const struct {
		const char *ext, *kind, *field;
	} part[] = { { ".sql", "", "sql" }, { ".sqlite.sql", "s", "sqlite" },
		{ ".pg.sql", "p", "pg" } };
	char base[PATH_BYTES], hash[33];
	size_t n;

	snprintf(base, sizeof(base), "/%04d_%s", number, stem);
	fprintf(table, "\t{ .number = %d, .name = \"%s\",\n", number, stem);
	for (size_t k = 0; k < 3; k++) {
		const struct file *f = sibling(l, base, part[k].ext);
		if (!f)
			continue;
		if (!hash_of(f->path, hash, &n))
			return false;
		depend(o, f->path);
		put_bytes(o, "char", i, part[k].kind, f->path);
		fprintf(table, "\t\t.%s = embed_%zu%s, /* %s */\n", part[k].field, i, part[k].kind,
			hash);
	}
	fputs("\t},\n", table);
	return true;
}

static bool is_companion(const struct list *l, const char *name)
{
	char base[PATH_BYTES];
	const char *tail = ends_with(name, ".sqlite.sql") ? ".sqlite.sql"
			   : ends_with(name, ".pg.sql")   ? ".pg.sql"
							  : NULL;

	if (!tail)
		return false;
	snprintf(base, sizeof(base), "%.*s", (int)(strlen(name) - strlen(tail)), name);
	return sibling(l, base, ".sql") != NULL;
}

static bool put_migrations(struct out *o, FILE *table, const struct list *l, size_t *ret_n)
{
	char stem[64];
	int number, last = 0;

	for (size_t i = 0; i < l->n; i++) {
		const char *name = l->v[i].name;
		if (is_companion(l, name) || !ends_with(name, ".sql"))
			continue;
		errno = 0;
		if (!migration_name(name, &number, stem))
			return fail("not NNNN_name.sql", name);
		if (number <= last)
			return fail("the number is used twice", name);
		last = number;
		if (!put_migration(o, table, l, i, number, stem))
			return false;
		(*ret_n)++;
	}
	return true;
}

static bool embed_migrations(struct out *o, const char *dir)
{
	struct list l = { 0 };
	char *rows = NULL;
	size_t bytes = 0, n = 0;
	bool ok = walk(o, &l, dir, "", 0);

	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_name);
	FILE *table = open_memstream(&rows, &bytes);
	fputs("/* Made by tools/embed.c; do not edit. */\n#include \"db/db.h\"\n\n", o->f);
	ok = ok && table && put_migrations(o, table, &l, &n);
	ok = table && fclose(table) == 0 && ok;
	if (ok)
		put_table(o, "migration", "gezhi_migrations", n, rows);
	free(rows);
	list_release(&l);
	return ok;
}

static bool same_as_file(const struct out *o)
{
	struct stat st;
	size_t n = 0;

	if (stat(o->path, &st) != 0 || (size_t)st.st_size != o->bytes)
		return false;
	unsigned char *old = slurp(o->path, &n);
	bool same = old && n == o->bytes && memcmp(old, o->text, n) == 0;
	free(old);
	return same;
}

static bool out_write(struct out *o)
{
	if (fclose(o->f) != 0)
		return fail("memory", o->path);
	o->f = NULL;
	if (same_as_file(o))
		return true;
	FILE *f = fopen(o->path, "wb");
	if (!f)
		return fail("write", o->path);
	bool ok = fwrite(o->text, 1, o->bytes, f) == o->bytes;
	ok = fclose(f) == 0 && ok;
	return ok || fail("write", o->path);
}

static int usage(void)
{
	fputs("usage: embed [--depfile DEP] OUT.c PREFIX DIR...\n"
	      "       embed [--depfile DEP] --migrations OUT.c DIR\n",
		stderr);
	return 2;
}

static bool run(struct out *o, const char *depfile, bool migrations, char **rest, int n)
{
	o->f = open_memstream(&o->text, &o->bytes);
	o->dep = depfile ? fopen(depfile, "w") : NULL;
	if (!o->f || (depfile && !o->dep))
		return fail("open", depfile ? depfile : o->path);
	if (o->dep)
		fprintf(o->dep, "%s:", o->path);
	bool ok = migrations ? embed_migrations(o, rest[0])
			     : embed_assets(o, strcmp(rest[0], "/") == 0 ? "" : rest[0], rest + 1,
				       n - 1);
	if (o->dep) {
		fputc('\n', o->dep);
		ok = fclose(o->dep) == 0 && ok;
	}
	return ok && out_write(o);
}

int main(int argc, char **argv)
{
	const char *depfile = NULL;
	bool migrations = false;
	struct out o = { 0 };
	int i = 1;

	if (i + 1 < argc && strcmp(argv[i], "--depfile") == 0) {
		depfile = argv[i + 1];
		i += 2;
	}
	if (i < argc && strcmp(argv[i], "--migrations") == 0) {
		migrations = true;
		i++;
	}
	if (argc - i < 2 || (migrations && argc - i != 2))
		return usage();
	if (sodium_init() < 0)
		return 1;
	o.path = argv[i];
	bool ok = run(&o, depfile, migrations, argv + i + 1, argc - i - 1);
	if (o.f)
		fclose(o.f);
	free(o.text);
	return ok ? 0 : 1;
}
