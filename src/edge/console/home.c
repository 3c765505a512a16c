/* home.c - see home.h. */
#include "edge/console/home.h"

#include "edge/console/page.h"

#define PAGE_BYTES_MAX 65536

pgl_status home_begin(struct pgl_request *request)
{
    const struct pgl_edge *edge = request->edge;
    struct pgl_buffer out;
    pgl_buffer_init(&out, PAGE_BYTES_MAX);
    edge_page_begin(&out, "Panglot");
    pgl_buffer_add_literal(
        &out, "<p>An order business in one program: it takes orders, settles them and loses none. "
              "This is what it offers; <a href=\"/api\">each call in full</a>, and the same <a "
              "href=\"/openapi.json\">for machines</a>. Errors are <code>problem+json</code>.</p>\n"
              "<table><thead><tr><th>Call</th><th>Who may</th><th>What it is</th></tr></thead>"
              "<tbody>\n");
    for (int i = 0; i < edge->route_count; i++) {
        pgl_buffer_printf(&out, "<tr><td><code>%s %s</code></td><td>",
                          pgl_http_method_name(edge->routes[i].method), edge->routes[i].path);
        pgl_rule_write(&edge->routes[i].rule, &out);
        pgl_buffer_add_literal(&out, "</td><td>");
        edge_page_text(&out, pgl_text_of(edge->routes[i].summary));
        pgl_buffer_add_literal(&out, "</td></tr>\n");
    }
    pgl_buffer_add_literal(&out, "</tbody></table>\n");
    edge_page_end(&out);
    return edge_page_reply(request, &out);
}
