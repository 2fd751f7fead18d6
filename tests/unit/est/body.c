/* Base64 in every form that is taken gives the same octets. */
#include "support/unit.h"
#include "est/body.h"

static void
what_is_written_is_read(void **state)
{
	AUTO_ARENA *a = arena_new();
	uint8_t octets[300];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 7);
	for (size_t n = 1; n < sizeof(octets); n++) {
		for (int lines = 0; lines < 2; lines++) {
			AUTO_BUF text = { 0 };
			struct err err = { 0 };
			struct bytes der;
			bool wrapped;

			est_body_encode(bytes_of(octets, n), lines == 1, &text);
			assert_true(est_body_decode(
			    buf_bytes(&text), a, &der, &wrapped, &err));
			assert_true(bytes_equal(der, bytes_of(octets, n)));
			assert_int_equal(wrapped, lines == 1 && n > 48);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
