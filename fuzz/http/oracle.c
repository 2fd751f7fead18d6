#include <http_parser.h>
#include "oracle.h"

static int
on_url(http_parser *p, const char *at, size_t n)
{
	buf_add(&((struct oracle *)p->data)->url, at, n);
	return 0;
}

static int
on_body(http_parser *p, const char *at, size_t n)
{
	buf_add(&((struct oracle *)p->data)->body, at, n);
	return 0;
}

static int
on_complete(http_parser *p)
{
	((struct oracle *)p->data)->complete = true;
	http_parser_pause(p, 1);
	return 0;
}

void
oracle_ask(struct bytes in, struct oracle *o)
{
	http_parser_settings settings;
	http_parser p;

	http_parser_settings_init(&settings);
	settings.on_url = on_url;
	settings.on_body = on_body;
	settings.on_message_complete = on_complete;
	http_parser_init(&p, HTTP_REQUEST);
	p.data = o;
	o->used = http_parser_execute(&p, &settings, (const char *)in.p, in.n);
	o->failed = !o->complete && HTTP_PARSER_ERRNO(&p) != HPE_OK;
	o->method = http_method_str((enum http_method)p.method);
}
