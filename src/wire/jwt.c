/* jwt.c - see jwt.h. Outside in: parts, header, signature, and only then the payload. */
#include "wire/jwt.h"

#include <stdio.h>

#include <jansson.h>

#include "base/assert.h"
#include "wire/base64.h"
#include "wire/jose.h"
#include "wire/jws.h"

#define REFUSE(text)   PGL_FAIL(PGL_UNAUTHENTICATED, (text))
#define SECONDS_MAX    (INT64_MAX / PGL_SECONDS(1)) /* the year 2262, where our instants end */
#define PART_BYTES_MAX (PGL_JWT_BYTES_MAX / 4 * 3)

/* As they stand in the token. */
struct parts {
    struct pgl_text header, payload, signature;
    struct pgl_text input; /* header.payload, which is what was signed: RFC 7515, 5.2 */
};

static pgl_status split(struct pgl_text token, struct parts *parts);
static pgl_status read_header(const struct pgl_key_set *keys, struct pgl_text header,
                              const struct pgl_key **key);
static pgl_status check_signature(const struct pgl_key *key, const struct parts *parts);
static pgl_status read_payload(const struct pgl_jwt_policy *policy, struct pgl_text payload,
                               int64_t now_ns, struct pgl_jwt_claims *claims);

pgl_status pgl_jwt_verify(const struct pgl_key_set *keys, const struct pgl_jwt_policy *policy,
                          struct pgl_text token, int64_t now_ns, struct pgl_jwt_claims *claims)
{
    PGL_ASSERT(policy->issuer.size > 0 && policy->audience.size > 0);
    PGL_ASSERT(policy->leeway_ns >= 0 && policy->leeway_ns <= PGL_JWT_LEEWAY_MAX_NS);
    memset(claims, 0, sizeof *claims);

    struct parts parts;
    const struct pgl_key *key;
    struct pgl_jwt_claims read = { .roles = PGL_ROLE_CUSTOMER, .tenant = "default" };
    PGL_TRY(split(token, &parts));
    PGL_TRY(read_header(keys, parts.header, &key));
    PGL_TRY(check_signature(key, &parts));
    PGL_TRY(read_payload(policy, parts.payload, now_ns, &read));
    *claims = read;
    return PGL_OK;
}

/* RFC 7515, 3.1: exactly three parts. No part may be empty: without a signature there is no token.
 */
static pgl_status split(struct pgl_text token, struct parts *parts)
{
    if (token.size > PGL_JWT_BYTES_MAX)
        return REFUSE("the token is too long");
    struct pgl_text rest = token;
    parts->header = pgl_text_cut(&rest, '.');
    parts->payload = pgl_text_cut(&rest, '.');
    parts->signature = pgl_text_cut(&rest, '.');
    if (rest.data != NULL || parts->header.size == 0 || parts->payload.size == 0 ||
        parts->signature.size == 0)
        return REFUSE("a token has three parts");
    parts->input = (struct pgl_text){ token.data, parts->header.size + 1 + parts->payload.size };
    return PGL_OK;
}

/* The caller gives `*object` back with json_decref. */
static pgl_status read_part(struct pgl_text part, json_t **object)
{
    uint8_t bytes[PART_BYTES_MAX];
    size_t size;
    if (!pgl_is_ok(pgl_base64url_decode(part, bytes, sizeof bytes, &size)))
        return REFUSE("a part of the token is not base64url");
    if (!pgl_is_ok(pgl_jose_parse((struct pgl_text){ (char *)bytes, size }, object)))
        return REFUSE("a part of the token is not a JSON object");
    return PGL_OK;
}

/* RFC 8725, 3.11. An access token may say so: RFC 9068, 2.1. */
static bool is_typ_ours(const json_t *header)
{
    if (json_object_get(header, "typ") == NULL)
        return true;
    struct pgl_text typ = pgl_jose_text(header, "typ");
    return pgl_text_equal_nocase(typ, PGL_TEXT("JWT")) ||
           pgl_text_equal_nocase(typ, PGL_TEXT("at+jwt")) ||
           pgl_text_equal_nocase(typ, PGL_TEXT("application/at+jwt")); /* RFC 7515, 4.1.9 */
}

static pgl_status choose_key(const struct pgl_key_set *keys, const json_t *header,
                             const struct pgl_key **key)
{
    if (json_object_get(header, "crit") != NULL) /* RFC 7515, 4.1.11: we understand no extension */
        return REFUSE("the token has a critical extension");
    if (json_object_get(header, "zip") != NULL)
        return REFUSE("the token is compressed");
    if (!is_typ_ours(header))
        return REFUSE("the token is of another type");
    struct pgl_text kid = pgl_jose_text(header, "kid");
    if (!pgl_jose_is_plain(kid))
        return REFUSE("the token does not name its key");
    *key = pgl_key_set_find(keys, kid);
    if (*key == NULL)
        return REFUSE("the key of the token is unknown");
    if (!pgl_jws_alg_is_called((*key)->alg, pgl_jose_text(header, "alg")))
        return REFUSE("the token's algorithm is not that of its key");
    return PGL_OK;
}

static pgl_status read_header(const struct pgl_key_set *keys, struct pgl_text header,
                              const struct pgl_key **key)
{
    json_t *object;
    PGL_TRY(read_part(header, &object));
    pgl_status status = choose_key(keys, object, key);
    json_decref(object);
    return status;
}

static pgl_status check_signature(const struct pgl_key *key, const struct parts *parts)
{
    uint8_t bytes[PGL_JWS_SIGNATURE_MAX];
    size_t size;
    if (!pgl_is_ok(pgl_base64url_decode(parts->signature, bytes, sizeof bytes, &size)))
        return REFUSE("the signature is not base64url");
    return pgl_jws_verify(key, parts->input, bytes, size);
}

/* ---- the payload ---- */

/* RFC 7519, 4.1.3: one string or a list of strings. */
static bool names_audience(const json_t *aud, struct pgl_text audience)
{
    const json_t *one;
    size_t i;
    bool is_named = false;
    if (json_is_string(aud))
        return pgl_text_is(audience, json_string_value(aud));
    json_array_foreach(aud, i, one)
    {
        if (!json_is_string(one))
            return false;
        is_named = is_named || pgl_text_is(audience, json_string_value(one));
    }
    return is_named;
}

/* Whole seconds from 1970 to 2262; a fraction or an exponent is not needed and not taken. */
static bool read_instant(const json_t *value, int64_t *instant_ns)
{
    json_int_t seconds = json_integer_value(value);
    if (!json_is_integer(value) || seconds < 0 || seconds > SECONDS_MAX)
        return false;
    *instant_ns = PGL_SECONDS(seconds);
    return true;
}

/* No instant is negative, so neither this difference nor those below can overflow. */
static bool is_lifetime_allowed(const struct pgl_jwt_policy *policy,
                                const struct pgl_jwt_claims *claims)
{
    int64_t lifetime_ns = claims->expires_at_ns - claims->issued_at_ns;
    return lifetime_ns > 0 && lifetime_ns <= policy->lifetime_max_ns &&
           lifetime_ns <= PGL_JWT_LIFETIME_MAX_NS;
}

static pgl_status check_times(const struct pgl_jwt_policy *policy, const json_t *payload,
                              int64_t now_ns, struct pgl_jwt_claims *claims)
{
    const json_t *nbf = json_object_get(payload, "nbf");
    int64_t not_before_ns = 0;
    if (!read_instant(json_object_get(payload, "exp"), &claims->expires_at_ns) ||
        !read_instant(json_object_get(payload, "iat"), &claims->issued_at_ns) ||
        (nbf != NULL && !read_instant(nbf, &not_before_ns)))
        return REFUSE("exp and iat are whole seconds, nbf too if there is one");

    if (!is_lifetime_allowed(policy, claims))
        return REFUSE("the token lives longer than we allow");
    if (now_ns - claims->expires_at_ns >= policy->leeway_ns) /* RFC 7519, 4.1.4: on or after */
        return REFUSE("the token has expired");
    if (not_before_ns - now_ns > policy->leeway_ns)
        return REFUSE("the token is not valid yet");
    if (claims->issued_at_ns - now_ns > policy->leeway_ns)
        return REFUSE("the token was issued in the future");
    return PGL_OK;
}

static bool is_subject(struct pgl_text subject)
{
    if (subject.size == 0 || subject.size > PGL_JWT_SUBJECT_BYTES_MAX)
        return false;
    for (size_t i = 0; i < subject.size; i++)
        if (subject.data[i] < ' ' || subject.data[i] > '~')
            return false;
    return true;
}

static bool is_tenant(struct pgl_text tenant)
{
    return pgl_jose_is_plain(tenant) && tenant.size <= PGL_JWT_TENANT_BYTES_MAX;
}

static const struct {
    const char *name;
    uint32_t role;
} role_rows[] = {
    { "customer", PGL_ROLE_CUSTOMER },   { "partner", PGL_ROLE_PARTNER },
    { "warehouse", PGL_ROLE_WAREHOUSE }, { "support", PGL_ROLE_SUPPORT },
    { "operator", PGL_ROLE_OPERATOR },
};
#define ROLE_COUNT (sizeof role_rows / sizeof role_rows[0])

uint32_t pgl_jwt_role_named(struct pgl_text name)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (pgl_text_is(name, role_rows[i].name))
            return role_rows[i].role;
    return 0;
}

const char *pgl_jwt_role_name(enum pgl_jwt_role role)
{
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (role_rows[i].role == (uint32_t)role)
            return role_rows[i].name;
    return "";
}

/* A list names what the subject is; names of other systems are passed over. */
static bool read_roles(const json_t *list, uint32_t *roles)
{
    const json_t *one;
    size_t i;
    if (!json_is_array(list))
        return false;
    *roles = 0;
    json_array_foreach(list, i, one)
    {
        if (!json_is_string(one))
            return false;
        *roles |= pgl_jwt_role_named(pgl_text_of(json_string_value(one)));
    }
    return true;
}

static pgl_status read_who(const json_t *payload, struct pgl_jwt_claims *claims)
{
    struct pgl_text subject = pgl_jose_text(payload, "sub"),
                    tenant = pgl_jose_text(payload, "tenant");
    if (!is_subject(subject))
        return REFUSE("the token has no proper subject");
    memcpy(claims->subject, subject.data, subject.size);

    if (json_object_get(payload, "tenant") != NULL) {
        if (!is_tenant(tenant))
            return REFUSE("the token has no proper tenant");
        memset(claims->tenant, 0, sizeof claims->tenant);
        memcpy(claims->tenant, tenant.data, tenant.size);
    }
    const json_t *roles = json_object_get(payload, "roles");
    if (roles != NULL && !read_roles(roles, &claims->roles))
        return REFUSE("roles are a list of names");
    return PGL_OK;
}

static pgl_status check_payload(const struct pgl_jwt_policy *policy, const json_t *payload,
                                int64_t now_ns, struct pgl_jwt_claims *claims)
{
    if (!pgl_text_equal(pgl_jose_text(payload, "iss"), policy->issuer))
        return REFUSE("the token is from another issuer");
    if (!names_audience(json_object_get(payload, "aud"), policy->audience))
        return REFUSE("the token is for another audience");
    PGL_TRY(check_times(policy, payload, now_ns, claims));
    return read_who(payload, claims);
}

static pgl_status read_payload(const struct pgl_jwt_policy *policy, struct pgl_text payload,
                               int64_t now_ns, struct pgl_jwt_claims *claims)
{
    json_t *object;
    PGL_TRY(read_part(payload, &object));
    pgl_status status = check_payload(policy, object, now_ns, claims);
    json_decref(object);
    return status;
}

/* ---- signing ---- */

static json_t *role_names(uint32_t roles)
{
    json_t *names = json_array();
    for (size_t i = 0; i < ROLE_COUNT; i++)
        if (roles & role_rows[i].role)
            json_array_append_new(names, json_string(role_rows[i].name));
    return names;
}

/* Returns what it takes: more than `capacity` is cut off, 0 says that it is no UTF-8. */
static size_t write_payload(const struct pgl_jwt_policy *policy,
                            const struct pgl_jwt_claims *claims, char *out, size_t capacity)
{
    json_t *payload =
        json_pack("{s:s%, s:s%, s:s, s:s, s:o, s:I, s:I}", "iss", policy->issuer.data,
                  policy->issuer.size, "aud", policy->audience.data, policy->audience.size, "sub",
                  claims->subject, "tenant", claims->tenant, "roles", role_names(claims->roles),
                  "iat", (json_int_t)(claims->issued_at_ns / PGL_SECONDS(1)), "exp",
                  (json_int_t)(claims->expires_at_ns / PGL_SECONDS(1)));
    size_t size = payload ? json_dumpb(payload, out, capacity, JSON_COMPACT) : 0;
    json_decref(payload);
    return size;
}

static size_t add_part(char *token, size_t at, const void *bytes, size_t size)
{
    return at + pgl_base64url_encode(bytes, size, token + at);
}

pgl_status pgl_jwt_sign(const struct pgl_key *key, const struct pgl_jwt_policy *policy,
                        const struct pgl_jwt_claims *claims, struct pgl_buffer *token)
{
    char header[64 + PGL_KID_BYTES_MAX], payload[PART_BYTES_MAX], text[PGL_JWT_BYTES_MAX];
    uint8_t signature[PGL_JWS_ES256_BYTES];
    if (!is_subject(pgl_text_of(claims->subject)) || !is_tenant(pgl_text_of(claims->tenant)) ||
        claims->issued_at_ns < 0 || !is_lifetime_allowed(policy, claims))
        return PGL_FAIL(PGL_INVALID, "not claims that a token of ours may have");
    size_t payload_bytes = write_payload(policy, claims, payload, sizeof payload);
    if (payload_bytes == 0)
        return PGL_FAIL(PGL_INVALID, "issuer or audience is not UTF-8");
    size_t header_bytes =
        (size_t)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                         pgl_jws_alg_name(key->alg), key->kid);
    if (PGL_BASE64URL_BYTES(header_bytes) + 1 + PGL_BASE64URL_BYTES(payload_bytes) + 1 +
            PGL_BASE64URL_BYTES(sizeof signature) >
        sizeof text)
        return PGL_FAIL(PGL_TOO_LARGE, "the token is too long");

    size_t size = add_part(text, 0, header, header_bytes);
    text[size++] = '.';
    size = add_part(text, size, payload, payload_bytes);
    PGL_TRY(pgl_jws_sign(key, (struct pgl_text){ text, size }, signature));
    text[size++] = '.';
    size = add_part(text, size, signature, sizeof signature);
    pgl_buffer_add(token, text, size);
    if (token->is_full)
        return PGL_FAIL(PGL_EXHAUSTED, "no room for a token");
    return PGL_OK;
}
