#include <crypt.h>
#include <stdlib.h>

#include "crypto/password.h"
#include "util/secret.h"

bool
password_hash_is_good(const char *hash)
{
	/* sha256crypt, sha512crypt, bcrypt, yescrypt, gost-yescrypt, scrypt:
	 * neither DES nor MD5, which fall to a search. */
	static const char *const prefixes[] = { "$5$", "$6$", "$2a$", "$2b$",
		"$2y$", "$y$", "$gy$", "$7$" };
	size_t n = strlen(hash);

	if (n < 20 || n > PASSWORD_HASH_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (hash[i] < '!' || hash[i] > '~')
			return false;
	for (size_t i = 0; i < COUNT_OF(prefixes); i++)
		if (strncmp(hash, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

bool
password_check(const char *hash, struct bytes password)
{
	struct crypt_data *d;
	char text[PASSWORD_MAX + 1];
	const char *made;
	bool same = false;

	if (password.n > PASSWORD_MAX ||
	    (password.n > 0 && memchr(password.p, 0, password.n) != NULL))
		return false;
	if (password.n > 0)
		memcpy(text, password.p, password.n);
	text[password.n] = '\0';
	d = mem_alloc(sizeof(*d));
	made = crypt_r(text, hash, d);
	/* A failure is NULL or begins with an asterisk, which no hash does. */
	if (made != NULL)
		same = bytes_equal_secret(bytes_str(made), bytes_str(hash));
	secret_wipe(text, sizeof(text));
	secret_wipe(d, sizeof(*d));
	free(d);
	return same;
}
