/*
 * The shape of a JSON reply as data: const tables of members, nested where a member is an object. A route
 * names its shape; the OpenAPI document and the web's types are made from it, and the tests hold every
 * reply against it. A shape lists everything that may come: members that it does not name are an error.
 *
 *     static const struct member step[] = {
 *             { "at", F_TIME },
 *             { "state", F_ENUM, .vocab = &mstate_vocab, .null = true },
 *     };
 *     static const struct shape step_shape = { "Step", MEMBERS(step) };
 *     static const struct member follow[] = {
 *             { "no", F_STR },
 *             { "steps", .of = &step_shape, .list = 1 },
 *     };
 */
#ifndef GEZHI_HTTP_SHAPE_H
#define GEZHI_HTTP_SHAPE_H

#include "base/field.h"

struct shape;

struct member {
	const char *name;
	enum ftype type;	   /* of a value, where `of` is NULL; F_JSON: anything */
	const struct shape *of;	   /* an object */
	const struct vocab *vocab; /* words of an F_ENUM */
	bool null;		   /* may be null */
	bool maybe;		   /* may be absent */
	unsigned char list;	   /* 1: a list of such, 2: a list of lists */
	unsigned char n;	   /* length of the (inner) list where it is fixed */
	bool map;		   /* an object whose every member is such */
	const char *help;
};

/* Members of `base`, then of the field table, then its own; of two with one name the later counts. With a
 * name only: the shape of that name that the entity engine makes ("Place", "PlaceDetail"). */
struct shape {
	const char *name; /* of its schema, unique: "KpiFigure"; NULL: written where it is used */
	const struct member *v;
	size_t n;
	const struct shape *base;
	const struct fields *fields; /* what field_encode writes of them */
	const char *without;	     /* names in `fields` that are left out, separated by blanks */
	bool open;		     /* may have further members that no table knows */
};

#define MEMBERS(arr) .v = (arr), .n = ARRAY_LEN(arr)

#endif
