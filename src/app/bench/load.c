/* load.c - see load.h. */
#include "app/bench/load.h"

#include "app/bench/drive.h"
#include "contract/orders.h"
#include "wire/json.h"

#define ARENA_CHUNK_BYTES 65536
#define ARENA_LIMIT_BYTES (1u << 30)
#define READ_BYTES_MAX    8192                 /* the head of an answer; its body passes through */
#define REST_NS           PGL_MILLISECONDS(50) /* after a refusal or a broken connection */
#define FOLLOW_BEGIN_NS   PGL_MILLISECONDS(300)
#define ANSWERS_NS        PGL_SECONDS(10) /* for the last answers */

/* One connection and the order that it is placing. */
struct pgl_load_asker {
    struct pgl_client client;
    struct pgl_load *load;
    struct pgl_list node; /* in idle or resting */
    int64_t due_ns, rest_until_ns;
    int status;
    bool has_id, is_asking_again;
    pgl_id id;
};

static int64_t clock_ns(const struct pgl_load *load)
{
    return pgl_clock_monotonic_ns(&load->loop->platform->clock);
}

static bool is_measured(const struct pgl_load *load, int64_t due_ns)
{
    return due_ns >= load->window_from_ns && due_ns < load->window_until_ns;
}

/* ---- placing ---- */

/* Whether an order that is due then is still to be placed. */
static bool is_wanted(const struct pgl_load *load, int64_t due_ns)
{
    bool is_enough = load->options.count > 0 && load->placed == (uint64_t)load->options.count;
    return due_ns < load->window_until_ns && !is_enough;
}

static void place(struct pgl_load_asker *asker, int64_t due_ns)
{
    struct pgl_load *load = asker->load;
    asker->due_ns = due_ns;
    asker->client.out_size =
        pgl_shop_write_order(load->shop, load->placed++ % load->shop->customer_count,
                             (size_t)load->options.lines, &load->random, asker->client.out);
    load->asking++;
    if (load->placed == (uint64_t)load->options.count)
        load->window_until_ns = due_ns + 1; /* the last one is still inside */
    pgl_client_send(&asker->client);
}

/* For the next order: at once in the closed loop, when one is due in the open one. */
static void go_on(struct pgl_load_asker *asker, int64_t now_ns)
{
    struct pgl_load *load = asker->load;
    if (load->options.rate == 0 && is_wanted(load, now_ns))
        place(asker, now_ns);
    else
        pgl_list_append(&load->idle, &asker->node);
}

static void rest(struct pgl_load_asker *asker, bool is_asking_again)
{
    asker->rest_until_ns = clock_ns(asker->load) + REST_NS;
    asker->is_asking_again = is_asking_again;
    pgl_list_append(&asker->load->resting, &asker->node);
}

/* The instant at which the next order of the open loop is due. */
static int64_t next_due_ns(const struct pgl_load *load)
{
    return load->begin_ns +
           (int64_t)((__int128)load->arrivals * PGL_SECONDS(1) / load->options.rate);
}

static void place_what_is_due(struct pgl_load *load, int64_t now_ns)
{
    int64_t due_ns;
    while ((due_ns = next_due_ns(load)) <= now_ns && is_wanted(load, due_ns)) {
        struct pgl_list *node = pgl_list_take_first(&load->idle);
        bool is_dropped = node == NULL && now_ns - due_ns > PGL_LOAD_LATE_MAX_NS;
        if (node == NULL && !is_dropped)
            return;
        load->arrivals++;
        load->result.dropped += is_dropped;
        if (is_dropped)
            continue;
        if (is_measured(load, due_ns))
            pgl_histogram_add(&load->result.late, now_ns - due_ns);
        place(PGL_CONTAINER(node, struct pgl_load_asker, node), due_ns);
    }
}

static void wake_the_rested(struct pgl_load *load, int64_t now_ns)
{
    while (!pgl_list_is_empty(&load->resting)) {
        struct pgl_load_asker *asker =
            PGL_CONTAINER(load->resting.next, struct pgl_load_asker, node);
        if (asker->rest_until_ns > now_ns)
            return;
        pgl_list_remove(&asker->node);
        if (asker->is_asking_again)
            pgl_client_send(&asker->client);
        else
            go_on(asker, now_ns);
    }
}

/* ---- endings ---- */

static void count_ending(struct pgl_load_counts *counts, enum pgl_open_order_state state)
{
    counts->confirmed += state == PGL_OPEN_CONFIRMED;
    counts->failed += state == PGL_OPEN_FAILED;
    counts->cancelled += state == PGL_OPEN_CANCELLED;
}

/* `order` as it was accepted. */
static void end_order(struct pgl_load *load, const struct pgl_open_order *order,
                      enum pgl_open_order_state state, int64_t ended_ns)
{
    count_ending(&load->result.counts, state);
    load->last_ending_ns = ended_ns;
    if (state == PGL_OPEN_CONFIRMED && is_measured(load, order->at_ns))
        pgl_histogram_add(&load->result.confirmed, ended_ns - order->at_ns);
}

static void on_ending(void *owner, pgl_id id, enum pgl_open_order_state state)
{
    struct pgl_load *load = owner;
    int64_t now_ns = clock_ns(load);
    struct pgl_open_order order = pgl_open_orders_take(&load->open, id);
    if (order.state == PGL_OPEN_ACCEPTED) {
        end_order(load, &order, state, now_ns);
    } else if (pgl_is_ok(load->fatal)) {
        struct pgl_open_order ended = { id, now_ns, state };
        load->fatal = pgl_open_orders_put(&load->open, &ended);
    }
}

/* ---- answers ---- */

static void on_head(void *owner, const struct pgl_http_response_head *head)
{
    static const struct pgl_text front = { "/api/v1/orders/", 15 };
    struct pgl_load_asker *asker = owner;
    struct pgl_text location = { NULL, 0 };
    asker->status = head->status;
    asker->has_id = false;
    if (head->status != 201)
        return;
    pgl_http_find_field(head->fields, head->field_count, PGL_TEXT("location"), &location);
    if (pgl_text_starts_with(location, front)) {
        struct pgl_text id = { location.data + front.size, location.size - front.size };
        asker->has_id = pgl_is_ok(pgl_id_parse(id, &asker->id));
    }
}

static void on_piece(void *owner, struct pgl_text piece)
{
    (void)owner, (void)piece; /* the order as it is shown: Location said which */
}

/* Its ending may have been heard before. */
static void accept(struct pgl_load *load, const struct pgl_load_asker *asker, int64_t now_ns)
{
    struct pgl_open_order accepted = { asker->id, asker->due_ns, PGL_OPEN_ACCEPTED };
    load->result.counts.accepted++;
    if (is_measured(load, asker->due_ns))
        pgl_histogram_add(&load->result.answered, now_ns - asker->due_ns);
    struct pgl_open_order ended = pgl_open_orders_take(&load->open, asker->id);
    if (ended.state != PGL_OPEN_NONE)
        end_order(load, &accepted, ended.state, ended.at_ns);
    else if (pgl_is_ok(load->fatal))
        load->fatal = pgl_open_orders_put(&load->open, &accepted);
}

static void on_end(void *owner)
{
    struct pgl_load_asker *asker = owner;
    struct pgl_load *load = asker->load;
    int64_t now_ns = clock_ns(load);
    load->asking--;
    load->result.statuses[asker->status <= PGL_LOAD_STATUS_MAX ? asker->status : 0]++;
    if (!asker->has_id) {
        rest(asker, false);
        return;
    }
    accept(load, asker, now_ns);
    go_on(asker, now_ns);
}

static void on_broken(void *owner)
{
    struct pgl_load_asker *asker = owner;
    asker->load->result.broken++;
    rest(asker, true);
}

/* ---- time ---- */

static struct pgl_load_mark mark(struct pgl_load *load)
{
    struct pgl_load_mark now = { .at_ns = clock_ns(load), .counts = load->result.counts };
    pgl_status own = load->options.read_process(0, &now.own), server = PGL_OK;
    if (load->options.server_pid != 0)
        server = load->options.read_process(load->options.server_pid, &now.server);
    if (pgl_is_ok(load->fatal))
        load->fatal = pgl_is_ok(own) ? server : own;
    if (now.server.memory_bytes > load->result.server_memory_max_bytes)
        load->result.server_memory_max_bytes = now.server.memory_bytes;
    return now;
}

static void watch_time(struct pgl_load *load, int64_t now_ns)
{
    if (load->result.from.at_ns == 0 && now_ns >= load->window_from_ns)
        load->result.from = mark(load);
    if (load->result.until.at_ns == 0 && now_ns >= load->window_until_ns)
        load->result.until = mark(load);
    if (now_ns >= load->next_second_ns) {
        struct pgl_load_mark now = mark(load);
        if (load->options.on_second != NULL)
            load->options.on_second(load, &now);
        load->second = now.counts;
        load->next_second_ns += PGL_SECONDS(1);
    }
}

static bool is_all_ended(const struct pgl_load *load)
{
    const struct pgl_load_counts *counts = &load->result.counts;
    return counts->confirmed + counts->failed + counts->cancelled == counts->accepted;
}

static bool is_over(const struct pgl_load *load)
{
    int64_t now_ns = load->loop->now_ns;
    if (!pgl_is_ok(load->fatal))
        return true;
    if (load->result.until.at_ns == 0)
        return false;
    if (load->asking > 0 && now_ns < load->window_until_ns + ANSWERS_NS)
        return false;
    int64_t last_ns =
        load->last_ending_ns > load->window_until_ns ? load->last_ending_ns : load->window_until_ns;
    return is_all_ended(load) || now_ns - last_ns > load->options.settle_ns;
}

/* Once a turn, behind the sockets. */
static bool work(void *owner)
{
    struct pgl_load *load = owner;
    int64_t now_ns = load->loop->now_ns;
    watch_time(load, now_ns);
    wake_the_rested(load, now_ns);
    if (load->options.rate > 0)
        place_what_is_due(load, now_ns);
    return false;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When to look again though nothing has arrived. */
static int64_t wake_ns(const struct pgl_load *load)
{
    int64_t next_ns = load->next_second_ns;
    if (load->result.from.at_ns == 0)
        next_ns = least(next_ns, load->window_from_ns);
    if (load->result.until.at_ns == 0)
        next_ns = least(next_ns, load->window_until_ns);
    else
        next_ns = least(next_ns, load->loop->now_ns + REST_NS);
    if (!pgl_list_is_empty(&load->resting))
        next_ns = least(
            next_ns, PGL_CONTAINER(load->resting.next, struct pgl_load_asker, node)->rest_until_ns);
    bool is_placing = load->options.rate > 0 && !pgl_list_is_empty(&load->idle);
    if (is_placing && is_wanted(load, next_due_ns(load)))
        next_ns = least(next_ns, next_due_ns(load));
    return next_ns;
}

/* ---- the whole ---- */

static pgl_status open_askers(struct pgl_load *load, const struct pgl_address *address)
{
    static const struct pgl_client_events events = { on_head, on_piece, on_end, on_broken };
    size_t count = (size_t)load->options.connections;
    size_t out_bytes_max = pgl_shop_order_bytes_max(load->shop, (size_t)load->options.lines);
    load->askers = pgl_arena_zalloc(&load->arena, count * sizeof load->askers[0]);
    if (load->askers == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory for so many connections");
    for (size_t i = 0; i < count; i++) {
        struct pgl_load_asker *asker = &load->askers[i];
        PGL_TRY(pgl_client_init(&asker->client, load->loop, address, &load->arena, out_bytes_max,
                                READ_BYTES_MAX));
        asker->client.events = &events;
        asker->client.owner = asker;
        asker->load = load;
        pgl_list_append(&load->idle, &asker->node);
    }
    return PGL_OK;
}

pgl_status pgl_load_init(struct pgl_load *load, struct pgl_loop *loop,
                         const struct pgl_address *address, const struct pgl_shop *shop,
                         const struct pgl_load_options *options)
{
    const struct pgl_entropy *entropy = &loop->platform->entropy;
    struct pgl_hash_key key = { pgl_entropy_u64(entropy), pgl_entropy_u64(entropy) };
    *load = (struct pgl_load){ .loop = loop, .options = *options, .shop = shop, .fatal = PGL_OK };
    pgl_list_init(&load->idle);
    pgl_list_init(&load->resting);
    pgl_random_seed(&load->random, pgl_entropy_u64(entropy), 0); /* keys must be new in every run */
    pgl_arena_init(&load->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    PGL_TRY(pgl_open_orders_init(&load->open, PGL_LOAD_OPEN_MAX, key));
    PGL_TRY(pgl_follow_init(&load->follow, loop, address, &load->arena));
    load->follow.token = shop->operator_token;
    load->follow.on_ending = on_ending;
    load->follow.owner = load;
    return open_askers(load, address);
}

void pgl_load_free(struct pgl_load *load)
{
    pgl_follow_close(&load->follow);
    for (int64_t i = 0; load->askers != NULL && i < load->options.connections; i++)
        pgl_client_close(&load->askers[i].client);
    pgl_open_orders_free(&load->open);
    pgl_arena_free(&load->arena);
}

/* The stream answers with its first ending, so a quiet platform says nothing yet: what it misses,
 * if anything, is asked for at the end. */
static pgl_status begin_following(struct pgl_load *load)
{
    int64_t until_ns = clock_ns(load) + FOLLOW_BEGIN_NS;
    pgl_follow_start(&load->follow);
    while (load->follow.status == 0 && load->loop->now_ns < until_ns)
        pgl_drive_turn(load->loop, until_ns);
    if (load->follow.status >= 400 && load->follow.status < 500)
        return PGL_FAIL(PGL_DENIED, "the stream of endings was refused");
    return PGL_OK;
}

static void begin(struct pgl_load *load)
{
    struct pgl_list *node;
    load->begin_ns = clock_ns(load);
    load->window_from_ns = load->begin_ns + load->options.warm_ns;
    load->window_until_ns = load->window_from_ns + load->options.measure_ns;
    load->next_second_ns = load->begin_ns + PGL_SECONDS(1);
    load->loop->work = work;
    load->loop->owner = load;
    while (load->options.rate == 0 && is_wanted(load, load->begin_ns) &&
           (node = pgl_list_take_first(&load->idle)) != NULL)
        place(PGL_CONTAINER(node, struct pgl_load_asker, node), load->begin_ns);
}

pgl_status pgl_load_run(struct pgl_load *load)
{
    PGL_TRY(begin_following(load));
    begin(load);
    while (!is_over(load))
        pgl_drive_turn(load->loop, wake_ns(load));
    load->loop->work = NULL;
    load->result.unanswered = load->asking;
    return load->fatal;
}

/* ---- what was not heard ---- */

static enum pgl_open_order_state state_of(OrderStatus status)
{
    switch (status) {
    case ORDER_STATUS_CONFIRMED:
        return PGL_OPEN_CONFIRMED;
    case ORDER_STATUS_FAILED:
        return PGL_OPEN_FAILED;
    case ORDER_STATUS_CANCELLED:
        return PGL_OPEN_CANCELLED;
    default:
        return PGL_OPEN_NONE; /* on its way */
    }
}

static pgl_status ask_for(struct pgl_load *load, struct pgl_fetch *fetch, struct pgl_arena *arena,
                          pgl_id id)
{
    static const struct pgl_json_limits limits = { 16, 64, 10000, 4096 };
    char target[64] = "/api/v1/orders/", *text = target + strlen(target);
    void *message;
    pgl_id_format(id, text);
    text[PGL_ID_TEXT_BYTES] = '\0';
    PGL_TRY(pgl_fetch_get(fetch, target, load->shop->operator_token));
    load->result.unheard++;
    if (fetch->status == 404) {
        load->result.lost++;
        return PGL_OK;
    }
    if (fetch->status != 200)
        return PGL_FAIL(PGL_UNAVAILABLE,
                        "GET /api/v1/orders/{id} was not answered with 200 or 404");
    PGL_TRY(
        pgl_json_read(ORDER_DESCRIPTOR, arena, pgl_buffer_text(&fetch->answer), &limits, &message));
    enum pgl_open_order_state state = state_of(((const Order *)message)->status);
    load->result.open += state == PGL_OPEN_NONE;
    count_ending(&load->result.counts, state);
    return PGL_OK;
}

pgl_status pgl_load_settle(struct pgl_load *load, struct pgl_fetch *fetch)
{
    const struct pgl_open_order *order;
    struct pgl_arena arena;
    pgl_status status = PGL_OK;
    size_t at = 0;
    pgl_arena_init(&arena, 65536, 1u << 20);
    while (pgl_is_ok(status) && (order = pgl_open_orders_next(&load->open, &at)) != NULL) {
        pgl_arena_reset(&arena);
        if (order->state == PGL_OPEN_ACCEPTED)
            status = ask_for(load, fetch, &arena, order->id);
        else
            load->result.strangers++;
    }
    pgl_arena_free(&arena);
    return status;
}
