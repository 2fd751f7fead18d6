/* A hosts file: every entry that is found has a whole address. */
#undef NDEBUG
#include <assert.h>
#include "net/hosts_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *arena = arena_new();
	struct hosts *h = hosts_parse(bytes_of(data, size), arena);
	struct probe_address v[4], again;
	size_t n = hosts_find(h, "localhost", v, COUNT_OF(v));

	assert(n <= COUNT_OF(v) && n <= hosts_count(h));
	for (size_t i = 0; i < n; i++) {
		assert(probe_address_parse(v[i].text, &again));
		assert(memcmp(&again, &v[i], sizeof(again)) == 0);
	}
	/* An entry needs an address, a blank and a name. */
	assert(hosts_count(h) <= size / 2);
	return 0;
}
