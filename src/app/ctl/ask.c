/* ask.c - see ask.h. */
#include "app/ctl/ask.h"

#include <stdio.h>

#include "app/keys.h"
#include "contract/edge.h"
#include "wire/json.h"
#include "wire/jwt.h"

/* ten thousand lines, a KiB each, and what they were read from */
#define ARENA_BYTES_MAX (256u << 20)
#define TOKEN_TTL_NS    PGL_HOURS(12)

static const struct pgl_json_limits answer_limits = {
    .depth_max = 32, .keys_max = 256, .nodes_max = 100000, .string_bytes_max = 1 << 16
};

/* ---- opening ---- */

static pgl_status sign_token(struct pgl_ctl *ctl, struct pgl_platform *platform)
{
    struct pgl_key key;
    struct pgl_jwt_policy policy = pgl_keys_policy();
    struct pgl_jwt_claims claims = { .roles = PGL_ROLE_OPERATOR };
    if (strlen(ctl->subject) >= sizeof claims.subject ||
        strlen(ctl->tenant) >= sizeof claims.tenant)
        return PGL_FAIL(PGL_INVALID, "--sub has at most 128 characters, --tenant 64");
    snprintf(claims.subject, sizeof claims.subject, "%s", ctl->subject);
    snprintf(claims.tenant, sizeof claims.tenant, "%s", ctl->tenant);
    claims.issued_at_ns = pgl_clock_wall_ns(&platform->clock);
    claims.expires_at_ns = claims.issued_at_ns + TOKEN_TTL_NS;
    pgl_status read = pgl_keys_read(platform, &ctl->arena, ctl->data, &key);
    if (read.code == PGL_NOT_FOUND)
        return PGL_FAIL(PGL_NOT_FOUND, "--data: the folder has no key; is it the platform's?");
    PGL_TRY(read);
    pgl_status status = pgl_jwt_sign(&key, &policy, &claims, &ctl->token);
    pgl_key_close(&key);
    return status;
}

pgl_status pgl_ctl_open(struct pgl_ctl *ctl, struct pgl_platform *platform)
{
    struct pgl_text url = pgl_text_of(ctl->url), scheme = PGL_TEXT("http://");
    pgl_arena_init(&ctl->arena, 65536, ARENA_BYTES_MAX);
    pgl_buffer_init(&ctl->token, PGL_JWT_BYTES_MAX);
    if (pgl_text_starts_with(url, scheme))
        url = (struct pgl_text){ url.data + scheme.size, url.size - scheme.size };
    if (!pgl_address_read(url, &ctl->address))
        return PGL_FAIL(PGL_INVALID, "--url: http://HOST:PORT is expected, with a numeric host");
    PGL_TRY(sign_token(ctl, platform));
    ctl->waiter = platform->waiter_open(platform);
    if (ctl->waiter == NULL)
        return PGL_FAIL(PGL_EXHAUSTED, "no memory to ask");
    pgl_loop_init(&ctl->loop, "ctl", platform, ctl->waiter);
    return pgl_fetch_init(&ctl->fetch, &ctl->loop, &ctl->address, &ctl->arena);
}

void pgl_ctl_close(struct pgl_ctl *ctl)
{
    if (ctl->fetch.client.loop != NULL)
        pgl_fetch_close(&ctl->fetch);
    if (ctl->waiter != NULL)
        ctl->waiter->ops->close(ctl->waiter);
    pgl_buffer_free(&ctl->token);
    pgl_arena_free(&ctl->arena);
}

/* ---- asking ---- */

/* In the platform's own words. */
static pgl_status problem_of(struct pgl_ctl *ctl)
{
    void *message;
    pgl_status read = pgl_json_read(PROBLEM_DESCRIPTOR, &ctl->arena,
                                    pgl_buffer_text(&ctl->fetch.answer), &answer_limits, &message);
    if (!pgl_is_ok(read))
        return PGL_FAIL(PGL_UNKNOWN, "an answer that is no problem and no success");
    const Problem *problem = message;
    return PGL_FAIL(ctl->fetch.status == 404 ? PGL_NOT_FOUND : PGL_UNKNOWN,
                    pgl_arena_printf(&ctl->arena, "%d: %s", ctl->fetch.status, problem->detail));
}

static pgl_status read_answer(struct pgl_ctl *ctl, const ProtobufCMessageDescriptor *descriptor,
                              void **answer)
{
    if (ctl->fetch.status >= 300)
        return problem_of(ctl);
    return pgl_json_read(descriptor, &ctl->arena, pgl_buffer_text(&ctl->fetch.answer),
                         &answer_limits, answer);
}

pgl_status pgl_ctl_get(struct pgl_ctl *ctl, const char *target,
                       const ProtobufCMessageDescriptor *descriptor, void **answer)
{
    PGL_TRY(pgl_fetch_get(&ctl->fetch, target, pgl_buffer_text(&ctl->token)));
    return read_answer(ctl, descriptor, answer);
}

/* Puts a request into the client's room, and hears the answer. */
static pgl_status post(struct pgl_ctl *ctl, const char *target, const char *media,
                       struct pgl_text body)
{
    const struct pgl_entropy *entropy = &ctl->loop.platform->entropy;
    int size = snprintf(ctl->fetch.client.out, PGL_FETCH_ASK_BYTES,
                        "POST %s HTTP/1.1\r\nHost: %s:%u\r\nAuthorization: Bearer %.*s\r\n"
                        "Idempotency-Key: ctl-%016llx%016llx\r\nContent-Type: %s\r\n"
                        "Content-Length: %zu\r\n\r\n",
                        target, ctl->address.host, ctl->address.port,
                        PGL_TEXT_ARGS(pgl_buffer_text(&ctl->token)),
                        (unsigned long long)pgl_entropy_u64(entropy),
                        (unsigned long long)pgl_entropy_u64(entropy), media, body.size);
    if (size <= 0 || (size_t)size + body.size > PGL_FETCH_ASK_BYTES)
        return PGL_FAIL(PGL_TOO_LARGE, "too many names for one request; use a filter");
    memcpy(ctl->fetch.client.out + size, body.size > 0 ? body.data : "", body.size);
    ctl->fetch.client.out_size = (size_t)size + body.size;
    return pgl_fetch(&ctl->fetch);
}

pgl_status pgl_ctl_post(struct pgl_ctl *ctl, const char *target, const ProtobufCMessage *body,
                        const ProtobufCMessageDescriptor *descriptor, void **answer)
{
    struct pgl_buffer json;
    pgl_buffer_init(&json, PGL_FETCH_ASK_BYTES);
    if (body != NULL)
        pgl_json_write(body, &json);
    pgl_status status =
        json.is_full ? PGL_FAIL(PGL_TOO_LARGE, "too many names for one request; use a filter")
                     : post(ctl, target, "application/json", pgl_buffer_text(&json));
    pgl_buffer_free(&json);
    return pgl_is_ok(status) ? read_answer(ctl, descriptor, answer) : status;
}

pgl_status pgl_ctl_post_text(struct pgl_ctl *ctl, const char *target, const char *media,
                             struct pgl_text text, const ProtobufCMessageDescriptor *descriptor,
                             void **answer)
{
    PGL_TRY(post(ctl, target, media, text));
    bool is_report =
        ctl->fetch.status == 422 &&
        pgl_is_ok(pgl_json_read(descriptor, &ctl->arena, pgl_buffer_text(&ctl->fetch.answer),
                                &answer_limits, answer));
    return is_report ? PGL_OK : read_answer(ctl, descriptor, answer);
}

const char *pgl_ctl_encode(struct pgl_ctl *ctl, const char *value)
{
    struct pgl_buffer out;
    pgl_buffer_init(&out, 4096);
    for (; *value != '\0'; value++) {
        char c = *value;
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_plain)
            pgl_buffer_add_char(&out, c);
        else
            pgl_buffer_printf(&out, "%%%02X", (unsigned char)c);
    }
    const char *encoded =
        pgl_arena_printf(&ctl->arena, "%.*s", PGL_TEXT_ARGS(pgl_buffer_text(&out)));
    pgl_buffer_free(&out);
    return encoded;
}
