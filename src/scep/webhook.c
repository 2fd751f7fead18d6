#include "codec/cert.h"
#include "codec/json.h"
#include "codec/json_out.h"
#include "scep/webhook.h"
#include "util/text.h"

#define FILE_MAX 4096u
#define SECRET_MIN 16u

struct webhook {
	const struct config_webhook *config;
	struct bytes anchors;
	struct secret *key; /* of the signature; NULL: none */
	struct secret *authorization; /* "Bearer …" and a NUL; NULL: none */
};

/* ---- the files ---- */

static void
secret_free_adopted(void *s)
{
	secret_free(s);
}

/* The first line of a file, behind a prefix. */
static bool
line_read(const struct scep_files *files, const char *path, const char *prefix,
    size_t min, struct arena *a, struct secret **out, struct err *err)
{
	AUTO_ARENA *scratch = arena_new();
	struct bytes text, line;
	AUTO_BUF made = { 0 };
	bool ok;

	if (path == NULL)
		return true;
	if (!scep_file_read(files, path, FILE_MAX, scratch, &text, err))
		return false;
	line = scep_first_line(text);
	ok = line.n >= min && text_is_ascii_printable(line);
	if (ok) {
		buf_reserve(&made, strlen(prefix) + line.n + 1);
		buf_add_str(&made, prefix);
		buf_add_bytes(&made, line);
		*out = secret_new(buf_cstr(&made), made.n + 1);
		arena_adopt_fn(a, *out, secret_free_adopted);
		secret_wipe(made.p, made.n);
	}
	secret_wipe((uint8_t *)(uintptr_t)text.p, text.n);
	if (!ok)
		return fail(err, ERR_CONFIG,
		    "%s has no line of %zu printable characters or more", path,
		    min);
	return true;
}

bool
webhook_new(const struct config_webhook *config, const struct scep_files *files,
    struct arena *a, struct webhook **out, struct err *err)
{
	struct webhook *w = arena_alloc(a, sizeof(*w));

	w->config = config;
	if (!line_read(
		files, config->secret_file, "", SECRET_MIN, a, &w->key, err) ||
	    !line_read(files, config->token_file, "Bearer ", 1, a,
		&w->authorization, err))
		return false;
	if (config->anchors_file != NULL &&
	    !scep_file_read(
		files, config->anchors_file, 1u << 20, a, &w->anchors, err))
		return false;
	*out = w;
	return true;
}

int64_t
webhook_timeout(const struct webhook *w)
{
	return w->config->timeout;
}

/* ---- what is sent ---- */

static void
put_names(struct json_out *o, const char *key, const struct names *names,
    enum name_type type)
{
	bool any = false;

	for (size_t i = 0; i < names->n; i++)
		any = any || names->v[i].type == type;
	if (!any)
		return;
	json_out_open(o, key, '[');
	for (size_t i = 0; i < names->n; i++)
		if (names->v[i].type == type)
			json_out_text(o, NULL, names->v[i].text);
	json_out_close(o, ']');
}

static void
put_base64(struct json_out *o, const char *key, struct bytes octets)
{
	AUTO_BUF text = { 0 };

	base64_encode(octets, 0, &text);
	json_out_text(o, key, buf_cstr(&text));
	secret_wipe(text.p, text.n);
}

static const char *
algorithm_name(enum key_alg alg)
{
	return alg == KEY_RSA	 ? "RSA"
	    : alg == KEY_ED25519 ? "Ed25519"
				 : "ECDSA";
}

/* All that the certificate may say, in words: who does not read PKCS #10 would
 * else allow what it never saw. */
static void
put_request(struct json_out *o, const struct csr *csr)
{
	AUTO_ARENA *a = arena_new();

	json_out_open(o, "x509CertificateRequest", '{');
	json_out_open(o, "subject", '{');
	json_out_text(o, "commonName", csr->common_name);
	json_out_text(o, "distinguishedName", subject_text(a, csr->subject));
	json_out_close(o, '}');
	put_names(o, "dnsNames", &csr->names, NAME_DNS);
	put_names(o, "emailAddresses", &csr->names, NAME_EMAIL);
	put_names(o, "ipAddresses", &csr->names, NAME_IP);
	put_names(o, "uris", &csr->names, NAME_URI);
	put_names(o, "userPrincipalNames", &csr->names, NAME_UPN);
	put_base64(o, "publicKey", csr->spki);
	json_out_text(o, "publicKeyAlgorithm", algorithm_name(csr->key.alg));
	put_base64(o, "raw", csr->der);
	json_out_close(o, '}');
}

void
webhook_body(const struct webhook_question *q, struct buf *out)
{
	struct json_out o = { 0 };
	char at[TIME_RFC3339_SIZE];

	/* In one piece: what grows leaves copies of the password behind. */
	buf_reserve(&o.text, 4096 + 4 * q->csr->der.n);
	time_format_rfc3339(q->now, at);
	json_out_open(&o, NULL, '{');
	json_out_text(&o, "timestamp", at);
	json_out_text(&o, "provisionerName", q->profile);
	json_out_text(&o, "scepChallenge", q->csr->challenge_password);
	json_out_text(&o, "scepTransactionID", q->transaction);
	put_request(&o, q->csr);
	json_out_close(&o, '}');
	*out = o.text;
}

/* Over the body, in hex. */
static void
sign(const struct webhook *w, struct bytes body, char out[65])
{
	struct mac *mac = mac_new(
	    bytes_of(secret_reveal(w->key).p, secret_reveal(w->key).n - 1));
	uint8_t sum[32];

	mac_compute(mac, body, sum);
	mac_free(mac);
	hex_encode(bytes_of(sum, sizeof(sum)), out);
}

bool
webhook_ask(const struct webhook *w, const struct outgoing_port *port,
    const struct webhook_question *q,
    void (*done)(void *arg, const struct outgoing_result *res), void *arg,
    struct err *err)
{
	struct outgoing_header headers[3];
	struct outgoing_request req = { .method = OUTGOING_POST,
		.url = w->config->url,
		.headers = headers,
		.content_type = "application/json",
		.anchors = w->anchors,
		.timeout_ms = w->config->timeout * 1000 };
	AUTO_BUF body = { 0 };
	char signature[65];
	bool ok;

	webhook_body(q, &body);
	req.body = buf_bytes(&body);
	headers[req.headers_n++] =
	    (struct outgoing_header){ "Accept", "application/json" };
	if (w->key != NULL) {
		sign(w, req.body, signature);
		headers[req.headers_n++] =
		    (struct outgoing_header){ WEBHOOK_SIGNATURE, signature };
	}
	if (w->authorization != NULL)
		headers[req.headers_n++] =
		    (struct outgoing_header){ "Authorization",
			    (const char *)secret_reveal(w->authorization).p };
	ok = port->start(port->ctx, &req, done, arg, err);
	secret_wipe(body.p, body.n);
	return ok;
}

/* ---- what comes back ---- */

static bool
is_transient(int status)
{
	/* 401 is about our own token, not about the request. */
	return status == 401 || status == 408 || status == 425 ||
	    status == 429 || status >= 500;
}

/* A sentence of the service's that can be told to a client. */
static const char *
shown_of(const json_t *answer)
{
	const json_t *error = json_object_get(answer, "error");
	const char *text = json_string_value(json_object_get(error, "message"));

	return text != NULL && text[0] != '\0' &&
		strlen(text) <= WEBHOOK_SHOWN_MAX &&
		text_is_ascii_printable(bytes_str(text))
	    ? text
	    : NULL;
}

static void
read_allow(struct bytes body, struct arena *a, struct service_answer *out)
{
	struct err why = { 0 };
	const json_t *allow;
	json_t *answer;

	if (body.n > WEBHOOK_ANSWER_MAX ||
	    !json_parse_object(body, a, &answer, &why)) {
		out->text = arena_printf(a,
		    "answered 200 with %zu octets that are no JSON object",
		    body.n);
		return;
	}
	allow = json_object_get(answer, "allow");
	if (!json_is_boolean(allow)) {
		out->text = "answered 200 without a member allow";
		return;
	}
	if (json_is_true(allow)) {
		out->verdict = VERDICT_YES;
		out->word = out->text = "allow";
		return;
	}
	out->verdict = VERDICT_NO;
	out->word = "deny";
	out->shown = shown_of(answer);
	out->text = out->shown == NULL
	    ? "denied it"
	    : arena_printf(a, "denied it: %s", out->shown);
}

void
webhook_read(const struct outgoing_result *res, struct arena *a,
    struct service_answer *out)
{
	*out = (struct service_answer){ .verdict = VERDICT_NONE,
		.retry_after = res->retry_after };
	if (!res->ok) {
		out->text = arena_printf(a, "%s%s%s", res->err.shown,
		    res->err.detail[0] != '\0' ? ": " : "", res->err.detail);
		return;
	}
	if (res->status == 200) {
		read_allow(res->body, a, out);
		return;
	}
	out->text = arena_printf(a, "answered %d", res->status);
	if (res->status >= 400 && !is_transient(res->status)) {
		out->verdict = VERDICT_NO;
		out->word = out->text;
	}
}
