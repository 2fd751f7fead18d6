#include "api/view.h"
#include "codec/jose.h"
#include "crypto/digest.h"
#include "util/text.h"

void
view_time(json_t *o, const char *key, int64_t t)
{
	char text[TIME_RFC3339_SIZE];

	if (t == 0) {
		json_object_set_new(o, key, json_null());
		return;
	}
	time_format_rfc3339(t, text);
	json_object_set_new(o, key, json_string(text));
}

void
view_text(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s == NULL ? json_null() : json_string(s));
}

void
view_hex(json_t *o, const char *key, struct bytes d)
{
	AUTO_STR *hex = mem_alloc(2 * d.n + 1);

	if (d.n == 0) {
		json_object_set_new(o, key, json_null());
		return;
	}
	hex_encode(d, hex);
	json_object_set_new(o, key, json_string(hex));
}

void
view_count(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

void
view_json(json_t *o, const char *key, const char *text)
{
	json_t *v = text == NULL ? NULL : json_loads(text, 0, NULL);

	json_object_set_new(o, key, v == NULL ? json_null() : v);
}

json_t *
view_page(const char *key, json_t *list, const char *next)
{
	json_t *o = json_object();

	json_object_set_new(o, key, list);
	view_text(o, "next", next);
	return o;
}

/* ---- certificates ---- */

static const char *
cert_status_text(const struct cert_row *row, int64_t now)
{
	switch (row->status) {
	case CERT_INTENT:
		return "intent";
	case CERT_REVOKED:
		return "revoked";
	case CERT_VOIDED:
		return "voided";
	case CERT_ISSUED:
		break;
	}
	return row->not_after < now ? "expired" : "valid";
}

void
view_lines(json_t *o, const char *key, const char *text)
{
	json_t *list = json_array();

	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, "\n");

		json_array_append_new(list, json_stringn(text, n));
		text += n + (text[n] == '\n');
	}
	json_object_set_new(o, key, list);
}

json_t *
view_cert(const struct cert_row *row, int64_t now)
{
	json_t *o = json_object();

	view_hex(o, "serial", bytes_of(row->serial, sizeof(row->serial)));
	view_text(o, "id", row->id);
	view_text(o, "status", cert_status_text(row, now));
	view_lines(o, "names", row->names);
	view_text(o, "ca", row->ca);
	view_text(o, "profile", row->profile);
	view_time(o, "not_before", row->not_before);
	view_time(o, "not_after", row->not_after);
	view_text(o, "requester", row->requester);
	view_text(o, "account", row->account_id);
	view_text(o, "order", row->order_id);
	view_time(o, "revoked_at", row->revoked_at);
	view_text(o, "reason",
	    row->reason < 0 ? NULL
			    : crl_reason_name((enum crl_reason)row->reason));
	return o;
}

static void
view_strings(json_t *o, const char *key, const char *const *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(v[i]));
	json_object_set_new(o, key, list);
}

static json_t *
key_usages(unsigned bits)
{
	static const char *const names[] = { "digitalSignature",
		"nonRepudiation", "keyEncipherment", "dataEncipherment",
		"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly",
		"decipherOnly" };
	json_t *list = json_array();

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if ((bits & (1u << i)) != 0)
			json_array_append_new(list, json_string(names[i]));
	return list;
}

static const char *
key_text(const struct pubkey *key, struct arena *a)
{
	return key->alg == KEY_RSA ? arena_printf(a, "rsa-%u", key->bits)
				   : key_alg_name(key->alg);
}

void
view_cert_content(json_t *o, const struct cert *cert, struct arena *a)
{
	uint8_t hash[32];

	digest_sha256(cert->der, hash);
	view_hex(o, "sha256", bytes_of(hash, sizeof(hash)));
	view_text(o, "subject", subject_text(a, cert->subject));
	view_text(o, "issuer", subject_text(a, cert->issuer));
	view_text(o, "key", key_text(&cert->key, a));
	view_hex(o, "subject_key_id", cert->ski);
	view_hex(o, "authority_key_id", cert->aki);
	json_object_set_new(o, "key_usage", key_usages(cert->key_usage));
	view_strings(o, "extended_key_usage", cert->eku, cert->eku_n);
	view_strings(o, "policies", cert->policies, cert->policies_n);
	view_strings(o, "crl_urls", cert->crl_urls, cert->crl_urls_n);
	view_text(o, "ocsp_url", cert->ocsp_url);
	view_text(o, "ca_issuers_url", cert->ca_issuers_url);
	json_object_set_new(o, "must_staple", json_boolean(cert->must_staple));
}

/* ---- accounts and orders ---- */

json_t *
view_account(const struct account_row *row, struct arena *a)
{
	json_t *o = json_object();
	char thumbprint[44];
	struct err ignored = { 0 };
	struct jwk jwk;

	jwk_thumbprint_text(row->thumbprint, thumbprint);
	view_text(o, "id", row->id);
	view_text(o, "status", account_status_name(row->status));
	view_json(o, "contacts", row->contacts);
	if (jwk_parse_text(row->jwk, a, &jwk, &ignored))
		view_text(o, "key", key_text(&jwk.key, a));
	view_text(o, "thumbprint", thumbprint);
	view_time(o, "created_at", row->created_at);
	view_text(o, "created_from", row->created_from);
	view_time(o, "terms_agreed_at", row->terms_agreed_at);
	return o;
}

/* "dns:a.example", as everywhere on the command line. */
static json_t *
identifiers(const char *names_json)
{
	json_t *list = json_array(), *item;
	AUTO(json_t) *in = json_loads(names_json, 0, NULL);
	size_t i;

	json_array_foreach (in, i, item) {
		const char *type =
			       json_string_value(json_object_get(item, "type")),
			   *value = json_string_value(
			       json_object_get(item, "value"));

		if (type != NULL && value != NULL)
			json_array_append_new(
			    list, json_sprintf("%s:%s", type, value));
	}
	return list;
}

json_t *
view_order(const struct order_row *row)
{
	json_t *o = json_object();

	view_text(o, "id", row->id);
	view_text(o, "status", order_status_name(row->status));
	json_object_set_new(o, "names", identifiers(row->names_json));
	view_text(o, "account", row->account_id);
	view_text(o, "profile", row->profile);
	view_time(o, "created_at", row->created_at);
	view_time(o, "expires_at", row->expires_at);
	view_text(o, "certificate", row->cert_id);
	return o;
}

static const char *
challenge_name(unsigned type)
{
	switch (type) {
	case CHALLENGE_HTTP_01:
		return "http-01";
	case CHALLENGE_DNS_01:
		return "dns-01";
	case CHALLENGE_TLS_ALPN_01:
		return "tls-alpn-01";
	default:
		return NULL;
	}
}

json_t *
view_authz(const struct authz_row *row)
{
	json_t *o = json_object();
	const char *tag = name_type_tag((enum name_type)row->name_type);

	json_object_set_new(o, "name",
	    json_sprintf("%s:%s%s", tag, row->wildcard ? "*." : "", row->name));
	view_text(o, "id", row->id);
	view_text(o, "status", authz_status_name(row->status));
	view_text(o, "challenge", challenge_name(row->chosen));
	json_object_set_new(o, "processing", json_boolean(row->processing));
	view_count(o, "attempts", row->attempts);
	view_time(o, "created_at", row->created_at);
	view_time(o, "expires_at", row->expires_at);
	view_time(o, "validated_at", row->validated_at);
	view_json(o, "error", row->error_json);
	view_json(o, "records", row->records_json);
	return o;
}
