/*
 * JSON that we say: members are written one after the other, without a tree in
 * between.  Texts of our own that are JSON already (what the store keeps) go in
 * as they are.  A key is a literal that needs no escape; NULL inside an array.
 *
 *	struct json_out o = { 0 };
 *
 *	json_out_open(&o, NULL, '{');
 *	json_out_text(&o, "status", "valid");
 *	json_out_close(&o, '}');
 *	resp->body = json_out_pretty(&o, arena);
 */
#ifndef CODEC_JSON_OUT_H
#define CODEC_JSON_OUT_H

#include <jansson.h>
#include "util/arena.h"

struct json_out {
	struct buf text; /* compact; freed by json_out_pretty and _compact */
};

void json_out_open(struct json_out *o, const char *key, char bracket);
void json_out_close(struct json_out *o, char bracket);
/* Left out if s is NULL or not UTF-8. */
void json_out_text(struct json_out *o, const char *key, const char *s);
void json_out_int(struct json_out *o, const char *key, int64_t v);
void json_out_bool(struct json_out *o, const char *key, bool v);
/* JSON without line breaks, made by ourselves; left out if NULL. */
void json_out_raw(struct json_out *o, const char *key, const char *json);
void json_out_tree(struct json_out *o, const char *key, const json_t *v);
/* The same form as json_print. */
struct bytes json_out_pretty(struct json_out *o, struct arena *a);
/* One line; ends with a NUL that is not counted. */
struct bytes json_out_compact(struct json_out *o, struct arena *a);

#endif
