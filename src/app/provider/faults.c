/* faults.c - see faults.h. */
#include "app/provider/faults.h"

#include "base/time.h"

#define CERTAIN 1000000u

/* clang-format off */
static const char *const fault_names[PGL_FAULT_COUNT] = {
    [PGL_FAULT_DOWN]          = "down",
    [PGL_FAULT_RESET_BEFORE]  = "reset-before",
    [PGL_FAULT_LIMITED]       = "limited",
    [PGL_FAULT_FAIL_BEFORE]   = "fail-before",
    [PGL_FAULT_FAIL_AFTER]    = "fail-after",
    [PGL_FAULT_LATE]          = "late",
    [PGL_FAULT_RESET_AFTER]   = "reset-after",
    [PGL_FAULT_SLOW]          = "slow",
    [PGL_FAULT_WEBHOOK_LOST]  = "webhook-lost",
    [PGL_FAULT_WEBHOOK_TWICE] = "webhook-twice",
    [PGL_FAULT_WEBHOOK_LATE]  = "webhook-late",
};

enum verb { VERB_CREATE, VERB_CONFIRM, VERB_CAPTURE, VERB_CANCEL, VERB_REFUND, VERB_GET, VERB_COUNT };

static const struct {
    const char *name, *ending; /* of a POST's path */
} verbs[VERB_COUNT] = {
    [VERB_CREATE]  = { "create",  "/payment_intents" },
    [VERB_CONFIRM] = { "confirm", "/confirm" },
    [VERB_CAPTURE] = { "capture", "/capture" },
    [VERB_CANCEL]  = { "cancel",  "/cancel" },
    [VERB_REFUND]  = { "refund",  "/refunds" },
    [VERB_GET]     = { "get",     NULL },
};
/* clang-format on */

void pgl_faults_init(struct pgl_faults *faults)
{
    *faults = (struct pgl_faults){ .slow_ns = PGL_MILLISECONDS(200),
                                   .late_ns = PGL_SECONDS(2),
                                   .times = -1 };
}

/* ---- reading ---- */

/* "0.25%" is 2500 in a million. */
static bool read_chance(struct pgl_text text, uint32_t *chance)
{
    int64_t whole, part = 0;
    *chance = pgl_text_is(text, "on") ? CERTAIN : 0;
    if (*chance != 0 || pgl_text_is(text, "off"))
        return true;
    if (text.size < 2 || text.data[text.size - 1] != '%')
        return false;
    struct pgl_text decimals = { text.data, text.size - 1 };
    struct pgl_text digits = pgl_text_cut(&decimals, '.');
    if (decimals.size > 4 || !pgl_is_ok(pgl_text_to_i64(digits, &whole)) || whole < 0 ||
        whole > 100 ||
        (decimals.data != NULL && (!pgl_is_ok(pgl_text_to_i64(decimals, &part)) || part < 0)))
        return false;
    for (size_t i = decimals.size; i < 4; i++)
        part *= 10;
    *chance = (uint32_t)(whole * 10000 + part);
    return *chance <= CERTAIN;
}

static bool read_verbs(struct pgl_text text, uint32_t *only)
{
    *only = 0;
    while (text.data != NULL) {
        struct pgl_text name = pgl_text_cut(&text, '+');
        uint32_t before = *only;
        for (int v = 0; v < VERB_COUNT; v++)
            *only |= pgl_text_is(name, verbs[v].name) ? 1u << v : 0;
        if (*only == before && !pgl_text_is(name, "all"))
            return false;
    }
    return true;
}

static bool read_ms(struct pgl_text text, int64_t *ns)
{
    int64_t ms;
    if (!pgl_is_ok(pgl_text_to_i64(text, &ms)) || ms < 0 || ms > 3600000)
        return false;
    *ns = PGL_MILLISECONDS(ms);
    return true;
}

static bool read_piece(struct pgl_faults *faults, struct pgl_text name, struct pgl_text value)
{
    if (pgl_text_is(name, "none") && value.data == NULL) {
        uint64_t count = faults->count;
        pgl_faults_init(faults);
        faults->count = count;
        return true;
    }
    if (pgl_text_is(name, "slow-ms"))
        return read_ms(value, &faults->slow_ns);
    if (pgl_text_is(name, "late-ms"))
        return read_ms(value, &faults->late_ns) && faults->late_ns > 0;
    if (pgl_text_is(name, "times"))
        return pgl_is_ok(pgl_text_to_i64(value, &faults->times));
    if (pgl_text_is(name, "only"))
        return read_verbs(value, &faults->only);
    for (int f = 0; f < PGL_FAULT_COUNT; f++)
        if (pgl_text_is(name, fault_names[f]))
            return read_chance(value, &faults->chances[f]);
    return false;
}

/* The text up to the next mark between pieces. */
static struct pgl_text cut_piece(struct pgl_text *text)
{
    size_t size = 0;
    while (size < text->size && memchr(",&\n", text->data[size], 3) == NULL)
        size++;
    struct pgl_text piece = { text->data, size };
    size_t taken = size < text->size ? size + 1 : size;
    *text = (struct pgl_text){ text->data + taken, text->size - taken };
    return pgl_text_trim(piece);
}

pgl_status pgl_faults_read(struct pgl_faults *faults, struct pgl_text text, struct pgl_arena *arena)
{
    struct pgl_faults changed = *faults;
    while (text.size > 0) {
        struct pgl_text piece = cut_piece(&text), value = piece;
        struct pgl_text name = pgl_text_cut(&value, '=');
        if (piece.size > 0 && !read_piece(&changed, name, value))
            return PGL_FAIL(PGL_INVALID,
                            pgl_arena_printf(arena, "no fault: %.*s",
                                             (int)(piece.size < 60 ? piece.size : 60), piece.data));
    }
    *faults = changed;
    return PGL_OK;
}

void pgl_faults_write(const struct pgl_faults *faults, struct pgl_buffer *out)
{
    pgl_buffer_add_char(out, '{');
    for (int f = 0; f < PGL_FAULT_COUNT; f++)
        pgl_buffer_printf(out, "\"%s\":\"%u.%04u%%\",", fault_names[f], faults->chances[f] / 10000,
                          faults->chances[f] % 10000);
    pgl_buffer_printf(out, "\"slow-ms\":%lld,\"late-ms\":%lld,\"only\":\"",
                      (long long)(faults->slow_ns / PGL_MILLISECONDS(1)),
                      (long long)(faults->late_ns / PGL_MILLISECONDS(1)));
    const char *plus = "";
    for (int v = 0; v < VERB_COUNT; v++)
        if ((faults->only >> v & 1u) != 0) {
            pgl_buffer_printf(out, "%s%s", plus, verbs[v].name);
            plus = "+";
        }
    pgl_buffer_printf(out, "%s\",\"times\":%lld,\"hit\":%llu}\n", plus[0] == '\0' ? "all" : "",
                      (long long)faults->times, (unsigned long long)faults->count);
}

/* ---- drawing ---- */

static enum verb verb_of(struct pgl_text method, struct pgl_text path)
{
    for (int v = 0; v < VERB_GET && pgl_text_is(method, "POST"); v++) {
        struct pgl_text ending = pgl_text_of(verbs[v].ending);
        if (path.size >= ending.size &&
            memcmp(path.data + path.size - ending.size, ending.data, ending.size) == 0)
            return (enum verb)v;
    }
    return VERB_GET;
}

bool pgl_faults_hit(const struct pgl_faults *faults, struct pgl_random *random,
                    enum pgl_provider_fault fault)
{
    return faults->chances[fault] > 0 && pgl_random_chance(random, faults->chances[fault]);
}

struct pgl_fault_draw pgl_faults_draw(struct pgl_faults *faults, struct pgl_random *random,
                                      struct pgl_text method, struct pgl_text path)
{
    struct pgl_fault_draw draw = { .bank = PGL_BANK_WELL };
    if (pgl_faults_hit(faults, random, PGL_FAULT_DOWN)) {
        draw.cuts_before = true;
        return draw;
    }
    if (faults->times == 0 ||
        (faults->only != 0 && (faults->only >> verb_of(method, path) & 1u) == 0))
        return draw;
    bool is_hit = true;
    if (pgl_faults_hit(faults, random, PGL_FAULT_RESET_BEFORE))
        draw.cuts_before = true;
    else if (pgl_faults_hit(faults, random, PGL_FAULT_LIMITED))
        draw.bank = PGL_BANK_LIMITED;
    else if (pgl_faults_hit(faults, random, PGL_FAULT_FAIL_BEFORE))
        draw.bank = PGL_BANK_FAIL_BEFORE;
    else if (pgl_faults_hit(faults, random, PGL_FAULT_FAIL_AFTER))
        draw.bank = PGL_BANK_FAIL_AFTER;
    else if (pgl_faults_hit(faults, random, PGL_FAULT_LATE))
        draw.bank = PGL_BANK_LATE;
    else if (pgl_faults_hit(faults, random, PGL_FAULT_RESET_AFTER))
        draw.cuts_after = true;
    else
        is_hit = false;
    draw.late_ns = faults->late_ns;
    if (pgl_faults_hit(faults, random, PGL_FAULT_SLOW)) {
        draw.slow_ns = faults->slow_ns;
        is_hit = true;
    }
    faults->count += is_hit;
    faults->times -= is_hit && faults->times > 0;
    return draw;
}
