/*
 * draw.c - prints one of the program's tables as Markdown, for the pages that show it. made.py puts
 * it there, and fails when a page has another one.
 *
 *     docs_draw order | payment | reservation | routes | access | methods | open | problems
 *
 * `rules` is for tests/blackbox/access_test.py, `method_rules` for tests/grpc/access.py: an object
 * of JSON a call.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "edge/gateway/routes.h"
#include "edge/grpc/services.h"
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

/* ---- who may what ---- */

static const enum pgl_jwt_role role_columns[PGL_ROLE_COUNT] = {
    PGL_ROLE_CUSTOMER, PGL_ROLE_PARTNER, PGL_ROLE_WAREHOUSE, PGL_ROLE_SUPPORT, PGL_ROLE_OPERATOR
};

static bool is_open(const struct pgl_rule *rule)
{
    return (rule->roles & (PGL_RULE_ANYONE | PGL_RULE_SIGNED)) != 0;
}

/* Whatever can be called: its method, its path, its rule. */
typedef void show(const char *method, const char *path, const struct pgl_rule *rule,
                  struct pgl_buffer *out);

static void each_route(show *one, struct pgl_buffer *out)
{
    for (int i = 0; i < pgl_route_count; i++)
        one(pgl_http_method_name(pgl_routes[i].method), pgl_routes[i].path, &pgl_routes[i].rule,
            out);
}

static void each_method(show *one, struct pgl_buffer *out)
{
    for (int i = 0; i < EDGE_GRPC_SERVICES_WITH_REFLECTION; i++) {
        const struct pgl_grpc_service *service = &edge_grpc_services[i];
        for (unsigned n = 0; n < service->contract->n_methods; n++) {
            const struct edge_grpc_row *row = service->methods[n].row;
            char path[128];
            snprintf(path, sizeof path, "/%s/%s", pgl_grpc_service_name(service),
                     service->contract->methods[n].name);
            if (row != NULL)
                one("POST", path, &row->route.rule, out);
        }
    }
}

static void show_row(const char *method, const char *path, const struct pgl_rule *rule,
                     struct pgl_buffer *out)
{
    if (is_open(rule))
        return;
    if (strncmp(path, "/api/", 5) == 0)
        pgl_buffer_printf(out, "| `%s %s` |", method, path);
    else
        pgl_buffer_printf(out, "| `%s` |", path + 1);
    for (int r = 0; r < PGL_ROLE_COUNT; r++)
        pgl_buffer_printf(out, " %s |", rule->roles & role_columns[r] ? "yes" : "");
    pgl_buffer_printf(out, " `%s` |\n", rule->scope);
}

static void draw_header(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "| call |");
    for (int r = 0; r < PGL_ROLE_COUNT; r++)
        pgl_buffer_printf(out, " %s |", pgl_jwt_role_name(role_columns[r]));
    pgl_buffer_add_literal(out, " scope of a key |\n| --- | --- | --- | --- | --- | --- | --- |\n");
}

static void draw_access(struct pgl_buffer *out)
{
    draw_header(out);
    each_route(show_row, out);
}

static void draw_methods(struct pgl_buffer *out)
{
    draw_header(out);
    each_method(show_row, out);
}

static void show_open(const char *method, const char *path, const struct pgl_rule *rule,
                      struct pgl_buffer *out)
{
    if (!is_open(rule))
        return;
    pgl_buffer_printf(out, "| `%s %s` | ", method, path);
    pgl_rule_write(rule, out);
    pgl_buffer_add_literal(out, " |\n");
}

static void draw_open(struct pgl_buffer *out)
{
    pgl_buffer_add_literal(out, "| call | who |\n| --- | --- |\n");
    each_route(show_open, out);
    each_method(show_open, out);
}

static void show_rule(const char *method, const char *path, const struct pgl_rule *rule,
                      struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "{\"method\":\"%s\",\"path\":\"%s\",\"open\":%s,\"scope\":\"%s\"",
                      method, path, is_open(rule) ? "true" : "false",
                      rule->scope != NULL ? rule->scope : "");
    pgl_buffer_add_literal(out, ",\"roles\":[");
    const char *before = "";
    for (int r = 0; r < PGL_ROLE_COUNT; r++) {
        if ((rule->roles & role_columns[r]) == 0)
            continue;
        pgl_buffer_printf(out, "%s\"%s\"", before, pgl_jwt_role_name(role_columns[r]));
        before = ",";
    }
    pgl_buffer_add_literal(out, "]}\n");
}

static void draw_rules(struct pgl_buffer *out)
{
    each_route(show_rule, out);
}

static void draw_method_rules(struct pgl_buffer *out)
{
    each_method(show_rule, out);
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
    { "order", draw_order },
    { "payment", draw_payment },
    { "reservation", draw_reservation },
    { "routes", draw_routes },
    { "problems", draw_problems },
    { "access", draw_access },
    { "open", draw_open },
    { "rules", draw_rules },
    { "methods", draw_methods },
    { "method_rules", draw_method_rules },
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
    fprintf(stderr,
            "usage: docs_draw order|payment|reservation|routes|access|methods|open|problems|"
            "rules|method_rules\n");
    return 2;
}
