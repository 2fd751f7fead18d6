#include "est/keygen.h"

struct turns *
keygen_turns_new(void)
{
	return turns_new(turns_half_of_the_cores(), KEYGEN_WAITING_MAX);
}

bool
keygen_run(struct turns *t, enum key_alg alg, unsigned rsa_bits,
    struct privkey **out, struct err *err)
{
	bool ok;

	if (!turns_enter(t))
		return fail(err, ERR_BUSY, "too many keys are being made");
	ok = privkey_generate(alg, rsa_bits, out, err);
	turns_leave(t);
	return ok;
}
