/*
 * What EST reads out of a CSR, DER: attributes for the keys that are made for
 * clients, new names, the channel binding; and csrattrs made for a profile that
 * the input draws.  Asserts: each decides or says why not; a recipient is one
 * that was offered; csrattrs are DER whatever the profile is.
 */
#undef NDEBUG
#include <assert.h>
#include "est/binding.h"
#include "est/csrattrs.h"
#include "est/key_wrap.h"
#include "est/reenroll.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_csrattrs(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = { "ec-p256", "ec-p384", "ec-p521",
		"rsa", "ed25519" };
	static const char *ekus[] = { "1.3.6.1.5.5.7.3.2",
		"1.3.6.1.5.5.7.3.28" };
	const char *key = kinds[data[0] % COUNT_OF(kinds)];
	char organization[65] = { 0 };
	struct profile p = { .t = { .keys = { &key, 1 },
				 .rsa_min_bits = 2048 + data[0] % 8 * 256 },
		.key_usage = data[0],
		.eku = { ekus, size % 3 },
		.subject_cn = (enum subject_cn)(size % 3) };
	AUTO_BUF der = { 0 };

	for (size_t i = 0; i + 1 < sizeof(organization) && i < size; i++)
		organization[i] = (char)(' ' + data[i] % 90);
	p.t.subject_organization = size % 2 == 0 ? organization : NULL;
	est_csrattrs_put(&der, &p, size % 5 == 0);
	assert(der_check(buf_bytes(&der)));
}

static void
check_wrap(const struct csr *csr)
{
	static const uint8_t octets[16] = { 1 };
	struct named_key key = { bytes_str("plant"), bytes_of(octets, 16) };
	const struct config_est_label config = { .name = "fuzz" };
	const struct est_label label = { .config = &config,
		.keys = { &key, 1 } };
	struct key_wrap wrap;
	struct err err = { 0 };

	if (!est_key_wrap_decide(csr, &label, NULL, &wrap, &err))
		assert(err.shown[0] != '\0');
	else if (wrap.asked)
		assert(wrap.to.key.p == key.key.p);
	else
		assert(wrap.to.key.n == 0 && wrap.to.certificate.n == 0);
}

static void
check_rest(const struct csr *csr, struct arena *a)
{
	const struct http_binding binding = { .kind = HTTP_BINDING_TLS_UNIQUE,
		.n = 12 };
	struct name_change change;
	struct err err = { 0 };

	if (!est_name_change_read(csr, a, &change, &err))
		assert(err.shown[0] != '\0');
	err_clear(&err);
	/* No connection of ours is all zeros in a CSR of somebody's. */
	if (est_binding_check(csr, &binding, true, &err))
		assert(
		    strcmp(csr->challenge_password, "AAAAAAAAAAAAAAAA") == 0);
	assert(subject_equal(a, csr->subject, csr->subject));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_ARENA *a = arena_new();
	struct err err = { 0 };
	struct csr csr;

	if (size == 0)
		return 0;
	check_csrattrs(data, size);
	if (!csr_parse(bytes_of(data, size), a, &csr, &err))
		return 0;
	check_wrap(&csr);
	check_rest(&csr, a);
	return 0;
}
