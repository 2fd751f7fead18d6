#include <stdio.h>
#include <stdlib.h>
#include "net/probe_job.h"
#include "util/times.h"

static const char *const kind_names[] = {
	[PROBE_HTTP] = "http",
	[PROBE_TXT] = "txt",
	[PROBE_TLS_ALPN] = "tls-alpn",
	[PROBE_CAA] = "caa",
};

static const char *const security_names[] = {
	[DNS_INSECURE] = "insecure",
	[DNS_BOGUS] = "bogus",
	[DNS_SECURE] = "secure",
};

const char *
record_escape(struct arena *a, struct bytes in, size_t max)
{
	size_t n = MIN_OF(in.n, max), o = 0;
	char *out = arena_alloc(a, 4 * n + 1);

	for (size_t i = 0; i < n; i++) {
		uint8_t c = in.p[i];

		if (c >= 0x20 && c < 0x7f && c != '\\')
			out[o++] = (char)c;
		else
			o += (size_t)sprintf(out + o, "\\x%02x", c);
	}
	out[o] = '\0';
	return out;
}

void
record_set(json_t *o, const char *key, const char *value)
{
	if (value != NULL)
		json_object_set_new(o, key, json_string(value));
}

void
record_set_int(json_t *o, const char *key, int64_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

void
record_begin(struct probe_job *probe)
{
	char time[TIME_RFC3339_SIZE];
	struct clock clock = clock_system(0);

	time_format_rfc3339(clock_now(&clock), time);
	probe->record = json_object();
	record_set(probe->record, "probe", kind_names[probe->req.kind]);
	record_set(probe->record, "name", probe->req.name);
	record_set(probe->record, "time", time);
}

static json_t *
list_append(struct probe_job *probe, json_t **list, const char *name)
{
	json_t *o = json_object();

	if (*list == NULL) {
		*list = json_array();
		json_object_set_new(probe->record, name, *list);
	}
	json_array_append_new(*list, o);
	return o;
}

static json_t *
answer_values(struct probe_job *probe, const struct dns_lookup *l)
{
	json_t *values = json_array();

	for (size_t i = 0; i < l->answer.rdata_n; i++) {
		struct bytes rdata = l->answer.rdata[i];
		const char *text;

		if (l->type == DNS_A || l->type == DNS_AAAA) {
			struct probe_address address = probe_address_make(
			    l->type == DNS_A ? AF_INET : AF_INET6, rdata.p);

			text = arena_strdup(probe->arena, address.text);
		} else if (l->type == DNS_CAA) {
			text = dns_caa_text(rdata, probe->arena);
		} else {
			text = record_escape(probe->arena, rdata, 128);
		}
		json_array_append_new(values, json_string(text));
	}
	return values;
}

void
record_lookup(struct probe_job *probe, const struct dns_lookup *l)
{
	json_t *o = list_append(probe, &probe->lookups, "lookups");
	char rcode[16];

	record_set(o, "type", dns_type_name(l->type));
	record_set(o, "name", l->name);
	record_set(o, "resolver", probe->settings->dns.label);
	if (l->err.kind != ERR_NONE)
		record_set(o, "error", l->err.shown);
	else
		record_set(o, "rcode", dns_rcode_name(l->answer.rcode, rcode));
	if (l->answer.chain_n > 0) {
		json_t *chain = json_array();

		for (size_t i = 0; i < l->answer.chain_n; i++)
			json_array_append_new(
			    chain, json_string(l->answer.chain[i]));
		json_object_set_new(o, "aliases", chain);
	}
	if (l->answer.rdata_n > 0)
		json_object_set_new(o, "values", answer_values(probe, l));
	if (probe->settings->dns.dnssec != DNSSEC_OFF)
		record_set(o, "dnssec", security_names[l->security]);
	if (l->why_bogus != NULL)
		record_set(o, "dnssec_reason",
		    record_escape(probe->arena, bytes_str(l->why_bogus), 240));
	record_set_int(o, "elapsed_ms", l->elapsed_us / 1000);
}

void
record_hosts(struct probe_job *probe, const char *name,
    const struct probe_address *v, size_t n)
{
	json_t *o = list_append(probe, &probe->lookups, "lookups");
	json_t *values = json_array();

	record_set(o, "name", name);
	record_set(o, "hosts_file", probe->settings->hosts_path);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(values, json_string(v[i].text));
	json_object_set_new(o, "values", values);
}

json_t *
record_hop(struct probe_job *probe)
{
	return list_append(probe, &probe->hops, "hops");
}

void
record_end(struct probe_job *probe)
{
	char *text;

	if (!probe->job.ok) {
		record_set(probe->record, "error",
		    record_escape(probe->arena, bytes_str(probe->job.err.shown),
			sizeof(probe->job.err.shown)));
		record_set(probe->record, "error_kind",
		    err_kind_name(probe->job.err.kind));
	}
	record_set_int(probe->record, "elapsed_ms",
	    (clock_monotonic_us() - probe->started_us) / 1000);
	text = json_dumps(probe->record, JSON_COMPACT | JSON_ENSURE_ASCII);
	if (text == NULL)
		text = mem_strdup("{}");
	probe->res.record_json = text;
	arena_adopt_fn(probe->arena, text, free);
}
