/*
 * Workbooks: opening. The archive, its limits, and the parts that are read whole: relations, the list of
 * sheets, the shared strings. Number formats are in xlsx_style.c, rows in xlsx_sheet.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xlsx_impl.h"

enum { RATIO_FROM = 1 << 20 };

const struct xlsx_limits xlsx_limits = {
	.packed = 100u << 20,
	.inflated = 512u << 20,
	.strings = 128u << 20,
	.ratio = 300,
	.entries = 4096,
};

/* In brackets, so that no macro of the analysers' takes its place. */
enum err (xlsx_fail)(struct xlsx *x, enum err err, const char *code, const char *fmt, ...)
{
	char text[sizeof(x->why.message)];
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (x->dead == OK) {
		x->dead = err;
		err_set(&x->why, err, code, "", "%s", text);
	}
	return x->dead;
}

const char *xlsx_local(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon != NULL ? colon + 1 : name;
}

const char *xlsx_attr(const char **atts, const char *name)
{
	for (size_t i = 0; i < XLSX_ATTRS && atts[2 * i] != NULL; i++) {
		if (strcmp(xlsx_local(atts[2 * i]), name) == 0)
			return atts[2 * i + 1];
	}
	return NULL;
}

/* ---- parts ---- */

enum err xlsx_part_open(struct xlsx *x, const char *path, struct xlsx_part *p)
{
	zip_stat_t st;

	*p = (struct xlsx_part){ .file = NULL };
	if (zip_stat(x->zip, path, 0, &st) != 0 || !(st.valid & ZIP_STAT_COMP_SIZE))
		return xlsx_fail(x, ERR_INVALID, "xlsx_part", "The workbook lacks its part %.80s.", path);
	p->packed = st.comp_size;
	p->file = zip_fopen(x->zip, path, 0);
	if (p->file == NULL)
		return xlsx_fail(x, ERR_INVALID, "xlsx_part", "The part %.80s of the workbook cannot be unpacked.",
				 path);
	return OK;
}

void xlsx_part_close(struct xlsx_part *p)
{
	if (p->file != NULL)
		zip_fclose(p->file);
	p->file = NULL;
}

enum err xlsx_part_read(struct xlsx *x, struct xlsx_part *p, void *to, size_t room, size_t *ret_n)
{
	zip_int64_t n = zip_fread(p->file, to, room);

	if (n < 0)
		return xlsx_fail(x, ERR_INVALID, "xlsx_broken",
				 "The workbook is damaged: a part of it cannot be unpacked.");
	p->n += (uint64_t)n;
	if (x->kept + p->n > x->limit.inflated)
		return xlsx_fail(x, ERR_LIMIT, "xlsx_inflated", "Unpacked, the workbook is larger than %llu MB.",
				 (unsigned long long)(x->limit.inflated >> 20));
	if (p->n > RATIO_FROM && p->n / x->limit.ratio > p->packed)
		return xlsx_fail(x, ERR_LIMIT, "xlsx_ratio",
				 "The workbook is packed more than %u times smaller than it is: that is no table.",
				 x->limit.ratio);
	*ret_n = (size_t)n;
	return OK;
}

static void XMLCALL refuse_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
				   int internal)
{
	struct xlsx *x = arg;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	xlsx_fail(x, ERR_INVALID, "xlsx_doctype", "The workbook declares a document type, which no spreadsheet does.");
	if (x->r.xml != NULL)
		XML_StopParser(x->r.xml, XML_FALSE);
}

XML_Parser xlsx_parser(struct xlsx *x)
{
	XML_Parser p = XML_ParserCreate(NULL);

	if (p == NULL)
		return NULL;
	XML_SetUserData(p, x);
	XML_SetStartDoctypeDeclHandler(p, refuse_doctype);
	XML_SetParamEntityParsing(p, XML_PARAM_ENTITY_PARSING_NEVER);
	return p;
}

enum err xlsx_xml_error(struct xlsx *x, XML_Parser xml, const char *part)
{
	if (x->dead != OK)
		return x->dead;
	if (XML_GetErrorCode(xml) == XML_ERROR_NO_MEMORY)
		return xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
	return xlsx_fail(x, ERR_INVALID, "xlsx_xml", "The workbook is damaged: %.60s, line %lu: %s.", part,
			 (unsigned long)XML_GetCurrentLineNumber(xml), XML_ErrorString(XML_GetErrorCode(xml)));
}

enum err xlsx_part_parse(struct xlsx *x, const char *path, XML_StartElementHandler start, XML_EndElementHandler end,
			 XML_CharacterDataHandler text)
{
	struct xlsx_part p;
	enum err err = xlsx_part_open(x, path, &p);
	size_t n = 1;

	if (err != OK)
		return err;
	x->r.xml = xlsx_parser(x);
	if (x->r.xml == NULL)
		err = xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
	else
		XML_SetElementHandler(x->r.xml, start, end);
	if (err == OK)
		XML_SetCharacterDataHandler(x->r.xml, text);
	x->r.depth = 0;
	x->r.silent = 0;
	while (err == OK && n > 0) {
		void *to = XML_GetBuffer(x->r.xml, XLSX_CHUNK);

		if (to == NULL) {
			err = xlsx_fail(x, ERR_NOMEM, "no_memory", "Out of memory.");
			break;
		}
		err = xlsx_part_read(x, &p, to, XLSX_CHUNK, &n);
		x->r.silent += n;
		if (err == OK && XML_ParseBuffer(x->r.xml, (int)n, n == 0) != XML_STATUS_OK)
			err = xlsx_xml_error(x, x->r.xml, path);
		if (err == OK && (x->dead != OK || x->r.silent > XLSX_SILENT))
			err = xlsx_fail(x, ERR_LIMIT, "xlsx_xml", "The workbook is damaged: an endless tag in %.60s.", path);
	}
	if (x->r.xml != NULL)
		XML_ParserFree(x->r.xml);
	x->r.xml = NULL;
	x->kept += p.n;
	xlsx_part_close(&p);
	return err;
}

void XMLCALL xlsx_on_end(void *arg, const XML_Char *name)
{
	struct xlsx *x = arg;

	(void)name;
	x->r.depth--;
	x->r.silent = 0;
}

/* ---- relations ---- */

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n >= k && strcmp(s + n - k, tail) == 0;
}

/* Target of a relation as a path in the archive: absolute, or from the folder of `from`. */
static bool resolve(const char *from, const char *target, char out[XLSX_PATH])
{
	const char *slash = strrchr(from, '/');
	int dir = slash != NULL ? (int)(slash - from) + 1 : 0, n;

	while (strncmp(target, "../", 3) == 0 && dir > 0) {
		target += 3;
		dir--;
		while (dir > 0 && from[dir - 1] != '/')
			dir--;
	}
	if (target[0] == '/')
		n = snprintf(out, XLSX_PATH, "%s", target + 1);
	else
		n = snprintf(out, XLSX_PATH, "%.*s%s", dir, from, target);
	return n > 0 && n < XLSX_PATH;
}

static void XMLCALL on_root_relation(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xlsx *x = arg;
	const char *type, *target;

	x->r.depth++;
	x->r.silent = 0;
	if (strcmp(xlsx_local(name), "Relationship") != 0)
		return;
	type = xlsx_attr(atts, "Type");
	target = xlsx_attr(atts, "Target");
	if (type != NULL && target != NULL && ends_with(type, "/officeDocument") && !resolve("", target, x->workbook))
		x->workbook[0] = '\0';
}

static void XMLCALL on_relation(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xlsx *x = arg;
	const char *type, *target, *id;
	char path[XLSX_PATH];

	x->r.depth++;
	x->r.silent = 0;
	if (strcmp(xlsx_local(name), "Relationship") != 0)
		return;
	type = xlsx_attr(atts, "Type");
	target = xlsx_attr(atts, "Target");
	id = xlsx_attr(atts, "Id");
	if (type == NULL || target == NULL || !resolve(x->workbook, target, path))
		return;
	if (ends_with(type, "/sharedStrings"))
		memcpy(x->strings_path, path, sizeof(path));
	if (ends_with(type, "/styles"))
		memcpy(x->styles_path, path, sizeof(path));
	for (size_t i = 0; id != NULL && i < x->nsheet && ends_with(type, "/worksheet"); i++) {
		if (strcmp(x->sheet[i].id, id) == 0)
			memcpy(x->sheet[i].path, path, sizeof(path));
	}
}

static void XMLCALL on_workbook(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xlsx *x = arg;
	const char *local = xlsx_local(name);

	x->r.depth++;
	x->r.silent = 0;
	if (strcmp(local, "workbookPr") == 0) {
		const char *v = xlsx_attr(atts, "date1904");

		x->date1904 = v != NULL && (strcmp(v, "1") == 0 || strcmp(v, "true") == 0);
	}
	if (strcmp(local, "sheet") != 0)
		return;
	if (x->nsheet == XLSX_SHEETS) {
		xlsx_fail(x, ERR_LIMIT, "xlsx_sheets", "The workbook has more than %d sheets.", XLSX_SHEETS);
		XML_StopParser(x->r.xml, XML_FALSE);
		return;
	}
	const char *title = xlsx_attr(atts, "name"), *id = xlsx_attr(atts, "id"), *state = xlsx_attr(atts, "state");

	snprintf(x->sheet[x->nsheet].name, XLSX_NAME, "%.120s", title != NULL ? title : "");
	snprintf(x->sheet[x->nsheet].id, sizeof(x->sheet[0].id), "%.60s", id != NULL ? id : "");
	x->sheet[x->nsheet++].hidden = state != NULL && strcmp(state, "visible") != 0;
}

/* Sheets that are no tables (charts) have no path and are dropped. */
static void drop_charts(struct xlsx *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->nsheet; i++) {
		if (x->sheet[i].path[0] != '\0')
			x->sheet[n++] = x->sheet[i];
	}
	x->nsheet = n;
}

static enum err read_workbook(struct xlsx *x)
{
	char rels[XLSX_PATH + 16];
	const char *slash;
	enum err err = xlsx_part_parse(x, "_rels/.rels", on_root_relation, xlsx_on_end, NULL);

	if (err == OK && x->workbook[0] == '\0')
		return xlsx_fail(x, ERR_INVALID, "xlsx_not", "The file is no workbook.");
	if (err == OK)
		err = xlsx_part_parse(x, x->workbook, on_workbook, xlsx_on_end, NULL);
	if (err != OK)
		return err;
	slash = strrchr(x->workbook, '/');
	int dir = slash != NULL ? (int)(slash - x->workbook) + 1 : 0;

	snprintf(rels, sizeof(rels), "%.*s_rels/%s.rels", dir, x->workbook, x->workbook + dir);
	err = xlsx_part_parse(x, rels, on_relation, xlsx_on_end, NULL);
	drop_charts(x);
	if (err == OK && x->nsheet == 0)
		return xlsx_fail(x, ERR_INVALID, "xlsx_not", "The workbook has no sheet with a table.");
	return err;
}

/* ---- shared strings ---- */

/* "_x000D_" stands for a control character, "_x005F_" for the underscore of such a text. */
size_t xlsx_unescape(char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned v = 0, digits = 0;

		while (n - i >= 7 && p[i] == '_' && p[i + 1] == 'x' && digits < 4) {
			char c = p[i + 2 + digits];

			if (c >= '0' && c <= '9')
				v = v * 16 + (unsigned)(c - '0');
			else if ((c | 32) >= 'a' && (c | 32) <= 'f')
				v = v * 16 + (unsigned)((c | 32) - 'a') + 10;
			else
				break;
			digits++;
		}
		if (digits < 4 || p[i + 6] != '_' || v >= 0x80) {
			p[to++] = p[i];
			continue;
		}
		i += 6;
		if (v >= 0x20 || v == '\t' || v == '\n' || v == '\r')
			p[to++] = (char)v;
	}
	return to;
}

static void XMLCALL on_string(void *arg, const XML_Char *name, const XML_Char **atts)
{
	struct xlsx *x = arg;
	const char *local = xlsx_local(name);

	(void)atts;
	x->r.depth++;
	x->r.silent = 0;
	if (x->r.depth > XLSX_DEPTH) {
		xlsx_fail(x, ERR_LIMIT, "xlsx_xml", "The workbook's XML is nested too deeply.");
		XML_StopParser(x->r.xml, XML_FALSE);
	}
	if (strcmp(local, "rPh") == 0)
		x->r.phonetic = true;
	else if (strcmp(local, "t") == 0)
		x->r.takes = !x->r.phonetic;
}

static bool add_string(struct xlsx *x)
{
	size_t from = x->nstring > 0 ? x->string_end[x->nstring - 1] : 0;

	if (x->nstring == x->cap_string) {
		size_t cap = x->cap_string > 0 ? x->cap_string * 2 : 1024;
		size_t *p = realloc(x->string_end, cap * sizeof(*p));

		if (p == NULL)
			return false;
		x->string_end = p;
		x->cap_string = cap;
	}
	if (x->strings.n > from)
		x->strings.n = from + xlsx_unescape(x->strings.p + from, x->strings.n - from);
	x->string_end[x->nstring++] = x->strings.n;
	return true;
}

static void XMLCALL on_string_end(void *arg, const XML_Char *name)
{
	struct xlsx *x = arg;
	const char *local = xlsx_local(name);

	xlsx_on_end(arg, name);
	if (strcmp(local, "t") == 0)
		x->r.takes = false;
	else if (strcmp(local, "rPh") == 0)
		x->r.phonetic = false;
	if (strcmp(local, "si") != 0)
		return;
	bool many = x->nstring == XLSX_STRINGS;

	if (many || x->strings.failed || !add_string(x)) {
		bool large = many || x->strings.n > x->limit.strings / 2;

		xlsx_fail(x, large ? ERR_LIMIT : ERR_NOMEM, "xlsx_strings",
			  large ? "The workbook has more text than %llu MB." : "Out of memory (%llu MB are allowed).",
			  (unsigned long long)(x->limit.strings >> 20));
		XML_StopParser(x->r.xml, XML_FALSE);
	}
}

static void XMLCALL on_string_text(void *arg, const XML_Char *s, int n)
{
	struct xlsx *x = arg;

	x->r.silent = 0;
	if (x->r.takes && n > 0)
		buf_put(&x->strings, s, (size_t)n);
}

/* ---- opening ---- */

bool xlsx_maybe(struct str data)
{
	return data.n > 4 && (memcmp(data.p, "PK\3\4", 4) == 0 || memcmp(data.p, "\xD0\xCF\x11\xE0", 4) == 0);
}

static enum err open_zip(struct xlsx *x, struct str data)
{
	zip_error_t ze;
	zip_source_t *src;
	zip_int64_t n;

	if (data.n >= 4 && memcmp(data.p, "\xD0\xCF\x11\xE0", 4) == 0)
		return xlsx_fail(x, ERR_INVALID, "xlsx_not",
				 "The file is an .xls or locked with a password: save it as .xlsx without one.");
	if (data.n > x->limit.packed)
		return xlsx_fail(x, ERR_LIMIT, "xlsx_packed", "The file is larger than %llu MB.",
				 (unsigned long long)(x->limit.packed >> 20));
	zip_error_init(&ze);
	src = zip_source_buffer_create(data.p, data.n, 0, &ze);
	if (src != NULL)
		x->zip = zip_open_from_source(src, ZIP_RDONLY, &ze);
	if (x->zip == NULL && src != NULL)
		zip_source_free(src);
	zip_error_fini(&ze);
	if (x->zip == NULL)
		return xlsx_fail(x, ERR_INVALID, "xlsx_broken", "The workbook is damaged or cut off: it cannot be unpacked.");
	n = zip_get_num_entries(x->zip, 0);
	if (n < 0 || (uint64_t)n > x->limit.entries)
		return xlsx_fail(x, ERR_LIMIT, "xlsx_entries", "The workbook has more than %u parts.", x->limit.entries);
	return OK;
}

/* What the archive says of itself; what comes out is counted as well. */
static enum err check_sizes(struct xlsx *x)
{
	zip_int64_t n = zip_get_num_entries(x->zip, 0);
	uint64_t all = 0;

	for (zip_int64_t i = 0; i < n; i++) {
		zip_stat_t st;

		if (zip_stat_index(x->zip, (zip_uint64_t)i, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE))
			continue;
		if (st.size > x->limit.inflated || all + st.size > x->limit.inflated)
			return xlsx_fail(x, ERR_LIMIT, "xlsx_inflated", "Unpacked, the workbook is larger than %llu MB.",
					 (unsigned long long)(x->limit.inflated >> 20));
		all += st.size;
	}
	return OK;
}

static enum err open_parts(struct xlsx *x, struct str data)
{
	enum err err = open_zip(x, data);

	if (err == OK)
		err = check_sizes(x);
	if (err == OK)
		err = read_workbook(x);
	if (err == OK && x->strings_path[0] != '\0')
		err = xlsx_part_parse(x, x->strings_path, on_string, on_string_end, on_string_text);
	if (err == OK && x->styles_path[0] != '\0')
		err = xlsx_read_styles(x);
	return err;
}

enum err xlsx_open(struct xlsx **ret, struct str data, const struct xlsx_limits *limits, struct error *e)
{
	struct xlsx *x = calloc(1, sizeof(*x));
	enum err err;

	if (x == NULL)
		return err_set(e, ERR_NOMEM, "no_memory", "", "Out of memory.");
	x->limit = limits != NULL ? *limits : xlsx_limits;
	buf_init(&x->strings, x->limit.strings);
	buf_init(&x->r.text, XLSX_ROW);
	buf_init(&x->r.value, XLSX_CELL);
	err = open_parts(x, data);
	if (err != OK) {
		if (e != NULL)
			*e = x->why;
		xlsx_close(x);
		return err;
	}
	*ret = x;
	return OK;
}

void xlsx_close(struct xlsx *x)
{
	if (x == NULL)
		return;
	xlsx_reading_end(x);
	buf_release(&x->strings);
	buf_release(&x->r.text);
	buf_release(&x->r.value);
	free(x->string_end);
	free(x->style);
	free(x->format);
	free(x->area);
	if (x->zip != NULL)
		zip_discard(x->zip);
	free(x);
}

size_t xlsx_sheets(const struct xlsx *x)
{
	return x->nsheet;
}

const char *xlsx_sheet_name(const struct xlsx *x, size_t i)
{
	return i < x->nsheet ? x->sheet[i].name : "";
}

bool xlsx_sheet_hidden(const struct xlsx *x, size_t i)
{
	return i < x->nsheet && x->sheet[i].hidden;
}
