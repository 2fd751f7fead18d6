#include "codec/cert.h"
#include "codec/pem.h"
#include "main/testing.h"

static bool
is_testing(
    const struct state *s, const char *path, bool *testing, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct bytes pem, der;
	struct cert cert;
	bool found;

	if (!state_read(s, path, CERT_MAX, a, &pem, err) ||
	    !pem_next(&pem, "CERTIFICATE", a, &found, &der, err))
		return false;
	if (!found)
		return fail(err, ERR_CONFIG, "%s holds no certificate", path);
	if (!cert_parse(der, a, &cert, err))
		return false;
	*testing = strstr(subject_text(a, cert.subject), TESTING_UNIT) != NULL;
	return true;
}

bool
testing_check(const struct state *s, const struct config *c, struct err *err)
{
	for (size_t i = 0; i < c->cas_n; i++) {
		bool testing;

		if (!is_testing(s, c->cas[i].certificate, &testing, err))
			return false;
		if (!testing)
			return fail(err, ERR_CONFIG,
			    "serve --testing: the CA %s was not made by "
			    "chancery init --testing; leave --testing away, "
			    "or make a test CA in another directory",
			    c->cas[i].name);
	}
	return true;
}
