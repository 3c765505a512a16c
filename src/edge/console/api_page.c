/* api_page.c - see api_page.h. */
#include "edge/console/api_page.h"

#include "edge/openapi.h"
#include "edge/console/page.h"

#define PAGE_BYTES_MAX (256u << 10)

static void put_query(struct pgl_buffer *out, const struct pgl_query_param *query)
{
    if (query == NULL)
        return;
    pgl_buffer_add_literal(out, "<table><tbody>\n");
    for (; query->name != NULL; query++) {
        pgl_buffer_printf(out, "<tr><td><code>?%s=</code></td><td>", query->name);
        edge_page_text(out, pgl_text_of(query->description));
        if (query->type == PGL_QUERY_NUMBER)
            pgl_buffer_printf(out, " %lld to %lld.", (long long)query->least,
                              (long long)query->most);
        if (query->words != NULL)
            pgl_buffer_printf(out, " <code>%s</code>", query->words);
        pgl_buffer_add_literal(out, "</td></tr>\n");
    }
    pgl_buffer_add_literal(out, "</tbody></table>\n");
}

static void put_route(struct pgl_buffer *out, const struct pgl_route *route)
{
    pgl_buffer_printf(out, "<h3><code>%s %s</code></h3>\n<p>", pgl_http_method_name(route->method),
                      route->path);
    edge_page_text(out, pgl_text_of(route->summary));
    pgl_buffer_add_literal(out, " For ");
    pgl_rule_write(&route->rule, out);
    pgl_buffer_printf(out, "; answers %d", route->reply.status);
    if (route->reply.body != NULL)
        pgl_buffer_printf(out, " with a <code>%s</code>", route->reply.body->short_name);
    pgl_buffer_add_literal(out, ".</p>\n");
    put_query(out, route->query);
    const char *example = route->ask.body != NULL ? edge_example_of(route->ask.body) : NULL;
    if (example == NULL)
        return;
    pgl_buffer_add_literal(out, "<pre>");
    edge_page_text(out, pgl_text_of(example));
    pgl_buffer_add_literal(out, "</pre>\n");
}

pgl_status api_page_begin(struct pgl_request *request)
{
    const struct pgl_edge *edge = request->edge;
    struct pgl_text subject = { NULL, 0 };
    struct pgl_buffer out;
    pgl_buffer_init(&out, PAGE_BYTES_MAX);
    edge_page_begin(&out, "Panglot: every call");
    pgl_buffer_add_literal(&out, "<p>The same for machines: <a href=\"/openapi.json\">OpenAPI "
                                 "3.1</a>, and <a href=\"/asyncapi.json\">AsyncAPI 3.0</a> for "
                                 "events.</p>\n");
    for (int i = 0; i < edge->route_count; i++) {
        struct pgl_text next = edge_subject_of(&edge->routes[i]);
        if (next.size > 0 && !pgl_text_equal(next, subject))
            pgl_buffer_printf(&out, "<h2>%.*s</h2>\n", PGL_TEXT_ARGS(next));
        subject = next;
        put_route(&out, &edge->routes[i]);
    }
    edge_page_end(&out);
    return edge_page_reply(request, &out);
}
