#include <ctype.h>
#include "ca/approval.h"
#include "ca/issue.h"
#include "util/text.h"

/* ---- submitting ---- */

static const char *
names_sorted_text(struct names names, struct arena *a)
{
	return issuance_names_text(names_sorted(a, names), a);
}

static bool
text_check(const char *what, const char *text, struct err *err)
{
	size_t n = text == NULL ? 0 : strlen(text);

	if (n > APPROVAL_TEXT_MAX)
		return fail(err, ERR_TOO_LARGE,
		    "the %s has %zu octets, at most %u", what, n,
		    APPROVAL_TEXT_MAX);
	if (n > 0 && !text_is_utf8(bytes_of(text, n)))
		return fail(err, ERR_MALFORMED, "the %s is not UTF-8", what);
	return true;
}

static bool
request_check_form(const struct approval_request *req, struct err *err)
{
	if (req->lifetime <= 0 || req->lifetime > APPROVAL_LIFETIME_MAX)
		return fail(err, ERR_INTERNAL,
		    "a request cannot wait for %lld seconds",
		    (long long)req->lifetime);
	return text_check("requester", req->requester, err) &&
	    text_check("transaction", req->transaction, err);
}

static bool
request_row(struct ca *ca, const struct approval_request *req, struct arena *a,
    struct approval *out, struct err *err)
{
	int64_t now = ca_now(ca);
	struct approval row = { .state = APPROVAL_PENDING,
		.protocol = req->protocol,
		.label = req->label,
		.profile = req->profile,
		.requester = req->requester,
		.transaction = req->transaction,
		.subject = req->subject == NULL ? "" : req->subject,
		.names = names_sorted_text(req->names, a),
		.csr = req->csr,
		.created_at = now,
		.expires_at = now + req->lifetime };
	struct csr csr;

	if (!csr_parse(req->csr, a, &csr, err))
		return false;
	digest_sha256(req->csr, row.request_sha256);
	digest_sha256(csr.spki, row.spki_sha256);
	*out = row;
	return true;
}

bool
ca_approval_submit(struct ca *ca, const struct approval_request *req,
    struct arena *a, struct approval *out, struct err *err)
{
	static const struct approval_limits limits = {
		.pending = APPROVAL_PENDING_MAX,
		.of_requester = APPROVAL_OF_REQUESTER_MAX,
	};
	struct store *store = ca->deps.store;
	char *new_id = arena_alloc(a, OBJECT_ID_SIZE);
	struct err why = { 0 };
	struct approval row;
	const char *id;

	if (!request_check_form(req, err) ||
	    !request_row(ca, req, a, &row, err))
		return false;
	/* Clients come again and again: asking costs no commit. */
	if (store_approval_find_request(
		store, &row, row.created_at, a, out, &why))
		return true;
	if (why.kind != ERR_NOT_FOUND) {
		*err = why;
		return false;
	}
	random_object_id(&ca->deps.random, row.created_at, new_id);
	row.id = new_id;
	return store_approval_submit(store, &row, &limits, a, &id, err) &&
	    store_approval_get(store, id, a, out, err);
}

/* ---- reading ---- */

bool
ca_approval_get(struct ca *ca, const char *id, struct arena *a,
    struct approval *out, struct err *err)
{
	return store_approval_get(ca->deps.store, id, a, out, err);
}

bool
ca_approval_find(struct ca *ca, const char *protocol, const char *label,
    const char *transaction, const uint8_t spki_sha256[32], struct arena *a,
    struct approval *out, struct err *err)
{
	return store_approval_find(ca->deps.store, protocol, label, transaction,
	    spki_sha256, a, out, err);
}

bool
ca_approval_list(struct ca *ca, enum approval_state state, const char *after,
    unsigned limit, struct arena *a, struct approval **out, size_t *n,
    struct err *err)
{
	return store_approval_list(
	    ca->deps.store, state, after, limit, a, out, n, err);
}

bool
ca_approval_measure(struct ca *ca, struct err *err)
{
	uint64_t waiting;

	if (!store_approval_count_pending(ca->deps.store, &waiting, err))
		return false;
	atomic_store(&ca->approvals_pending, waiting);
	return true;
}

/* ---- deciding ---- */

/* What an operator's name is made of. */
static bool
is_word(int c)
{
	return isalnum(c) || c == '.' || c == '_' || c == '@' || c == '-';
}

bool
approval_is_requester(const char *requester, const char *operator_name)
{
	size_t n = strlen(operator_name);

	while (*requester != '\0') {
		size_t word = 0;

		while (requester[word] != '\0' &&
		    is_word((uint8_t)requester[word]))
			word++;
		if (word == n && strncasecmp(requester, operator_name, n) == 0)
			return true;
		requester += word + (requester[word] != '\0');
	}
	return false;
}

static bool
decision_check(const struct approval *seen, const struct approval_decision *d,
    struct err *err)
{
	if (!d->approve && (d->reason == NULL || d->reason[0] == '\0'))
		return fail(err, ERR_MALFORMED, "a rejection wants a reason");
	if (approval_is_requester(seen->requester, d->by))
		return fail(err, ERR_UNAUTHORIZED,
		    "%s asked for this certificate (%s) and cannot decide "
		    "about it",
		    d->by, seen->requester);
	return text_check("reason", d->reason, err);
}

bool
ca_approval_decide(struct ca *ca, const char *id, const uint8_t sha256[32],
    bool approve, const char *by, const char *reason, struct err *err)
{
	AUTO_ARENA *a = arena_new();
	struct approval_decision d = { .id = id,
		.approve = approve,
		.by = by,
		.reason = reason,
		.at = ca_now(ca) };
	struct approval seen;

	memcpy(d.request_sha256, sha256, sizeof(d.request_sha256));
	/* Only what never changes is read here; the rest is in the SQL. */
	return store_approval_get(ca->deps.store, id, a, &seen, err) &&
	    decision_check(&seen, &d, err) &&
	    store_approval_decide(ca->deps.store, &d, &seen, err);
}

/* ---- issuing ---- */

bool
approval_check_request(struct ca *ca, const struct ca_request *req,
    struct arena *a, struct err *err)
{
	struct err why = { 0 };
	struct approval row;

	if (req->approval_id == NULL)
		return true;
	if (!store_approval_get(
		ca->deps.store, req->approval_id, a, &row, &why)) {
		if (why.kind == ERR_NOT_FOUND)
			return fail(
			    err, ERR_UNAUTHORIZED, "there is no such request");
		*err = why;
		return false;
	}
	if (strcmp(row.names, names_sorted_text(req->names, a)) != 0)
		return fail(err, ERR_UNAUTHORIZED,
		    "the request was approved for other names");
	return true;
}
