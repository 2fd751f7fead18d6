/*
 * A validity that was asked for is within its bounds, and asked for again in
 * hours, either way round, it is the same.
 */
#include "codec/oid.h"
#include "codec/validity_asked.h"
#include "require.h"

static void
text_put(struct buf *b, const char *text)
{
	size_t mark = der_open(b, DER_BMP_STRING);

	for (; *text != '\0'; text++) {
		buf_add_byte(b, 0);
		buf_add_byte(b, (uint8_t)*text);
	}
	der_close(b, mark);
}

static void
pair_put(struct buf *b, const char *name, const char *value)
{
	size_t mark = der_open(b, DER_SEQUENCE);

	text_put(b, name);
	text_put(b, value);
	der_close(b, mark);
}

static void
again(const char *period, const char *units, int64_t want, struct arena *a)
{
	AUTO_BUF b = { 0 };
	size_t attribute = der_open(&b, DER_SEQUENCE), set;
	int64_t seconds;

	oid_put(&b, OID(MS_NAME_VALUE_PAIR));
	set = der_open(&b, DER_SET);
	pair_put(&b, "ValidityPeriod", period);
	pair_put(&b, "ValidityPeriodUnits", units);
	der_close(&b, set);
	der_close(&b, attribute);
	REQUIRE(validity_asked_parse(buf_bytes(&b), a, &seconds, NULL));
	REQUIRE(seconds == want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	int64_t seconds = -1;
	const char *hours;

	if (!validity_asked_parse(bytes_of(data, size), a, &seconds, &err)) {
		REQUIRE(err.kind == ERR_BAD_CSR && seconds == -1);
		return 0;
	}
	REQUIRE(seconds >= 0 && seconds <= VALIDITY_ASKED_MAX);
	if (seconds == 0)
		return 0;
	REQUIRE(seconds % 3600 == 0);
	hours = arena_printf(a, "%lld", (long long)(seconds / 3600));
	again("Hours", hours, seconds, a);
	again(hours, "Hours", seconds, a);
	return 0;
}
