#include "codec/certs.h"
#include "codec/pem.h"

bool
certs_parse(struct bytes pem, const char *path, bool cas, struct arena *a,
    const struct cert **out, size_t *out_n, struct err *err)
{
	struct cert *v = arena_array(a, CERTS_FILE_MAX, sizeof(*v));
	size_t n = 0;

	for (;; n++) {
		struct err why = { 0 };
		struct bytes der;
		bool found;

		if (!pem_next(&pem, "CERTIFICATE", a, &found, &der, &why))
			return fail(err, ERR_CONFIG, "%s: %s", path, why.shown);
		if (!found)
			break;
		if (n == CERTS_FILE_MAX)
			return fail(err, ERR_CONFIG,
			    "%s has more than %u certificates", path,
			    CERTS_FILE_MAX);
		if (!cert_parse(der, a, &v[n], &why))
			return fail(err, ERR_CONFIG, "%s: certificate %zu: %s",
			    path, n + 1, why.shown);
		if (cas && v[n].has_basic_constraints && !v[n].is_ca)
			return fail(err, ERR_CONFIG,
			    "%s: certificate %zu is no CA's, expected the CAs "
			    "that issued the client certificates",
			    path, n + 1);
	}
	if (n == 0)
		return fail(
		    err, ERR_CONFIG, "%s has no certificate in PEM", path);
	*out = v;
	*out_n = n;
	return true;
}
