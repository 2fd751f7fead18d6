/*
 * Encodings of bytes as text, and small string work.  Strict: a decoder takes
 * the whole input or fails.
 */
#ifndef UTIL_TEXT_H
#define UTIL_TEXT_H

#include "util/arena.h"

/* RFC 4648 section 5, no padding.  Encoders append. */
void base64url_encode(struct bytes in, struct buf *out);
char *base64url_arena(struct arena *a, struct bytes in);
/*
 * Decodes strictly: only the alphabet, no padding, no white space, unused bits
 * zero.  The result lies in the arena.
 */
bool base64url_decode(struct bytes in, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;
/* As base64url_decode, but trailing '=' is tolerated (reference rule 29). */
bool base64url_decode_padded(struct bytes in, struct arena *a,
    struct bytes *out, struct err *err) MUST_CHECK;
/* RFC 4648 section 4 with padding; wrap is the line length, 0 for one line. */
void base64_encode(struct bytes in, unsigned wrap, struct buf *out);
/* Accepts white space between characters; padding required. */
bool base64_decode(struct bytes in, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;

/* Lower-case hex; out gets 2n + 1 characters. */
void hex_encode(struct bytes in, char *out);
char *hex_arena(struct arena *a, struct bytes in);
/* 0 to 15, either case; -1 for what is no hex digit. */
int hex_digit(int c);
/* Either case, colons between octets allowed. */
bool hex_decode(const char *s, struct arena *a, struct bytes *out,
    struct err *err) MUST_CHECK;

bool text_is_ascii_printable(struct bytes s);
bool text_is_utf8(struct bytes s);
/* In place: control characters and octets that are not UTF-8 become '?'. */
void text_make_printable(char *s);
/* ASCII only, independent of the locale. */
void text_lower(char *s);
bool text_equal_nocase(const char *a, const char *b);
bool text_has_suffix(const char *s, const char *suffix);
/* Damerau-Levenshtein distance, for "did you mean". */
unsigned text_distance(const char *a, const char *b);
/* Shell-like pattern with * and ?, case-insensitive. */
bool text_match(const char *pattern, const char *s);
/* Decimal number in [min, max], the whole string. */
bool text_parse_int(const char *s, int64_t min, int64_t max, int64_t *out,
    struct err *err) MUST_CHECK;

#endif
