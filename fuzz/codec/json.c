/* What is parsed and printed reads the same again. */
#include "codec/json.h"
#include "require.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	json_t *o, *pretty, *compact;
	struct err err = { 0 };
	const char *s;

	if (!json_parse_object(bytes_of(data, size), a, &o, &err)) {
		REQUIRE(err.kind == ERR_MALFORMED || err.kind == ERR_TOO_LARGE);
		return 0;
	}
	REQUIRE(json_is_object(o));
	REQUIRE(json_parse_object(json_print(o, a), a, &pretty, NULL));
	REQUIRE(json_parse_object(json_print_compact(o, a), a, &compact, NULL));
	REQUIRE(json_equal(o, pretty) && json_equal(o, compact));
	if (json_get_string(o, "a", &s, NULL))
		REQUIRE(
		    strcmp(s, json_string_value(json_object_get(o, "a"))) == 0);
	return 0;
}
