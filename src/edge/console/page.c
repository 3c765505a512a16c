/* page.c - see page.h. */
#include "edge/console/page.h"

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:3rem auto;padding:0 1rem;"
    "color:#1c1c1e;background:#fff}\n"
    "h1{font-size:1.6rem}\nh2{font-size:1.2rem;margin-top:2.5rem;text-transform:capitalize}\n"
    "h3{font-size:1rem;margin:1.8rem 0 .3rem}\na{color:#0645ad}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #e3e3e8;"
    "vertical-align:top}\n"
    "code,pre{font-size:.95em}\npre{background:#f4f4f6;padding:.6rem;overflow-x:auto}\n"
    "@media(prefers-color-scheme:dark){body{background:#1c1c1e;color:#eee}"
    "th,td{border-color:#3a3a3c}pre{background:#2c2c2e}a{color:#8ab4f8}}\n";

void edge_page_begin(struct pgl_buffer *out, const char *title)
{
    pgl_buffer_printf(out,
                      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                      "<title>%s</title>\n<meta name=\"viewport\" content=\"width=device-width, "
                      "initial-scale=1\">\n<link rel=\"stylesheet\" href=\"/style.css\"></head>\n"
                      "<body><h1>%s</h1>\n",
                      title, title);
}

void edge_page_end(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "</body></html>\n");
}

void edge_page_text(struct pgl_buffer *out, struct pgl_text text)
{
    for (size_t i = 0; i < text.size; i++)
        switch (text.data[i]) {
        case '&':
            pgl_buffer_add_literal(out, "&amp;");
            break;
        case '<':
            pgl_buffer_add_literal(out, "&lt;");
            break;
        case '>':
            pgl_buffer_add_literal(out, "&gt;");
            break;
        case '"':
            pgl_buffer_add_literal(out, "&quot;");
            break;
        default:
            pgl_buffer_add_char(out, text.data[i]);
        }
}

pgl_status edge_page_reply(struct pgl_request *request, struct pgl_buffer *out)
{
    edge_add_field(request, PGL_TEXT("Content-Security-Policy"),
                   PGL_TEXT("default-src 'none'; style-src 'self'; img-src 'self'; base-uri "
                            "'none'; form-action 'none'; frame-ancestors 'none'"));
    edge_add_field(request, PGL_TEXT("Referrer-Policy"), PGL_TEXT("no-referrer"));
    return edge_reply_buffer(request, out, PGL_TEXT("text/html; charset=utf-8"));
}

pgl_status style_begin(struct pgl_request *request)
{
    request->status = 200;
    request->body = (struct pgl_text){ style, sizeof style - 1 };
    edge_add_field(request, PGL_TEXT("Content-Type"), PGL_TEXT("text/css; charset=utf-8"));
    return PGL_OK;
}
