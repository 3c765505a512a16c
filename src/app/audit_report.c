/* audit_report.c - see audit_report.h. */
#include "app/audit_report.h"

#include <stdio.h>
#include <string.h>

#include "app/audit.h"
#include "wire/json.h"

const char *pgl_audit_state_name(const struct pgl_machine *machine, int64_t state)
{
    return state >= 0 && state < machine->state_count ? machine->state_names[state] : "?";
}

void pgl_audit_report_note(struct pgl_audit_report *report, enum pgl_invariant invariant,
                           const char *name, const char *what)
{
    struct pgl_finding *finding = &report->findings[invariant];
    finding->violations++;
    if (finding->offender_count == PGL_OFFENDERS_MAX)
        return;
    struct pgl_offender *offender = &finding->offenders[finding->offender_count++];
    snprintf(offender->name, sizeof offender->name, "%s", name);
    snprintf(offender->what, sizeof offender->what, "%s", what);
}

/* The three kinds of rows with a state, each with its machine; state 0 of the latter two is no
 * row. */
static const struct {
    const char *name;
    const struct pgl_machine *machine;
    size_t counts; /* offset in the report */
    int first;
} counted[] = {
    { "orders", &pgl_order_machine, offsetof(struct pgl_audit_report, orders), 0 },
    { "payments", &pgl_payment_machine, offsetof(struct pgl_audit_report, payments), 1 },
    { "reservations", &pgl_reservation_machine, offsetof(struct pgl_audit_report, reservations),
      1 },
};
#define COUNTED (sizeof counted / sizeof counted[0])

static const struct {
    const char *text, *json;
    size_t sum; /* offset in struct pgl_currency_sums */
} sums[] = {
    { "ordered", "orderedMinor", offsetof(struct pgl_currency_sums, ordered) },
    { "confirmed", "confirmedMinor", offsetof(struct pgl_currency_sums, confirmed) },
    { "authorized", "authorizedMinor", offsetof(struct pgl_currency_sums, authorized) },
    { "captured", "capturedMinor", offsetof(struct pgl_currency_sums, captured) },
    { "released", "releasedMinor", offsetof(struct pgl_currency_sums, released) },
    { "held", "heldMinor", offsetof(struct pgl_currency_sums, held) },
};
#define SUMS (sizeof sums / sizeof sums[0])

static const struct {
    const char *text, *json;
    size_t count; /* offset in the report */
} stocks[] = {
    { "rows", "rows", offsetof(struct pgl_audit_report, stock_rows) },
    { "reserved", "reserved", offsetof(struct pgl_audit_report, reserved) },
    { "held", "held", offsetof(struct pgl_audit_report, held) },
    { "committed", "committed", offsetof(struct pgl_audit_report, committed) },
    { "shortfalls", "shortfalls", offsetof(struct pgl_audit_report, shortfalls) },
};
#define STOCKS (sizeof stocks / sizeof stocks[0])

static const char *const log_names[PGL_AUDITED_LOGS] = { "orders", "payments", "inventory" };

static const int64_t *number_at(const void *base, size_t offset)
{
    return (const int64_t *)(const void *)((const char *)base + offset);
}

/* ---- for people ---- */

static void text_line(struct pgl_buffer *out, const char *name)
{
    pgl_buffer_printf(out, "%-13s", name);
}

static void text_number(struct pgl_buffer *out, const char *name, int64_t value)
{
    pgl_buffer_printf(out, "  %s %lld", name, (long long)value);
}

static void text_counts(const struct pgl_audit_report *report, struct pgl_buffer *out)
{
    for (size_t c = 0; c < COUNTED; c++) {
        const int64_t *counts = number_at(report, counted[c].counts);
        int64_t all = 0;
        for (int state = counted[c].first; state < counted[c].machine->state_count; state++)
            all += counts[state];
        text_line(out, counted[c].name);
        pgl_buffer_printf(out, "%9lld", (long long)all);
        for (int state = counted[c].first; state < counted[c].machine->state_count; state++)
            if (counts[state] != 0)
                text_number(out, counted[c].machine->state_names[state], counts[state]);
        pgl_buffer_add_char(out, '\n');
    }
}

static void text_sums(const struct pgl_audit_report *report, struct pgl_buffer *out)
{
    for (int i = 0; i < report->currency_count; i++) {
        text_line(out, report->currencies[i].currency);
        for (size_t s = 0; s < SUMS; s++)
            text_number(out, sums[s].text, *number_at(&report->currencies[i], sums[s].sum));
        pgl_buffer_add_literal(out, "  (minor units)\n");
    }
    text_line(out, "stock");
    for (size_t s = 0; s < STOCKS; s++)
        text_number(out, stocks[s].text, *number_at(report, stocks[s].count));
    pgl_buffer_add_char(out, '\n');
    text_line(out, "events");
    for (int l = 0; l < PGL_AUDITED_LOGS; l++)
        text_number(out, log_names[l], report->events[l]);
    text_number(out, "to be read", report->lag);
    text_number(out, "parked", report->parked);
    pgl_buffer_add_char(out, '\n');
}

static void text_finding(const struct pgl_finding *finding, const struct pgl_invariant_row *row,
                         struct pgl_buffer *out)
{
    if (!finding->is_looked_at) {
        pgl_buffer_printf(out, "%-4s -        %9s  %s\n", row->id, "", row->says);
        return;
    }
    pgl_buffer_printf(out, "%-4s %-8s %9lld  %s\n", row->id,
                      finding->violations == 0 ? "holds" : "BROKEN", (long long)finding->checked,
                      row->says);
    for (int i = 0; i < finding->offender_count; i++)
        pgl_buffer_printf(out, "        %s: %s\n", finding->offenders[i].name,
                          finding->offenders[i].what);
    if (finding->violations > finding->offender_count || finding->is_more)
        pgl_buffer_printf(out, "        %lld in all%s\n", (long long)finding->violations,
                          finding->is_more ? ", or more" : "");
}

void pgl_audit_report_write_text(const struct pgl_audit_report *report, struct pgl_buffer *out)
{
    text_counts(report, out);
    text_sums(report, out);
    pgl_buffer_add_char(out, '\n');
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++)
        text_finding(&report->findings[i], &pgl_invariants[i], out);
    pgl_buffer_printf(out, "\n%s; %s\n", report->is_clean ? "clean" : "BROKEN",
                      report->is_at_rest ? "at rest" : "at work, so Q1 to Q7 were not looked at");
}

/* ---- for programs ---- */

/* Members of the object that is being written; a comma before each but the first. */
static void json_name(struct pgl_buffer *out, const char *name)
{
    if (out->size > 0 && out->data[out->size - 1] != '{')
        pgl_buffer_add_char(out, ',');
    pgl_json_write_string(out, pgl_text_of(name));
    pgl_buffer_add_char(out, ':');
}

static void json_number(struct pgl_buffer *out, const char *name, int64_t value)
{
    json_name(out, name);
    pgl_buffer_add_i64(out, value);
}

static void json_bool(struct pgl_buffer *out, const char *name, bool value)
{
    json_name(out, name);
    pgl_buffer_add_text(out, value ? PGL_TEXT("true") : PGL_TEXT("false"));
}

/* SKUs and codes are ASCII; what a damaged row holds may be anything. */
static void json_text(struct pgl_buffer *out, const char *name, const char *text)
{
    json_name(out, name);
    pgl_json_write_string(
        out, pgl_text_is_utf8(pgl_text_of(text)) ? pgl_text_of(text) : PGL_TEXT("(not UTF-8)"));
}

static void json_counts(const struct pgl_audit_report *report, struct pgl_buffer *out)
{
    for (size_t c = 0; c < COUNTED; c++) {
        json_name(out, counted[c].name);
        pgl_buffer_add_char(out, '{');
        for (int state = counted[c].first; state < counted[c].machine->state_count; state++)
            json_number(out, counted[c].machine->state_names[state],
                        number_at(report, counted[c].counts)[state]);
        pgl_buffer_add_char(out, '}');
    }
}

static void json_sums(const struct pgl_audit_report *report, struct pgl_buffer *out)
{
    json_name(out, "money");
    pgl_buffer_add_char(out, '{');
    for (int i = 0; i < report->currency_count; i++) {
        json_name(out, report->currencies[i].currency);
        pgl_buffer_add_char(out, '{');
        for (size_t s = 0; s < SUMS; s++)
            json_number(out, sums[s].json, *number_at(&report->currencies[i], sums[s].sum));
        pgl_buffer_add_char(out, '}');
    }
    pgl_buffer_add_char(out, '}');
    json_name(out, "stock");
    pgl_buffer_add_char(out, '{');
    for (size_t s = 0; s < STOCKS; s++)
        json_number(out, stocks[s].json, *number_at(report, stocks[s].count));
    pgl_buffer_add_char(out, '}');
    json_name(out, "events");
    pgl_buffer_add_char(out, '{');
    for (int l = 0; l < PGL_AUDITED_LOGS; l++)
        json_number(out, log_names[l], report->events[l]);
    json_number(out, "lag", report->lag);
    json_number(out, "parked", report->parked);
    pgl_buffer_add_char(out, '}');
}

static void json_finding(const struct pgl_finding *finding, const struct pgl_invariant_row *row,
                         struct pgl_buffer *out)
{
    pgl_buffer_add_char(out, '{');
    json_text(out, "id", row->id);
    json_text(out, "says", row->says);
    json_bool(out, "lookedAt", finding->is_looked_at);
    json_number(out, "checked", finding->checked);
    json_number(out, "violationCount", finding->violations);
    json_bool(out, "more", finding->is_more);
    json_name(out, "violations");
    pgl_buffer_add_char(out, '[');
    for (int i = 0; i < finding->offender_count; i++) {
        pgl_buffer_add_text(out, i == 0 ? PGL_TEXT("{") : PGL_TEXT(",{"));
        json_text(out, "id", finding->offenders[i].name);
        json_text(out, "what", finding->offenders[i].what);
        pgl_buffer_add_char(out, '}');
    }
    pgl_buffer_add_text(out, PGL_TEXT("]}"));
}

void pgl_audit_report_write_json(const struct pgl_audit_report *report, struct pgl_buffer *out)
{
    pgl_buffer_add_char(out, '{');
    json_bool(out, "ok", report->is_clean);
    json_bool(out, "idle", report->is_at_rest);
    json_counts(report, out);
    json_sums(report, out);
    json_name(out, "checks");
    pgl_buffer_add_char(out, '[');
    for (int i = 0; i < PGL_INVARIANT_COUNT; i++) {
        if (i > 0)
            pgl_buffer_add_char(out, ',');
        json_finding(&report->findings[i], &pgl_invariants[i], out);
    }
    pgl_buffer_add_text(out, PGL_TEXT("]}\n"));
}
