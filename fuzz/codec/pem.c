/* The reader comes to an end, and what it finds is written and found again. */
#include "codec/pem.h"
#include "require.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes rest = bytes_of(data, size), der, again, text;
	AUTO_ARENA *a = arena_new();
	size_t before;
	bool found;

	for (;;) {
		AUTO_BUF b = { 0 };

		before = rest.n;
		if (!pem_next(&rest, "CERTIFICATE", a, &found, &der, NULL) ||
		    !found)
			break;
		REQUIRE(rest.n < before && der.n > 0);
		REQUIRE(rest.p + rest.n == data + size);
		pem_put(&b, "CERTIFICATE", der);
		text = buf_bytes(&b);
		REQUIRE(
		    pem_next(&text, "CERTIFICATE", a, &found, &again, NULL));
		REQUIRE(found && text.n == 0 && bytes_equal(der, again));
	}
	return 0;
}
