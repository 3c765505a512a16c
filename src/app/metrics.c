/* metrics.c - see metrics.h. */
#include "app/metrics.h"

#include "services/payments/card_rules.h"

static const char *const file_labels[PGL_FILE_COUNT] = {
    [PGL_FILE_CATALOG] = "service=\"catalog\"",   [PGL_FILE_ORDERS] = "service=\"orders\"",
    [PGL_FILE_PAYMENTS] = "service=\"payments\"", [PGL_FILE_INVENTORY] = "service=\"inventory\"",
    [PGL_FILE_WEBHOOKS] = "service=\"webhooks\"", [PGL_FILE_IDENTITY] = "service=\"identity\"",
};

/* Of every writer: name, help, kind, where it lies in struct pgl_writer_metrics. */
static const struct writer_row {
    const char *name, *help;
    enum pgl_metric_kind kind;
    size_t offset;
} writer_rows[] = {
    { "panglot_commits_total", "Transactions committed.", PGL_METRIC_COUNTER,
      offsetof(struct pgl_writer_metrics, commits) },
    { "panglot_units_total", "Commands and events in them; divided by the commits, the batch size.",
      PGL_METRIC_COUNTER, offsetof(struct pgl_writer_metrics, units) },
    { "panglot_rollbacks_total", "Transactions rolled back.", PGL_METRIC_COUNTER,
      offsetof(struct pgl_writer_metrics, rollbacks) },
    { "panglot_checkpoints_total", "Copies of the write-ahead log into its file.",
      PGL_METRIC_COUNTER, offsetof(struct pgl_writer_metrics, checkpoints) },
    { "panglot_wal_pages", "Pages in the write-ahead log.", PGL_METRIC_GAUGE,
      offsetof(struct pgl_writer_metrics, wal_pages) },
};

static void register_writers(struct pgl_boot *boot)
{
    struct pgl_registry *registry = &boot->registry;
    for (size_t r = 0; r < sizeof writer_rows / sizeof writer_rows[0]; r++)
        for (int f = 0; f < PGL_FILE_COUNT; f++) {
            if (!pgl_boot_has(boot, f))
                continue;
            pgl_registry_add(
                registry, writer_rows[r].name, writer_rows[r].help, writer_rows[r].kind,
                file_labels[f],
                (const void *)((const char *)&boot->writers[f].metrics + writer_rows[r].offset));
        }
    for (int f = 0; f < PGL_FILE_COUNT; f++)
        if (pgl_boot_has(boot, f))
            pgl_registry_add_latency(registry, "panglot_commit_duration_seconds",
                                     "COMMIT, its sync included.", file_labels[f],
                                     &boot->writers[f].metrics.commit_latency);
}

static void register_consumers(struct pgl_boot *boot)
{
    const struct {
        const char *labels;
        const struct pgl_consumer *consumer;
    } rows[] = {
        { "consumer=\"orders\",log=\"payments\"", &boot->orders.payments },
        { "consumer=\"orders\",log=\"inventory\"", &boot->orders.inventory },
        { "consumer=\"payments\",log=\"orders\"", &boot->payments.orders },
        { "consumer=\"payments\",log=\"inventory\"", &boot->payments.inventory },
        { "consumer=\"inventory\",log=\"payments\"", &boot->inventory.payments },
        { "consumer=\"webhooks\",log=\"orders\"", &boot->webhooks.core.consumers[0] },
        { "consumer=\"webhooks\",log=\"payments\"", &boot->webhooks.core.consumers[1] },
        { "consumer=\"webhooks\",log=\"inventory\"", &boot->webhooks.core.consumers[2] },
    };
    const size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++)
        if (rows[i].consumer->writer != NULL)
            pgl_registry_add(&boot->registry, "panglot_events_handled_total", "Events handled.",
                             PGL_METRIC_COUNTER, rows[i].labels, &rows[i].consumer->handled);
    for (size_t i = 0; i < count; i++)
        if (rows[i].consumer->writer != NULL)
            pgl_registry_add(&boot->registry, "panglot_log_lag_events",
                             "Events that the consumer has not handled yet, as far as it knows.",
                             PGL_METRIC_GAUGE, rows[i].labels, &rows[i].consumer->lag);
    for (size_t i = 0; i < count; i++)
        if (rows[i].consumer->writer != NULL)
            pgl_registry_add(&boot->registry, "panglot_events_parked",
                             "Events set aside because they could not be handled.",
                             PGL_METRIC_GAUGE, rows[i].labels, &rows[i].consumer->parked);
    for (size_t i = 0; i < count; i++)
        if (rows[i].consumer->writer != NULL)
            pgl_registry_add(&boot->registry, "panglot_consumer_halted",
                             "1 when the log is not what it was, and nothing of it is handled.",
                             PGL_METRIC_GAUGE, rows[i].labels, &rows[i].consumer->halted);
}

static void register_logs(struct pgl_boot *boot)
{
    const struct {
        const char *labels;
        const struct pgl_keep *keep;
    } rows[] = {
        { "log=\"orders\"", &boot->orders.state.log.keep },
        { "log=\"payments\"", &boot->payments.desk.log.keep },
        { "log=\"inventory\"", &boot->inventory.core.log.keep },
    };
    const size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++)
        if (rows[i].keep->log != NULL)
            pgl_registry_add(
                &boot->registry, "panglot_log_behind_events",
                "Events that the slowest of those who have to read them has not handled.",
                PGL_METRIC_GAUGE, rows[i].labels, &rows[i].keep->behind);
    for (size_t i = 0; i < count; i++)
        if (rows[i].keep->log != NULL)
            pgl_registry_add(&boot->registry, "panglot_log_pruned_total",
                             "Events that were old enough to go.", PGL_METRIC_COUNTER,
                             rows[i].labels, &rows[i].keep->pruned);
}

static void register_orders(struct pgl_boot *boot)
{
    pgl_registry_add(&boot->registry, "panglot_orders_shed_total",
                     "Orders not taken, since those before them were not settled in time.",
                     PGL_METRIC_COUNTER, "", &boot->edge.shed);
    for (int state = 0; state < ORDER_STATE_COUNT; state++)
        pgl_registry_add(
            &boot->registry, "panglot_orders", "Orders by state.", PGL_METRIC_GAUGE,
            pgl_arena_printf(&boot->arena, "state=\"%s\"", pgl_order_machine.state_names[state]),
            &boot->orders.state.tally.gauges[state]);
    pgl_registry_add(&boot->registry, "panglot_orders_past_deadline",
                     "Orders that are not settled though their deadline has passed.",
                     PGL_METRIC_GAUGE, "", &boot->orders.state.deadlines.past);
}

static void register_calls(struct pgl_boot *boot)
{
    for (int verb = 0; verb < PROVIDER_VERB_COUNT; verb++)
        for (int seen = 0; seen < PROVIDER_SEEN_COUNT; seen++)
            pgl_registry_add(&boot->registry, "panglot_provider_calls_total",
                             "Calls of the payment provider, by what was seen.", PGL_METRIC_COUNTER,
                             pgl_arena_printf(&boot->arena, "verb=\"%s\",seen=\"%s\"",
                                              pgl_card_verb_names[verb], pgl_card_seen_names[seen]),
                             &boot->payments.worker.seen[verb][seen]);
}

static void register_cards(struct pgl_boot *boot)
{
    const struct pgl_payments *payments = &boot->payments;
    const struct {
        const char *name, *help;
        enum pgl_metric_kind kind;
        const struct pgl_counter *counter;
    } rows[] = {
        { "panglot_provider_calls_in_flight", "Calls that wait for their answer.", PGL_METRIC_GAUGE,
          &payments->worker.in_flight },
        { "panglot_provider_breaker_state", "0 closed, 1 open, 2 half open.", PGL_METRIC_GAUGE,
          &payments->worker.breaker_state },
        { "panglot_provider_forbidden_total", "Calls that our key was not good for.",
          PGL_METRIC_COUNTER, &payments->worker.forbidden },
        { "panglot_intents_open", "Operations that are to be done at the provider.",
          PGL_METRIC_GAUGE, &payments->gauges.open },
        { "panglot_intents_parked", "Those of them that wait for a person.", PGL_METRIC_GAUGE,
          &payments->gauges.parked },
        { "panglot_intents_oldest_seconds", "How long ago the oldest of them was planned.",
          PGL_METRIC_GAUGE, &payments->gauges.oldest_seconds },
        { "panglot_reconciliation_critical",
          "What did not agree with the provider, in the last run that ended.", PGL_METRIC_GAUGE,
          &payments->reconcile.critical_gauge },
        { "panglot_reconciliation_ended_seconds", "When that was, Unix time; 0 never.",
          PGL_METRIC_GAUGE, &payments->reconcile.ended_gauge },
    };
    if (!payments->desk.offers_cards)
        return;
    register_calls(boot);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        pgl_registry_add(&boot->registry, rows[i].name, rows[i].help, rows[i].kind, "",
                         rows[i].counter);
}

static void register_webhooks(struct pgl_boot *boot)
{
    const char *name = "panglot_webhook_attempts_total", *help = "Attempts to deliver an event.";
    pgl_registry_add(&boot->registry, name, help, PGL_METRIC_COUNTER, "outcome=\"delivered\"",
                     &boot->webhooks.run.delivered);
    pgl_registry_add(&boot->registry, name, help, PGL_METRIC_COUNTER, "outcome=\"failed\"",
                     &boot->webhooks.run.failed);
    pgl_registry_add(&boot->registry, "panglot_webhook_endpoints", "Endpoints that are enabled.",
                     PGL_METRIC_GAUGE, "", &boot->webhooks.enabled);
}

static void register_trust(struct pgl_boot *boot)
{
    const char *name = "panglot_credentials_refused_total";
    const char *help = "Tokens and API keys that let nobody in.";
    pgl_registry_add(&boot->registry, name, help, PGL_METRIC_COUNTER, "kind=\"token\"",
                     &boot->trust.metrics.tokens_refused);
    pgl_registry_add(&boot->registry, name, help, PGL_METRIC_COUNTER, "kind=\"key\"",
                     &boot->trust.metrics.keys_refused);
    pgl_registry_add(&boot->registry, "panglot_credentials_locked_out_total",
                     "Requests of those who had shown too many wrong ones.", PGL_METRIC_COUNTER, "",
                     &boot->trust.metrics.locked_out);
    pgl_registry_add(&boot->registry, "panglot_issuer_keys_wished_total",
                     "Times that issuers were asked for a key that nobody knew.",
                     PGL_METRIC_COUNTER, "", &boot->trust.metrics.wishes);
}

static void register_loops(struct pgl_boot *boot)
{
    for (int l = 0; l < PGL_LOOP_COUNT; l++)
        if (boot->loops[l].name != NULL) /* else it is of a role that is elsewhere */
            pgl_registry_add(&boot->registry, "panglot_loop_turns_total", "Turns of the loop.",
                             PGL_METRIC_COUNTER,
                             pgl_arena_printf(&boot->arena, "loop=\"%s\"", boot->loops[l].name),
                             &boot->loops[l].turns);
    for (int l = 0; l < PGL_LOOP_COUNT; l++)
        if (boot->loops[l].name != NULL)
            pgl_registry_add(&boot->registry, "panglot_loop_slow_turns_total",
                             "Turns that took longer than a loop may.", PGL_METRIC_COUNTER,
                             pgl_arena_printf(&boot->arena, "loop=\"%s\"", boot->loops[l].name),
                             &boot->loops[l].slow_turns);
    pgl_registry_add(&boot->registry, "panglot_log_lines_left_out_total",
                     "Log lines that were more than a source may write in a second.",
                     PGL_METRIC_COUNTER, "", &boot->log_cap.left_out);
}

void pgl_metrics_register_door(struct pgl_boot *boot, const struct pgl_tls_door *door,
                               const char *listener)
{
    const struct {
        const char *outcome;
        const struct pgl_counter *counter;
    } rows[] = { { "through", &door->metrics.through },
                 { "failed", &door->metrics.failed },
                 { "late", &door->metrics.late },
                 { "gave-way", &door->metrics.gave_way } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        pgl_registry_add(&boot->registry, "panglot_tls_handshakes_total",
                         "Handshakes of TLS, by how they ended.", PGL_METRIC_COUNTER,
                         pgl_arena_printf(&boot->arena, "listener=\"%s\",outcome=\"%s\"", listener,
                                          rows[i].outcome),
                         rows[i].counter);
    pgl_registry_add(&boot->registry, "panglot_tls_handshakes_open", "Handshakes under way.",
                     PGL_METRIC_GAUGE, pgl_arena_printf(&boot->arena, "listener=\"%s\"", listener),
                     &door->metrics.open);
}

void pgl_metrics_register(struct pgl_boot *boot)
{
    register_writers(boot);
    register_consumers(boot);
    register_logs(boot);
    if (pgl_boot_runs(boot, PGL_RUN_ORDERS))
        register_orders(boot);
    if (pgl_boot_runs(boot, PGL_RUN_PAYMENTS))
        register_cards(boot);
    if (pgl_boot_runs(boot, PGL_RUN_WEBHOOKS))
        register_webhooks(boot);
    if (pgl_boot_runs(boot, PGL_RUN_GATEWAY))
        register_trust(boot);
    register_loops(boot);
}
