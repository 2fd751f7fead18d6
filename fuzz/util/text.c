/*
 * The strict decoders of util: what they accept is encoded again to the same
 * text (so no value has two forms), and any bytes survive a round trip.
 */
#include <stdlib.h>
#include "util/text.h"
#include "util/times.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool ok)
{
	if (!ok)
		abort();
}

static void
try_base64(struct bytes in, struct arena *a)
{
	AUTO_BUF text = { 0 };
	struct err err = { 0 };
	struct bytes out;

	if (base64url_decode(in, a, &out, &err))
		must(bytes_is(in, base64url_arena(a, out)));
	else
		must(err.kind == ERR_MALFORMED && err.shown[0] != '\0');
	err_clear(&err);
	if (base64_decode(in, a, &out, &err)) {
		base64_encode(out, 0, &text);
		must(text.n <= in.n);
	}
	err_clear(&err);
	text.n = 0;
	base64_encode(in, 64, &text);
	must(base64_decode(buf_bytes(&text), a, &out, &err));
	must(bytes_equal(out, in));
	must(
	    base64url_decode(bytes_str(base64url_arena(a, in)), a, &out, &err));
	must(bytes_equal(out, in));
	must(hex_decode(hex_arena(a, in), a, &out, &err));
	must(bytes_equal(out, in));
}

static void
try_times(struct bytes in, const char *s)
{
	char text[32], asn1[TIME_ASN1_SIZE], http[TIME_HTTP_SIZE];
	struct err err = { 0 };
	int64_t t, again;

	if (time_parse_generalized(in, &t)) {
		time_format_generalized(t, asn1);
		must(bytes_is(in, asn1));
	}
	if (time_parse_utctime(in, &t)) {
		time_format_utctime(t, asn1);
		must(bytes_is(in, asn1));
	}
	if (time_parse_http(s, &t)) {
		/* The weekday may be wrong; the moment may not. */
		time_format_http(t, http);
		must(time_parse_http(http, &again) && again == t);
	}
	if (duration_parse(s, &t, &err)) {
		duration_format(t, text);
		must(duration_parse(text, &again, &err) && again == t);
	}
	err_clear(&err);
	if (time_parse_rfc3339(s, &t, &err) && t >= -62167219200 &&
	    t <= 253402300799) {
		time_format_rfc3339(t, text);
		must(time_parse_rfc3339(text, &again, &err) && again == t);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct bytes in = bytes_of(data, size);
	const char *s = arena_str(a, in);
	struct err err = { 0 };

	try_base64(in, a);
	try_times(in, s);
	(void)fail(&err, ERR_MALFORMED, "%s", s);
	must(text_is_utf8(bytes_str(err.shown)));
	must(text_distance(s, s) == 0 || strlen(s) > 64);
	must(text_match("*", s));
	return 0;
}
