#include <errno.h>
#include <unistd.h>
#include "crypto/digest.h"
#include "crypto/random.h"
#include "signer/journal.h"

#define SLOT_BODY (JOURNAL_SLOT - JOURNAL_CHECK)

static const char first_text[] = "chancery signer journal 1\n";
static const char record_mark[4] = "CSJ1";

static void
slot_check(const uint8_t before[JOURNAL_CHECK],
    const uint8_t slot[JOURNAL_SLOT], uint8_t out[JOURNAL_CHECK])
{
	uint8_t in[JOURNAL_CHECK + SLOT_BODY], digest[32];

	memcpy(in, before, JOURNAL_CHECK);
	memcpy(in + JOURNAL_CHECK, slot, SLOT_BODY);
	digest_sha256(bytes_of(in, sizeof(in)), digest);
	memcpy(out, digest, JOURNAL_CHECK);
}

static bool
slot_holds(
    const uint8_t before[JOURNAL_CHECK], const uint8_t slot[JOURNAL_SLOT])
{
	uint8_t check[JOURNAL_CHECK];

	slot_check(before, slot, check);
	return memcmp(check, slot + SLOT_BODY, JOURNAL_CHECK) == 0;
}

void
journal_slot_put(const struct journal_record *r,
    const uint8_t before[JOURNAL_CHECK], uint8_t slot[JOURNAL_SLOT])
{
	memset(slot, 0, JOURNAL_SLOT);
	memcpy(slot, record_mark, sizeof(record_mark));
	slot[4] = (uint8_t)r->kind;
	bytes_put_be(slot + 8, 8, r->position);
	bytes_put_be(slot + 16, 8, (uint64_t)r->at_us);
	memcpy(slot + 24, r->issuer, 32);
	memcpy(slot + 56, r->serial, SERIAL_SIZE);
	memcpy(slot + 80, r->tbs_sha256, 32);
	slot_check(before, slot, slot + SLOT_BODY);
}

bool
journal_slot_get(const uint8_t slot[JOURNAL_SLOT],
    const uint8_t before[JOURNAL_CHECK], struct journal_record *out)
{
	if (!slot_holds(before, slot) ||
	    memcmp(slot, record_mark, sizeof(record_mark)) != 0 ||
	    !signer_kind_is(slot[4]) || slot[4] == SIGN_OCSP)
		return false;
	out->kind = (enum signer_kind)slot[4];
	out->position = bytes_get_be(slot + 8, 8);
	out->at_us = (int64_t)bytes_get_be(slot + 16, 8);
	memcpy(out->issuer, slot + 24, 32);
	memcpy(out->serial, slot + 56, SERIAL_SIZE);
	memcpy(out->tbs_sha256, slot + 80, 32);
	return true;
}

void
journal_slot_first(uint8_t slot[JOURNAL_SLOT])
{
	static const uint8_t nothing[JOURNAL_CHECK];
	struct random r = random_system();

	memset(slot, 0, JOURNAL_SLOT);
	memcpy(slot, first_text, sizeof(first_text) - 1);
	/* So that records of one journal hold in no other. */
	random_fill(&r, slot + 64, 16);
	slot_check(nothing, slot, slot + SLOT_BODY);
}

bool
journal_slot_is_first(const uint8_t slot[JOURNAL_SLOT])
{
	static const uint8_t nothing[JOURNAL_CHECK];

	return memcmp(slot, first_text, sizeof(first_text) - 1) == 0 &&
	    slot_holds(nothing, slot);
}

/*
 * A record behind that holds by the check that stands before it was written
 * after the broken one was whole: damage.
 */
static bool
anything_holds(
    const uint8_t *tail, size_t slots, const uint8_t before[JOURNAL_CHECK])
{
	uint8_t check[JOURNAL_CHECK];

	slot_check(before, tail, check);
	for (size_t i = 1; i < slots; i++) {
		const uint8_t *slot = tail + i * JOURNAL_SLOT;

		if (slot_holds(slot - JOURNAL_CHECK, slot) ||
		    slot_holds(check, slot))
			return true;
		slot_check(check, slot, check);
	}
	return false;
}

bool
journal_tail_is_torn(int fd, uint64_t offset,
    const uint8_t before[JOURNAL_CHECK], bool *torn, struct err *err)
{
	uint8_t tail[(JOURNAL_BATCH + 1) * JOURNAL_SLOT];
	size_t have = 0;

	while (have < sizeof(tail)) {
		ssize_t n = pread(fd, tail + have, sizeof(tail) - have,
		    (off_t)(offset + have));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(
			    err, ERR_SYSTEM, "signer journal cannot be read");
		if (n == 0)
			break;
		have += (size_t)n;
	}
	*torn = have <= JOURNAL_BATCH * JOURNAL_SLOT &&
	    (have < JOURNAL_SLOT ||
		!anything_holds(tail, have / JOURNAL_SLOT, before));
	return true;
}
