/*
 * draw.c - prints one of the program's tables as Markdown, for the pages that show it. made.py puts
 * it there, and fails when a page has another one.
 *
 *     docs_draw order | payment | reservation | routes | problems
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "edge/gateway/routes.h"
#include "services/inventory/reservation_machine.h"
#include "services/orders/order_machine.h"
#include "services/payments/payment_machine.h"

#define PAGE_BYTES_MAX 65536

static void draw_machine(const struct pgl_machine *machine, struct pgl_buffer *out)
{
    pgl_machine_draw_table(machine, out);
    pgl_buffer_add_literal(out, "\n```mermaid\n");
    pgl_machine_draw_diagram(machine, out);
    pgl_buffer_add_literal(out, "```\n");
}

static void draw_order(struct pgl_buffer *out)
{
    draw_machine(&pgl_order_machine, out);
}

static void draw_payment(struct pgl_buffer *out)
{
    draw_machine(&pgl_payment_machine, out);
}

static void draw_reservation(struct pgl_buffer *out)
{
    draw_machine(&pgl_reservation_machine, out);
}

static void draw_routes(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "| call | who may | answers within | what it is |\n"
                                "| --- | --- | --- | --- |\n");
    for (int i = 0; i < pgl_route_count; i++) {
        const struct pgl_route *route = &pgl_routes[i];
        pgl_buffer_printf(out, "| `%s %s` | ", pgl_http_method_name(route->method), route->path);
        pgl_rule_write(&route->rule, out);
        pgl_buffer_printf(out, " | %" PRId64 " s | %s |\n",
                          pgl_route_classes[route->class].at_most_ns / PGL_SECONDS(1),
                          route->summary);
    }
}

static void draw_problems(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "| type | status | in words |\n| --- | --- | --- |\n");
    for (int code = PGL_CODE_OK + 1; code < PGL_CODE_COUNT; code++)
        pgl_buffer_printf(out, "| `/problems/%s` | %d | %s |\n", pgl_code_name((enum pgl_code)code),
                          pgl_code_http((enum pgl_code)code), pgl_code_title((enum pgl_code)code));
}

static const struct {
    const char *name;
    void (*draw)(struct pgl_buffer *out);
} tables[] = {
    { "order", draw_order },   { "payment", draw_payment },   { "reservation", draw_reservation },
    { "routes", draw_routes }, { "problems", draw_problems },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof tables / sizeof tables[0]; i++) {
        if (strcmp(argv[1], tables[i].name) != 0)
            continue;
        struct pgl_buffer out;
        pgl_buffer_init(&out, PAGE_BYTES_MAX);
        tables[i].draw(&out);
        bool is_whole = !out.is_full && fwrite(out.data, 1, out.size, stdout) == out.size;
        pgl_buffer_free(&out);
        return is_whole ? 0 : 1;
    }
    fprintf(stderr, "usage: docs_draw order|payment|reservation|routes|problems\n");
    return 2;
}
