#include "codec/ber.h"
#include "http/rate.h"
#include "scep/handlers.h"
#include "util/log.h"

/* The sizes of RSA keys that messages are signed with. */
#define RSA_MIN_BITS 2048u
#define RSA_MAX_BITS 8192u

void
scep_count_failure(struct scep_call *call)
{
	rates_add(call->scep->failures, &call->req->peer, call->profile->index,
	    call->profile->config->failure_period, call->req->now);
}

void
scep_unreadable(struct scep_call *call, struct scep_answer *out)
{
	scep_count_failure(call);
	scep_answer_fail(call, SCEP_BAD_MESSAGE_CHECK,
	    "what the message encloses cannot be read", out);
}

/* ---- the outer SignedData ---- */

static bool
type_is_known(unsigned type)
{
	return type == SCEP_RENEWAL_REQ || type == SCEP_PKCS_REQ ||
	    type == SCEP_CERT_POLL || type == SCEP_GET_CERT ||
	    type == SCEP_GET_CRL;
}

/* Who signed, and with what? */
static bool
signer_find(struct scep_call *call, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	const struct scep_request *m = &call->message;

	/* An allow-list (CVE-2026-30836): 18 is a type of drafts. */
	if (!type_is_known(m->type))
		return fail(err, ERR_REJECTED,
		    "messageType %u is not done here", m->type);
	if (m->cms.digest == DIGEST_SHA1 && !c->legacy_sha1)
		return fail(err, ERR_UNSUPPORTED,
		    "the message is signed with SHA-1, expected SHA-256");
	if (!cms_signer_find(&m->cms, call->a, &call->signer, err))
		return false;
	/* An answer can be encrypted to RSA keys alone: said before anything
	 * is issued that could not be handed out. */
	if (call->signer.key.alg != KEY_RSA)
		return fail(err, ERR_BAD_PUBLIC_KEY,
		    "the message is signed with a key of type %s, SCEP needs "
		    "an RSA key",
		    key_alg_name(call->signer.key.alg));
	return true;
}

/* ---- the inner EnvelopedData ---- */

static bool
cipher_check(const struct scep_call *call, struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	enum cipher_alg alg = call->envelope.cipher;

	if ((alg == CIPHER_DES3_CBC && !c->legacy_des3) ||
	    (alg == CIPHER_DES_CBC &&
		(!c->legacy_des || call->scep->deps.legacy == NULL)))
		return fail(err, ERR_UNSUPPORTED,
		    "the message is encrypted with %s, expected AES",
		    cipher_name(alg));
	return true;
}

/* Signed are its octets as they were sent: Apple's and old Bouncy Castle's are
 * BER like what is around them (unit.scep_strange: apple_sends_ber). */
static bool
envelope_read(struct scep_call *call, struct err *err)
{
	AUTO_BUF der = { 0 };

	return ber_to_der(call->message.cms.content, &der, err) &&
	    cms_enveloped_parse(
		arena_take_buf(call->a, &der), call->a, &call->envelope, err);
}

/* Before any private key is used: one of our certificates, and once. */
static bool
recipient_find(struct scep_call *call, struct err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < call->envelope.recipients_n; i++)
		for (size_t k = 0; k < call->ras_n; k++) {
			const struct cms_recipient *r =
			    &call->envelope.recipients[i];

			if (!cms_id_is_of(&r->id, &call->ras[k]->cert))
				continue;
			found++;
			call->recipient = r;
			call->ra = call->ras[k];
		}
	if (found == 1)
		return true;
	call->ra = call->ras[0];
	return fail(err, ERR_BAD_SIGNATURE,
	    "the message is not encrypted to one certificate of this server: "
	    "GetCACert has the present one");
}

static bool
open_legacy(struct scep_call *call, struct secret **out, struct err *err)
{
	struct scep *scep = call->scep;
	bool ok;

	log_event(LOG_WARN, "scep-single-des",
	    LF_STR("profile", call->profile->config->name),
	    LF_STR("address", http_peer_text(call->req)));
	pthread_mutex_lock(&scep->legacy);
	ok = cms_enveloped_open(scep->deps.legacy, &call->envelope,
	    call->recipient, call->ra->key, out, err);
	pthread_mutex_unlock(&scep->legacy);
	return ok;
}

static bool
envelope_open(struct scep_call *call, struct lane *lane, struct secret **out,
    struct err *err)
{
	if (call->envelope.cipher == CIPHER_DES_CBC)
		return open_legacy(call, out, err);
	return cms_enveloped_open(
	    lane, &call->envelope, call->recipient, call->ra->key, out, err);
}

/*
 * All that is calculated before anything waits, on one loan.  Nothing of the
 * content is looked at before the signature holds.  What cannot be deciphered
 * is no error: there is no *content.
 */
static bool
message_open(struct scep_call *call, struct secret **content, struct err *err)
{
	const struct scep_request *m = &call->message;
	AUTO_LANE loan = lane_lend(call->scep->lanes);
	struct err why = { 0 };

	if (!pubkey_check(loan.lane, &call->signer.key, RSA_MIN_BITS,
		RSA_MAX_BITS, err) ||
	    !cms_signed_verify(loan.lane, &m->cms, &call->signer.key, err) ||
	    !envelope_read(call, err) || !cipher_check(call, err) ||
	    !recipient_find(call, err))
		return false;
	if (!envelope_open(call, loan.lane, content, &why))
		*content = NULL;
	return true;
}

/* ---- the whole ---- */

static bool
content_handle(struct scep_call *call, struct bytes content,
    struct scep_answer *out, struct err *err)
{
	switch (call->message.type) {
	case SCEP_PKCS_REQ:
	case SCEP_RENEWAL_REQ:
		return scep_enroll(call, content, out, err);
	case SCEP_CERT_POLL:
		return scep_poll(call, content, out, err);
	case SCEP_GET_CERT:
		return scep_get_cert(call, content, out, err);
	case SCEP_GET_CRL:
		return scep_get_crl(call, content, out, err);
	default:
		return fail(err, ERR_INTERNAL, "a message of no type");
	}
}

static bool
message_handle(struct scep_call *call, struct scep_answer *out, struct err *err)
{
	AUTO_SECRET *content = NULL;
	struct err why = { 0 };

	if (!signer_find(call, &why) || !message_open(call, &content, &why)) {
		/* RFC 8894 section 3.2.1.4: the integrity of a message that
		 * has no form cannot be shown. */
		if (why.kind == ERR_MALFORMED)
			why.kind = ERR_BAD_SIGNATURE;
		return scep_answer_err(call, &why, out, err);
	}
	if (content == NULL) {
		scep_unreadable(call, out);
		return true;
	}
	return content_handle(call, secret_reveal(content), out, err);
}

static bool
operate(struct scep_call *call, struct bytes ber, struct http_resp *resp,
    struct err *err)
{
	const struct config_scep_profile *c = call->profile->config;
	struct scep_answer answer = { 0 };
	AUTO_BUF der = { 0 };

	if (rates_over(call->scep->failures, &call->req->peer,
		call->profile->index, c->max_failures, c->failure_period,
		call->req->now, &call->retry_after))
		return fail(err, ERR_RATE_LIMITED,
		    "too many failures from this address");
	if (ber.n > SCEP_MESSAGE_MAX)
		return fail(err, ERR_TOO_LARGE, "the message is too large");
	if (!ber_to_der(ber, &der, err) ||
	    !scep_request_parse(
		arena_take_buf(call->a, &der), call->a, &call->message, err))
		return false;
	/* Of what is decrypted, every copy: there are passwords in it. */
	arena_hold_secret(call->a);
	call->ra = call->ras[0];
	call->req->log_account = call->message.transaction;
	if (!message_handle(call, &answer, err))
		return false;
	if (answer.ticket == NULL)
		return scep_reply(call, &answer, resp, err);
	scep_inquiry_hold(call, &answer, resp);
	return true;
}

bool
scep_operate(struct scep_call *call, struct bytes ber, struct http_resp *resp,
    struct err *err)
{
	bool ok;

	if (!scep_enter(call, err))
		return false;
	ok = operate(call, ber, resp, err);
	scep_leave(call);
	return ok;
}
