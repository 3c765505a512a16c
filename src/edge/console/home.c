/* home.c - see home.h. */
#include "edge/console/home.h"

#define PAGE_BYTES_MAX 65536

static const char head_html[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Panglot</title>\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 "
    "1rem;"
    "color:#1c1c1e}h1{font-size:1.6rem}table{border-collapse:collapse;width:100%}th,td{text-align:"
    "left;"
    "padding:.4rem .6rem;border-bottom:1px solid #e3e3e8;vertical-align:top}code{font-size:.95em}"
    "@media(prefers-color-scheme:dark){body{background:#1c1c1e;color:#eee}th,td{border-color:#"
    "3a3a3c}}"
    "</style></head>\n<body><h1>Panglot</h1>\n<p>An order business in one program: it takes "
    "orders, "
    "settles them and loses none. This is what it offers; errors are "
    "<code>problem+json</code>.</p>\n"
    "<table><thead><tr><th>Call</th><th>Who may</th><th>What it is</th></tr></thead><tbody>\n";

static const char foot_html[] = "</tbody></table>\n</body></html>\n";

pgl_status home_begin(struct pgl_request *request)
{
    const struct pgl_edge *edge = request->edge;
    struct pgl_buffer out;
    pgl_buffer_init(&out, PAGE_BYTES_MAX);
    pgl_buffer_add_literal(&out, head_html);
    for (int i = 0; i < edge->route_count; i++) {
        pgl_buffer_printf(&out, "<tr><td><code>%s %s</code></td><td>",
                          pgl_http_method_name(edge->routes[i].method), edge->routes[i].path);
        pgl_rule_write(&edge->routes[i].rule, &out);
        pgl_buffer_printf(&out, "</td><td>%s</td></tr>\n", edge->routes[i].summary);
    }
    pgl_buffer_add_literal(&out, foot_html);
    return edge_reply_buffer(request, &out, PGL_TEXT("text/html; charset=utf-8"));
}
