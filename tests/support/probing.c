#include "support/unit.h"
#include <arpa/inet.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include "support/probing.h"

unsigned
probing_free_port(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	close(fd);
	return ntohs(sa.sin_port);
}

void
probing_begin(struct probing *p)
{
	signal(SIGPIPE, SIG_IGN);
	*p = (struct probing){ .dns = dns_standin_new() };
	p->resolvers[0] = dns_standin_address(p->dns);
	p->v.resolvers.v = p->resolvers;
	p->v.resolvers.n = 1;
	p->v.permit_networks.v = p->permitted;
	p->v.http_port = probing_free_port();
	p->v.tls_alpn_port = probing_free_port();
	p->v.timeout = 5;
	p->v.max_concurrent = 16;
	probing_permit(p, "127.0.0.0/8");
	probing_permit(p, "::1/128");
}

void
probing_permit(struct probing *p, const char *cidr)
{
	struct err err = { 0 };
	size_t n = p->v.permit_networks.n++;

	assert_true(n < COUNT_OF(p->permitted));
	if (!config_cidr_parse(cidr, &p->permitted[n], &err))
		fail_msg("%s", err.shown);
}

void
probing_start(struct probing *p)
{
	struct err err = { 0 };

	p->probes = probes_new(&p->v, &err);
	if (p->probes == NULL)
		fail_msg("%s", err.shown);
}

void
probing_end(struct probing *p)
{
	probes_free(p->probes);
	dns_standin_free(p->dns);
}

static size_t
copy(void *out, size_t max, struct bytes in)
{
	size_t n = MIN_OF(in.n, max);

	if (n > 0)
		memcpy(out, in.p, n);
	return n;
}

static void
probe_done(void *arg, const struct probe_result *res)
{
	struct probed *out = arg;

	pthread_mutex_lock(&out->lock);
	out->ok = res->ok;
	out->err = res->err;
	out->transient = res->transient;
	out->secure = res->dnssec_secure;
	out->alpn = res->alpn_acme;
	snprintf(out->record, sizeof(out->record), "%s", res->record_json);
	out->body_n = copy(out->body, sizeof(out->body), res->body);
	out->certificate_n =
	    copy(out->certificate, sizeof(out->certificate), res->certificate);
	out->txt_n = res->txt_n;
	for (size_t i = 0; i < res->txt_n; i++)
		out->txt[i][copy(
		    out->txt[i], sizeof(out->txt[i]) - 1, res->txt[i])] = '\0';
	out->caa_n = res->caa_n;
	for (size_t i = 0; i < MIN_OF(res->caa_n, COUNT_OF(out->caa)); i++)
		out->caa[i][copy(
		    out->caa[i], sizeof(out->caa[i]) - 1, res->caa[i])] = '\0';
	out->done = true;
	pthread_cond_signal(&out->changed);
	pthread_mutex_unlock(&out->lock);
}

bool
probing_post(struct probing *p, enum probe_kind kind, const char *name,
    bool is_ip, struct probed *out, struct err *err)
{
	const struct probe_port *port = probes_port(p->probes);
	struct probe_request req = {
		.kind = kind, .name = name, .is_ip = is_ip, .path = PROBING_PATH
	};

	memset(out, 0, sizeof(*out));
	pthread_mutex_init(&out->lock, NULL);
	pthread_cond_init(&out->changed, NULL);
	return port->start(port->ctx, &req, probe_done, out, err);
}

void
probing_wait(struct probed *out)
{
	pthread_mutex_lock(&out->lock);
	while (!out->done)
		pthread_cond_wait(&out->changed, &out->lock);
	pthread_mutex_unlock(&out->lock);
}

void
probing_ask(struct probing *p, enum probe_kind kind, const char *name,
    bool is_ip, struct probed *out)
{
	struct err err = { 0 };

	if (!probing_post(p, kind, name, is_ip, out, &err))
		fail_msg("%s", err.shown);
	probing_wait(out);
	/* TSan: done's thread may still hold the lock that is reused. */
	pthread_mutex_lock(&out->lock);
	pthread_mutex_unlock(&out->lock);
}
