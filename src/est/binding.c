#include "est/binding.h"
#include "util/text.h"

/* 12 octets of tls-unique and 32 of tls-exporter, in base64. */
static bool
looks_like_one(const char *s)
{
	size_t n = strlen(s);

	if (n != 16 && n != 44)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strchr("+/=", s[i]) == NULL &&
		    !(s[i] >= '0' && s[i] <= '9') &&
		    !(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= 'A' && s[i] <= 'Z'))
			return false;
	return true;
}

static bool
is_the_connections(const char *s, const struct http_binding *binding)
{
	AUTO_BUF text = { 0 };

	base64_encode(bytes_of(binding->octets, binding->n), 0, &text);
	return bytes_equal_secret(bytes_str(s), buf_bytes(&text));
}

bool
est_binding_check(const struct csr *csr, const struct http_binding *binding,
    bool required, struct err *err)
{
	const char *password = csr->challenge_password;

	if (required && binding == NULL)
		return fail(err, ERR_REJECTED,
		    "this connection has no channel binding: TLS 1.2 without "
		    "an extended master secret, or a proxy in between");
	if (required && password == NULL)
		return fail(err, ERR_REJECTED,
		    "the CSR has no challengePassword, expected %s of this "
		    "connection in base64",
		    binding->kind == HTTP_BINDING_TLS_UNIQUE ? "tls-unique"
							     : "tls-exporter");
	/* RFC 7030 section 3.5: one that is there must be verified, required
	 * or not.  What cannot be one is another protocol's password. */
	if (password == NULL || (!required && !looks_like_one(password)))
		return true;
	if (binding == NULL || !is_the_connections(password, binding))
		return fail(err, ERR_REJECTED,
		    "the CSR's challengePassword is the channel binding of "
		    "another connection");
	return true;
}
