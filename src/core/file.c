/*
 * Attachments. Bytes lie under file_dir by the hash of their content, two hex digits as folder; a row
 * per attachment names them. Bytes are durable before their row exists; rows that were never attached
 * to anything go after a day, and their bytes with them.
 */
#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "core/account_impl.h"
#include "core/audit.h"
#include "core/file_image.h"
#include "core/matter.h"

enum { NAME_RUNES = 120, PATH_BYTES = 1024, TEMP_BYTES = PATH_BYTES + 32, ORPHANS = 200, IDS_MAX = 20000 };

enum {
	Q_FILE_PUT, Q_FILE_GET, Q_FILE_LIST, Q_FILE_COUNT, Q_FILE_ATTACH, Q_FILE_ORPHANS, Q_FILE_DROP,
	Q_FILE_USED, Q_FILE_SQL_MAX
};

static const char *const file_sql[] = {
	[Q_FILE_PUT] = "INSERT INTO file (id, hash, name, type, size, thumb_hash, matter_id, created_at, "
		"created_by) VALUES ($1, $2, $3, $4, $5, $6, NULL, $7, $8)",
	[Q_FILE_GET] = "SELECT hash, name, type, size, thumb_hash, matter_id, created_by FROM file WHERE id = $1",
	[Q_FILE_LIST] = "SELECT id, name, type, size, thumb_hash FROM file WHERE matter_id = $1 ORDER BY id",
	[Q_FILE_COUNT] = "SELECT count(*) AS n FROM file WHERE matter_id = $1",
	[Q_FILE_ATTACH] = "UPDATE file SET matter_id = $1 WHERE id = $2 AND matter_id IS NULL "
		"AND created_by IS NOT DISTINCT FROM CAST($3 AS BIGINT) AND created_at > $4",
	[Q_FILE_ORPHANS] = "SELECT id, hash, thumb_hash FROM file WHERE matter_id IS NULL AND created_at < $1 "
		"ORDER BY id LIMIT 200",
	[Q_FILE_DROP] = "DELETE FROM file WHERE id = $1 AND matter_id IS NULL",
	[Q_FILE_USED] = "SELECT count(*) AS n FROM file WHERE hash = $1 OR thumb_hash = $1",
};

/* ---- what it is ---- */

struct kind {
	const char *sniffed, *type, *extension;
	int image; /* enum image_type, or -1 */
};

static const struct kind kinds[] = {
	{ "image/jpeg", "image/jpeg", ".jpg", IMAGE_JPEG },
	{ "image/png", "image/jpeg", ".jpg", IMAGE_PNG },
	{ "image/webp", "image/jpeg", ".jpg", IMAGE_WEBP },
	{ "application/pdf", "application/pdf", ".pdf", -1 },
	{ "text/plain", "text/plain", ".txt", -1 },
	{ "text/csv", "text/plain", ".txt", -1 },
	{ TYPE_XLSX, TYPE_XLSX, ".xlsx", -1 },
	{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx", -1 },
	{ "video/mp4", "video/mp4", ".mp4", -1 },
};
enum { KIND_XLSX = 6, KIND_DOCX = 7 };

/* Office files are zip archives, and not every one is laid out as libmagic expects. */
static const struct kind *kind_of_zip(struct str b)
{
	if (memmem(b.p, b.n, "[Content_Types].xml", 19) == NULL)
		return NULL;
	if (memmem(b.p, b.n, "xl/workbook.xml", 15) != NULL)
		return &kinds[KIND_XLSX];
	return memmem(b.p, b.n, "word/document.xml", 17) != NULL ? &kinds[KIND_DOCX] : NULL;
}

static enum err sniff(struct str bytes, const struct kind **ret)
{
	magic_t m = magic_open(MAGIC_MIME_TYPE);
	const char *type = NULL;

	*ret = NULL;
	if (m == NULL)
		return ERR_NOMEM;
	if (magic_load(m, NULL) == 0)
		type = magic_buffer(m, bytes.p, bytes.n);
	for (size_t i = 0; type != NULL && i < ARRAY_LEN(kinds); i++) {
		if (strcmp(type, kinds[i].sniffed) == 0)
			*ret = &kinds[i];
	}
	if (*ret == NULL && bytes.n > 4 && memcmp(bytes.p, "PK\3\4", 4) == 0)
		*ret = kind_of_zip(bytes);
	enum err err = type != NULL ? OK : ERR_IO;

	magic_close(m);
	return err;
}

/* The last part of the given name without what could mislead, ending as its type says. */
static struct str clean_name(struct arena *a, struct str name, const char *extension)
{
	struct buf b;
	size_t runes = 0, dot = 0, e = strlen(extension);

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '/' || name.p[i] == '\\') {
			name = (struct str){ name.p + i + 1, name.n - i - 1 };
			i = (size_t)-1;
		}
	}
	buf_init(&b, 1024);
	for (size_t pos = 0; pos < name.n && runes < NAME_RUNES; runes++) {
		size_t from = pos;
		uint32_t c = str_rune(name, &pos);

		/* Controls and marks that turn the direction of writing. */
		if (c < 0x20 || c == 0x7F || c == 0xFFFD || (c >= 0x200B && c <= 0x200F) ||
		    (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069))
			continue;
		if (c == '.' && b.n > 0)
			dot = b.n;
		buf_put(&b, name.p + from, pos - from);
	}
	if (dot > 0 && b.n - dot <= 6)
		b.n = dot;
	if (b.n == 0 || str_trim(buf_view(&b)).n == 0)
		buf_z(&b, "file");
	buf_put(&b, extension, e);
	struct str s = str_dup(a, str_trim(buf_view(&b)));

	buf_release(&b);
	return s;
}

/* ---- where it lies ---- */

/* "DIR/ab" and "DIR/ab/cdef…"; false when the folder's name is too long. */
static bool paths(const struct app *app, const char *hash, char dir[PATH_BYTES], char path[PATH_BYTES])
{
	if (app->file_dir == NULL || strlen(hash) != HASH_HEX - 1)
		return false;
	int n = snprintf(dir, PATH_BYTES, "%s/%.2s", app->file_dir, hash);
	int k = snprintf(path, PATH_BYTES, "%s/%.2s/%s", app->file_dir, hash, hash + 2);

	return n > 0 && k > 0 && k + 32 < PATH_BYTES;
}

static enum err make_dir(const struct app *app, const char *dir)
{
	if (mkdir(app->file_dir, 0700) != 0 && errno != EEXIST)
		return ERR_IO;
	if (mkdir(dir, 0700) == 0)
		return io_sync_dir(app->file_dir);
	return errno == EEXIST ? OK : ERR_IO;
}

static bool content_there(const struct app *app, const char *hash, size_t n)
{
	char dir[PATH_BYTES], path[PATH_BYTES];
	struct stat st;

	return paths(app, hash, dir, path) && stat(path, &st) == 0 && (uint64_t)st.st_size == n;
}

/* Under a temporary name, on disk, then under its own. */
static enum err store_content(const struct app *app, struct str bytes, char ret_hash[HASH_HEX])
{
	char dir[PATH_BYTES], path[PATH_BYTES], temp[TEMP_BYTES];
	enum err err;

	crypto_sha256_hex(bytes, ret_hash);
	if (!paths(app, ret_hash, dir, path))
		return ERR_IO;
	if (content_there(app, ret_hash, bytes.n))
		return OK;
	err = make_dir(app, dir);
	if (err != OK)
		return err;
	snprintf(temp, sizeof(temp), "%s/.%016llx", dir, (unsigned long long)crypto_random());
	err = io_new_file(temp, bytes);
	if (err != OK)
		return err;
	if (rename(temp, path) != 0) {
		unlink(temp);
		return ERR_IO;
	}
	return io_sync_dir(dir);
}

/* ---- storing ---- */

struct stored {
	const struct req *rq;
	const struct kind *kind;
	struct str name;
	char hash[HASH_HEX], thumb[HASH_HEX];
	size_t size, thumb_size; /* 0: no thumbnail */
	bool is_public;
	int64_t id; /* out */
};

static enum err put_tx(struct dbc *c, void *arg)
{
	struct stored *s = arg;
	int64_t by = s->rq->who != NULL && !s->is_public ? s->rq->who->user_id : NIL;

	/* Somebody may just have cleared away the same bytes. */
	if (!content_there(s->rq->app, s->hash, s->size) ||
	    (s->thumb_size > 0 && !content_there(s->rq->app, s->thumb, s->thumb_size)))
		return ERR_IO;
	s->id = db_new_id(c);
	if (s->id == NIL)
		return ERR_RETRY;
	const struct audit_entry entry = { .at = s->rq->now, .actor = by, .action = "create", .object = "file",
		.object_id = s->id };
	enum err err = db_exec(c, file_sql[Q_FILE_PUT],
		ARGS(I(s->id), Z(s->hash), T(s->name), Z(s->kind->type), I((int64_t)s->size),
			Z(s->thumb_size > 0 ? s->thumb : NULL), I(s->rq->now), I(by)), NULL);

	return err != OK ? err : audit_add(c, &entry);
}

static enum err store_image(struct req *rq, struct str bytes, struct stored *s)
{
	struct buf full, thumb;
	enum err err;

	if (!heavy_enter(rq->app->sessions))
		return req_fail(rq, ERR_LIMIT, "file.busy", "", "too many pictures at once; try again");
	buf_init(&full, (size_t)FILE_MAX_BYTES * 4);
	buf_init(&thumb, 1 << 20);
	err = image_clean(bytes, (enum image_type)s->kind->image, &full, &thumb);
	heavy_leave(rq->app->sessions);
	s->size = full.n;
	s->thumb_size = thumb.n;
	if (err == OK)
		err = store_content(rq->app, buf_view(&full), s->hash);
	if (err == OK)
		err = store_content(rq->app, buf_view(&thumb), s->thumb);
	buf_release(&full);
	buf_release(&thumb);
	if (err == ERR_INVALID)
		return req_fail(rq, err, "file.picture", "", "the picture cannot be read");
	if (err == ERR_LIMIT)
		return req_fail(rq, err, "file.pixels", "", "a picture has at most %d million pixels",
			IMAGE_PIXELS_MAX / 1000000);
	return err;
}

static enum err put(struct req *rq, struct str bytes, struct str name, bool is_public, struct stored *s)
{
	enum err err;

	if (bytes.p == NULL || bytes.n == 0)
		return req_fail(rq, ERR_INVALID, "file.empty", "", "the file is empty");
	if (bytes.n > FILE_MAX_BYTES)
		return req_fail(rq, ERR_LIMIT, "too_large", "", "a file has at most %d MB", FILE_MAX_BYTES >> 20);
	*s = (struct stored){ .rq = rq, .is_public = is_public, .size = bytes.n };
	err = sniff(bytes, &s->kind);
	if (err != OK)
		return err;
	if (s->kind == NULL || (is_public && s->kind->image < 0))
		return req_fail(rq, ERR_INVALID, "file.type", "", is_public
			? "send a photo: JPEG, PNG or WebP"
			: "allowed are JPEG, PNG, WebP, PDF, TXT, XLSX, DOCX and MP4");
	s->name = clean_name(rq->arena, name, s->kind->extension);
	if (s->name.p == NULL)
		return ERR_NOMEM;
	err = s->kind->image >= 0 ? store_image(rq, bytes, s) : store_content(rq->app, bytes, s->hash);
	return err != OK ? err : db_write(rq->app->db, put_tx, s);
}

enum err file_put(struct req *rq, struct str bytes, struct str name, bool is_public, int64_t *ret_id)
{
	struct stored s;
	enum err err = put(rq, bytes, name, is_public, &s);

	if (err == OK)
		*ret_id = s.id;
	return err;
}

/* ---- belonging to a matter ---- */

static enum err attach_one(struct req *rq, json_t *one, int64_t matter_id)
{
	int64_t id = NIL, changed = 0, by = rq->who != NULL ? rq->who->user_id : NIL;
	enum err err = OK;

	if (json_is_string(one))
		(void)str_i64((struct str){ json_string_value(one), json_string_length(one) }, &id);
	if (id != NIL)
		err = db_exec(rq->db, file_sql[Q_FILE_ATTACH],
			ARGS(I(matter_id), I(id), I(by), I(rq->now - MS_DAY)), &changed);
	if (err == OK && changed != 1)
		err = req_fail(rq, ERR_INVALID, "reference", "files",
			"a file is missing, or belongs to something else already");
	return err;
}

enum err file_attach(struct req *rq, struct str ids_json, int64_t matter_id)
{
	json_t *ids = NULL, *one;
	size_t i;
	int64_t n = 0;
	enum err err;

	if (ids_json.p == NULL)
		return OK;
	err = field_parse_json(ids_json, &ids, &rq->err);
	if (err != OK)
		return err;
	if (!json_is_array(ids))
		err = req_fail(rq, ERR_INVALID, "type", "files", "files is a list of ids");
	if (err == OK)
		err = db_int(rq->db, file_sql[Q_FILE_COUNT], ARGS(I(matter_id)), &n);
	if (err == OK && n + (int64_t)json_array_size(ids) > FILES_PER_OBJECT)
		err = req_fail(rq, ERR_LIMIT, "files", "files", "at most %d files", FILES_PER_OBJECT);
	json_array_foreach(ids, i, one) {
		if (err == OK)
			err = attach_one(rq, one, matter_id);
	}
	json_decref(ids);
	return err;
}

enum err file_list(struct req *rq, int64_t matter_id, struct jw *out)
{
	struct rows *r = db_query(rq->db, file_sql[Q_FILE_LIST], ARGS(I(matter_id)));

	jw_karr(out, "files");
	while (rows_next(r)) {
		jw_obj(out);
		jw_kid(out, "id", row_int_at(r, 0));
		jw_kstr(out, "name", row_str_at(r, 1));
		jw_kstr(out, "type", row_str_at(r, 2));
		jw_kint(out, "size", row_int_at(r, 3));
		jw_kbool(out, "thumb", row_str_at(r, 4).p != NULL);
		jw_end_obj(out);
	}
	jw_end_arr(out);
	return rows_close(r);
}

/* ---- routes ---- */

static const struct member file_member[] = {
	{ "id", F_ID },
	{ "name", F_STR },
	{ "type", F_STR },
	{ "size", F_INT },
	{ "thumb", F_BOOL, .help = "there is a small picture of it" },
};
const struct shape file_shape = { .name = "Attachment", MEMBERS(file_member) };

static enum err file_create(struct req *rq, struct jw *out)
{
	struct stored s;
	enum err err = put(rq, rq->body, req_query(rq, "name"), false, &s);

	if (err != OK)
		return err;
	rq->reply.status = 201;
	jw_obj(out);
	jw_kid(out, "id", s.id);
	jw_kstr(out, "name", s.name);
	jw_kz(out, "type", s.kind->type);
	jw_kint(out, "size", (int64_t)s.size);
	jw_kbool(out, "thumb", s.thumb_size > 0);
	jw_end_obj(out);
	return OK;
}

struct found {
	struct str hash, name, type, thumb;
	int64_t matter_id, created_by;
};

static enum err absent(struct req *rq)
{
	return req_fail(rq, ERR_NOT_FOUND, "not_found", "id", "there is no such file");
}

/* The row, if the matter it belongs to is in sight; before it belongs to one, only its maker's. */
static enum err find(struct req *rq, struct found *f)
{
	struct matter *m = ARENA_NEW(rq->arena, struct matter);
	int64_t id;
	enum err err = req_id(rq, "id", &id);

	if (err != OK)
		return err;
	struct rows *r = db_query(rq->db, file_sql[Q_FILE_GET], ARGS(I(id)));
	bool there = rows_next(r);

	if (there)
		*f = (struct found){
			.hash = str_dup(rq->arena, row_str_at(r, 0)),
			.name = str_dup(rq->arena, row_str_at(r, 1)),
			.type = str_dup(rq->arena, row_str_at(r, 2)),
			.thumb = str_dup(rq->arena, row_str_at(r, 4)),
			.matter_id = row_int_at(r, 5),
			.created_by = row_int_at(r, 6),
		};
	err = rows_close(r);
	if (err != OK)
		return err;
	if (!there || (f->matter_id == NIL && f->created_by != rq->who->user_id))
		return absent(rq);
	if (m == NULL || arena_failed(rq->arena))
		return ERR_NOMEM;
	err = f->matter_id != NIL ? matter_see(rq, f->matter_id, m) : OK;
	return err == ERR_NOT_FOUND ? absent(rq) : err;
}

static enum err send(struct req *rq, struct str hash, const char *type)
{
	char dir[PATH_BYTES], path[PATH_BYTES];
	const char *z = str_cstr(rq->arena, hash);
	struct stat st;

	if (z == NULL || !paths(rq->app, z, dir, path))
		return ERR_IO;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			close(fd);
		return req_fail(rq, ERR_IO, "file.lost", "", "the file's content cannot be read");
	}
	rq->reply.kind = REPLY_FILE;
	rq->reply.fd = fd;
	rq->reply.fd_size = (uint64_t)st.st_size;
	rq->reply.content_type = type;
	rq->reply.cache = "private, no-cache";
	rq->reply.etag = str_fmt(rq->arena, "\"%s\"", z);
	return OK;
}

static enum err file_read(struct req *rq, struct jw *out)
{
	struct found f;
	const char *type = NULL;
	enum err err = find(rq, &f);

	(void)out;
	if (err != OK)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (str_eqz(f.type, kinds[i].type))
			type = kinds[i].type;
	}
	/* Only pictures are shown in the page; all else is saved. */
	if (type == NULL || strcmp(type, "image/jpeg") != 0)
		rq->reply.filename = f.name;
	return send(rq, f.hash, type != NULL ? type : "application/octet-stream");
}

static enum err file_thumb(struct req *rq, struct jw *out)
{
	struct found f;
	enum err err = find(rq, &f);

	(void)out;
	if (err == OK && f.thumb.p == NULL)
		err = absent(rq);
	return err != OK ? err : send(rq, f.thumb, "image/jpeg");
}

static const struct param create_params[] = { { "name", F_STR, "the file's name" } };

static const struct route file_route[] = {
	{ .method = M_POST, .path = "/api/files", .perm = "file.write", .flags = ROUTE_RAW_BODY | ROUTE_NO_TX,
		.max_body = FILE_MAX_BYTES, .reply = &file_shape, .query = create_params, .nquery = ARRAY_LEN(create_params),
		.fn = file_create, .id = "createFile",
		.summary = "Upload; attach it by naming its id in an action within a day" },
	{ .method = M_GET, .path = "/api/files/{id}", .flags = ROUTE_SIGNED_IN | ROUTE_RAW_OUT,
		.fn = file_read, .id = "getFile", .summary = "The file itself" },
	{ .method = M_GET, .path = "/api/files/{id}/thumb", .flags = ROUTE_SIGNED_IN | ROUTE_RAW_OUT,
		.gives = "image/jpeg", .fn = file_thumb, .id = "getFileThumb", .summary = "A small picture of it" },
};

/* ---- clearing away ---- */

static enum err drop_content(const struct app *app, struct dbc *c, struct str hash)
{
	char dir[PATH_BYTES], path[PATH_BYTES], z[HASH_HEX];
	int64_t n;
	enum err err;

	if (hash.n != HASH_HEX - 1)
		return OK;
	memcpy(z, hash.p, hash.n);
	z[hash.n] = '\0';
	err = db_int(c, file_sql[Q_FILE_USED], ARGS(Z(z)), &n);
	if (err == OK && n == 0 && paths(app, z, dir, path))
		unlink(path);
	return err;
}

struct clearing {
	const struct app *app;
	struct arena *arena;
	int64_t before;
};

/* Content goes inside the transaction, where no new row can name it meanwhile; if the transaction
 * fails, rows of files that nobody wanted for a day are left without content until the next turn. */
static enum err clear_tx(struct dbc *c, void *arg)
{
	struct clearing *cl = arg;
	struct { int64_t id; struct str hash[2]; } v[ORPHANS];
	size_t n = 0;

	arena_reset(cl->arena);
	struct rows *r = db_query(c, file_sql[Q_FILE_ORPHANS], ARGS(I(cl->before)));

	for (; n < ORPHANS && rows_next(r); n++) {
		v[n].id = row_int_at(r, 0);
		v[n].hash[0] = str_dup(cl->arena, row_str_at(r, 1));
		v[n].hash[1] = str_dup(cl->arena, row_str_at(r, 2));
	}
	enum err err = rows_close(r);

	for (size_t i = 0; i < n && err == OK; i++)
		err = db_exec(c, file_sql[Q_FILE_DROP], ARGS(I(v[i].id)), NULL);
	for (size_t i = 0; i < n && err == OK; i++) {
		err = drop_content(cl->app, c, v[i].hash[0]);
		if (err == OK)
			err = drop_content(cl->app, c, v[i].hash[1]);
	}
	return err;
}

static enum err clear_orphans(struct app *app, struct dbc *reader, int64_t now)
{
	struct clearing cl = { .app = app, .before = now - MS_DAY, .arena = arena_new(1 << 20) };
	struct rows *r = db_query(reader, file_sql[Q_FILE_ORPHANS], ARGS(I(cl.before)));
	bool any = rows_next(r);
	enum err err = rows_close(r);

	if (cl.arena == NULL)
		err = ERR_NOMEM;
	if (err == OK && any)
		err = db_write(app->db, clear_tx, &cl);
	arena_free(cl.arena);
	return err;
}

static const struct job file_job[] = {
	{ .name = "files", .period_ms = 600000, .fn = clear_orphans },
};

const struct module file_module = {
	.name = "file",
	.route = file_route,
	.nroute = ARRAY_LEN(file_route),
	.job = file_job,
	.njob = ARRAY_LEN(file_job),
	.sql = file_sql,
	.nsql = Q_FILE_SQL_MAX,
};
