/*
 * A DNS message: whatever is taken has whole records within the caps, and every
 * alias and CAA record can be told in printable text.
 */
#undef NDEBUG
#include <assert.h>
#include "net/dns_message.h"
#include "util/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_TXT,
		DNS_CAA };

	for (size_t t = 0; t < COUNT_OF(types); t++) {
		AUTO_ARENA *arena = arena_new();
		struct dns_answer a;
		struct err err = { 0 };

		if (!dns_answer_parse(
			bytes_of(data, size), types[t], arena, &a, &err)) {
			assert(err.kind == ERR_DNS);
			continue;
		}
		assert(a.rdata_n <= DNS_MAX_RECORDS && a.rdata_n <= a.found &&
		    a.chain_n <= DNS_MAX_CHAIN && a.rcode < 16);
		for (size_t i = 0; i < a.chain_n; i++)
			assert(text_is_ascii_printable(bytes_str(a.chain[i])));
		for (size_t i = 0; i < a.rdata_n; i++) {
			assert(a.rdata[i].n <= size);
			assert(types[t] != DNS_A || a.rdata[i].n == 4);
			assert(types[t] != DNS_AAAA || a.rdata[i].n == 16);
			assert(text_is_ascii_printable(
			    bytes_str(dns_caa_text(a.rdata[i], arena))));
		}
	}
	return 0;
}
