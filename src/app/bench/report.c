/* report.c - see report.h. */
#include "app/bench/report.h"

#define MEBIBYTE (1024.0 * 1024.0)

static double milliseconds(int64_t ns)
{
    return (double)ns / 1e6;
}

static double quantile_ms(const struct pgl_histogram *histogram, uint32_t per_million)
{
    return milliseconds(pgl_histogram_quantile_ns(histogram, per_million));
}

static double window_s(const struct pgl_load_result *result)
{
    return (double)(result->until.at_ns - result->from.at_ns) / 1e9;
}

static double rate(const struct pgl_load_result *result, uint64_t from, uint64_t until)
{
    return (double)(until - from) / window_s(result);
}

static double accepted_rate(const struct pgl_load_result *result)
{
    return rate(result, result->from.counts.accepted, result->until.counts.accepted);
}

static double confirmed_rate(const struct pgl_load_result *result)
{
    return rate(result, result->from.counts.confirmed, result->until.counts.confirmed);
}

/* Of the window, for each order accepted in it. */
static double cpu_us(const struct pgl_load_result *result, const struct pgl_real_process *from,
                     const struct pgl_real_process *until)
{
    uint64_t orders = result->until.counts.accepted - result->from.counts.accepted;
    return orders > 0 ? (double)(until->cpu_ns - from->cpu_ns) / 1e3 / (double)orders : 0;
}

bool pgl_report_is_good(const struct pgl_load *load)
{
    const struct pgl_load_result *result = &load->result;
    for (int status = 0; status <= PGL_LOAD_STATUS_MAX; status++)
        if (status != 201 && result->statuses[status] > 0)
            return false;
    return result->counts.accepted > 0 && result->lost == 0 && result->open == 0 &&
           result->unanswered == 0 && result->dropped == 0 && load->follow.malformed == 0;
}

/* ---- for people ---- */

static void write_times(const char *name, const struct pgl_histogram *times, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "%-10s p50 %.2f ms, p90 %.2f, p99 %.2f, p99.9 %.2f, max %.2f\n", name,
                      quantile_ms(times, 500000), quantile_ms(times, 900000),
                      quantile_ms(times, 990000), quantile_ms(times, 999000),
                      milliseconds(times->max_ns));
}

static void write_answers(const struct pgl_load_result *result, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "%-10s", "answers");
    for (int status = 0; status <= PGL_LOAD_STATUS_MAX; status++)
        if (result->statuses[status] > 0)
            pgl_buffer_printf(out, " %d: %llu,", status,
                              (unsigned long long)result->statuses[status]);
    pgl_buffer_printf(out, " none: %llu; connections broken %llu, arrivals dropped %llu\n",
                      (unsigned long long)result->unanswered, (unsigned long long)result->broken,
                      (unsigned long long)result->dropped);
}

static void write_cost(const struct pgl_load *load, struct pgl_buffer *out)
{
    const struct pgl_load_result *result = &load->result;
    pgl_buffer_printf(out, "%-10s generator %.1f us CPU an order", "cost",
                      cpu_us(result, &result->from.own, &result->until.own));
    if (load->options.server_pid != 0)
        pgl_buffer_printf(out, ", server %.1f us an order, %.1f MiB, at most %.1f MiB",
                          cpu_us(result, &result->from.server, &result->until.server),
                          (double)result->until.server.memory_bytes / MEBIBYTE,
                          (double)result->server_memory_max_bytes / MEBIBYTE);
    pgl_buffer_add_literal(out, "\n");
}

void pgl_report_write(const struct pgl_load *load, struct pgl_buffer *out)
{
    const struct pgl_load_result *result = &load->result;
    const struct pgl_load_counts *counts = &result->counts;
    pgl_buffer_printf(
        out,
        "%-10s accepted %llu, confirmed %llu, failed %llu, cancelled %llu, open %llu, lost %llu\n",
        "orders", (unsigned long long)counts->accepted, (unsigned long long)counts->confirmed,
        (unsigned long long)counts->failed, (unsigned long long)counts->cancelled,
        (unsigned long long)result->open, (unsigned long long)result->lost);
    pgl_buffer_printf(out,
                      "%-10s %.0f accepted/s, %.0f confirmed/s over %.1f s, %lld connections, ",
                      "rate", accepted_rate(result), confirmed_rate(result), window_s(result),
                      (long long)load->options.connections);
    if (load->options.rate > 0)
        pgl_buffer_printf(out, "open loop at %lld/s\n", (long long)load->options.rate);
    else
        pgl_buffer_add_literal(out, "closed loop\n");
    write_times("answered", &result->answered, out);
    write_times("confirmed", &result->confirmed, out);
    if (load->options.rate > 0)
        write_times("sent late", &result->late, out);
    write_answers(result, out);
    if (result->unheard + result->strangers + load->follow.breaks + load->follow.malformed > 0)
        pgl_buffer_printf(
            out, "%-10s asked for %llu, of others %llu, stream broken %llu, malformed %llu\n",
            "endings", (unsigned long long)result->unheard, (unsigned long long)result->strangers,
            (unsigned long long)load->follow.breaks, (unsigned long long)load->follow.malformed);
    write_cost(load, out);
}

/* ---- for programs ---- */

static void write_count(const char *name, uint64_t count, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "\"%s\":%llu,", name, (unsigned long long)count);
}

static void write_number(const char *name, double number, struct pgl_buffer *out)
{
    pgl_buffer_printf(out, "\"%s\":%.3f,", name, number);
}

static void write_times_json(const char *name, const struct pgl_histogram *times,
                             struct pgl_buffer *out)
{
    pgl_buffer_printf(out,
                      "\"%s\":{\"count\":%llu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,"
                      "\"max\":%.3f},",
                      name, (unsigned long long)times->count, quantile_ms(times, 500000),
                      quantile_ms(times, 900000), quantile_ms(times, 990000),
                      quantile_ms(times, 999000), milliseconds(times->max_ns));
}

static void write_statuses_json(const struct pgl_load_result *result, struct pgl_buffer *out)
{
    const char *comma = "";
    pgl_buffer_add_literal(out, "\"statuses\":{");
    for (int status = 0; status <= PGL_LOAD_STATUS_MAX; status++) {
        if (result->statuses[status] == 0)
            continue;
        pgl_buffer_printf(out, "%s\"%d\":%llu", comma, status,
                          (unsigned long long)result->statuses[status]);
        comma = ",";
    }
    pgl_buffer_add_literal(out, "},");
}

void pgl_report_write_json(const struct pgl_load *load, struct pgl_buffer *out)
{
    const struct pgl_load_result *result = &load->result;
    pgl_buffer_add_literal(out, "{");
    write_count("accepted", result->counts.accepted, out);
    write_count("confirmed", result->counts.confirmed, out);
    write_count("failed", result->counts.failed, out);
    write_count("cancelled", result->counts.cancelled, out);
    write_count("open", result->open, out);
    write_count("lost", result->lost, out);
    write_count("unanswered", result->unanswered, out);
    write_count("broken", result->broken, out);
    write_count("dropped", result->dropped, out);
    write_count("unheard", result->unheard, out);
    write_count("strangers", result->strangers, out);
    write_count("streamBreaks", load->follow.breaks, out);
    write_statuses_json(result, out);
    write_count("connections", (uint64_t)load->options.connections, out);
    write_count("ratePerSecond", (uint64_t)load->options.rate, out);
    write_number("seconds", window_s(result), out);
    write_number("acceptedPerSecond", accepted_rate(result), out);
    write_number("confirmedPerSecond", confirmed_rate(result), out);
    write_times_json("answeredMs", &result->answered, out);
    write_times_json("confirmedMs", &result->confirmed, out);
    write_times_json("sentLateMs", &result->late, out);
    write_number("generatorCpuUsPerOrder", cpu_us(result, &result->from.own, &result->until.own),
                 out);
    write_number("serverCpuUsPerOrder", cpu_us(result, &result->from.server, &result->until.server),
                 out);
    write_count("serverMemoryBytes", (uint64_t)result->until.server.memory_bytes, out);
    write_count("serverMemoryMaxBytes", (uint64_t)result->server_memory_max_bytes, out);
    pgl_buffer_printf(out, "\"good\":%s}\n", pgl_report_is_good(load) ? "true" : "false");
}
