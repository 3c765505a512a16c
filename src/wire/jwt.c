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

/* What the header says; borrowed from `object`. */
struct header {
    json_t *object;
    struct pgl_text kid, alg;
};

static pgl_status split(struct pgl_text token, struct parts *parts);
static pgl_status read_header(struct pgl_text part, struct header *header);
static pgl_status check_signature(const struct pgl_key *key, const struct parts *parts);
static pgl_status read_payload(const struct pgl_jwt_policy *policy, struct pgl_text payload,
                               int64_t now_ns, struct pgl_jwt_claims *claims);

static pgl_status verify_for(const struct pgl_jwt_issuer *issuer, const struct pgl_key *key,
                             const struct header *header, const struct parts *parts, int64_t now_ns,
                             struct pgl_jwt_claims *claims, struct pgl_jwt_doubt *doubt)
{
    const struct pgl_jwt_policy *policy = &issuer->policy;
    PGL_ASSERT(policy->issuer.size > 0 && policy->audience.size > 0);
    PGL_ASSERT(policy->leeway_ns >= 0 && policy->leeway_ns <= PGL_JWT_LEEWAY_MAX_NS);
    struct pgl_jwt_claims read = { .roles = PGL_ROLE_CUSTOMER, .tenant = "default" };
    if (!pgl_jws_alg_is_called(key->alg, header->alg))
        return REFUSE("the token's algorithm is not that of its key");
    PGL_TRY(check_signature(key, parts));
    pgl_status status = read_payload(policy, parts->payload, now_ns, &read);
    if (pgl_is_ok(status))
        *claims = read;
    else
        memcpy(doubt->subject, read.subject, sizeof doubt->subject);
    return status;
}

/* Two issuers may call a key the same: whose signature it is decides, and the last of them says
 * what is wrong. */
static pgl_status try_issuers(const struct pgl_jwt_issuer *issuers, int count,
                              const struct header *header, const struct parts *parts,
                              int64_t now_ns, struct pgl_jwt_claims *claims,
                              struct pgl_jwt_doubt *doubt)
{
    pgl_status status = REFUSE("the key of the token is unknown");
    doubt->is_key_unknown = true;
    for (int i = 0; i < count && !pgl_is_ok(status); i++) {
        const struct pgl_key *key =
            issuers[i].keys != NULL ? pgl_key_set_find(issuers[i].keys, header->kid) : NULL;
        if (key == NULL)
            continue;
        doubt->is_key_unknown = false;
        status = verify_for(&issuers[i], key, header, parts, now_ns, claims, doubt);
    }
    return status;
}

pgl_status pgl_jwt_verify_any(const struct pgl_jwt_issuer *issuers, int count,
                              struct pgl_text token, int64_t now_ns, struct pgl_jwt_claims *claims,
                              struct pgl_jwt_doubt *doubt)
{
    struct parts parts;
    struct header header;
    PGL_ASSERT(count >= 0 && count <= PGL_JWT_ISSUERS_MAX);
    memset(claims, 0, sizeof *claims);
    *doubt = (struct pgl_jwt_doubt){ 0 };
    PGL_TRY(split(token, &parts));
    PGL_TRY(read_header(parts.header, &header));
    pgl_status status = try_issuers(issuers, count, &header, &parts, now_ns, claims, doubt);
    json_decref(header.object);
    return status;
}

pgl_status pgl_jwt_verify(const struct pgl_key_set *keys, const struct pgl_jwt_policy *policy,
                          struct pgl_text token, int64_t now_ns, struct pgl_jwt_claims *claims)
{
    const struct pgl_jwt_issuer issuer = { *policy, keys };
    struct pgl_jwt_doubt doubt;
    return pgl_jwt_verify_any(&issuer, 1, token, now_ns, claims, &doubt);
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

static pgl_status check_header(struct header *header)
{
    const json_t *object = header->object;
    if (json_object_get(object, "crit") != NULL) /* RFC 7515, 4.1.11: we understand no extension */
        return REFUSE("the token has a critical extension");
    if (json_object_get(object, "zip") != NULL)
        return REFUSE("the token is compressed");
    if (!is_typ_ours(object))
        return REFUSE("the token is of another type");
    header->kid = pgl_jose_text(object, "kid");
    header->alg = pgl_jose_text(object, "alg");
    if (!pgl_jose_is_plain(header->kid))
        return REFUSE("the token does not name its key");
    return PGL_OK;
}

/* The caller gives `header->object` back, if it is OK. */
static pgl_status read_header(struct pgl_text part, struct header *header)
{
    PGL_TRY(read_part(part, &header->object));
    pgl_status status = check_header(header);
    if (!pgl_is_ok(status))
        json_decref(header->object);
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

/* In the order of their bits. */
static const char *const role_names[PGL_ROLE_COUNT] = { "customer", "partner", "warehouse",
                                                        "support", "operator" };

uint32_t pgl_jwt_role_named(struct pgl_text name)
{
    for (int i = 0; i < PGL_ROLE_COUNT; i++)
        if (pgl_text_is(name, role_names[i]))
            return 1u << i;
    return 0;
}

const char *pgl_jwt_role_name(enum pgl_jwt_role role)
{
    for (int i = 0; i < PGL_ROLE_COUNT; i++)
        if ((uint32_t)role == 1u << i)
            return role_names[i];
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

/* A member of this very name, which may have dots in it, or else one at the end of a path. */
static const json_t *claim_at(const json_t *payload, struct pgl_text path)
{
    const json_t *claim = json_object_getn(payload, path.data, path.size);
    for (const json_t *at = payload; claim == NULL && json_is_object(at);) {
        struct pgl_text name = pgl_text_cut(&path, '.');
        at = json_object_getn(at, name.data, name.size);
        if (path.data == NULL)
            return at;
    }
    return claim;
}

static pgl_status read_tenant(const struct pgl_jwt_policy *policy, const json_t *payload,
                              struct pgl_jwt_claims *claims)
{
    struct pgl_text name =
        policy->tenant_claim.size > 0 ? policy->tenant_claim : PGL_TEXT("tenant");
    struct pgl_text tenant = { name.data + 1, name.size - 1 };
    if (name.data[0] != '=') {
        const json_t *claim = claim_at(payload, name);
        if (claim == NULL)
            return PGL_OK; /* it is "default" */
        tenant = (struct pgl_text){ json_string_value(claim), json_string_length(claim) };
    }
    if (!is_tenant(tenant))
        return REFUSE("the token has no proper tenant");
    memset(claims->tenant, 0, sizeof claims->tenant);
    memcpy(claims->tenant, tenant.data, tenant.size);
    return PGL_OK;
}

static pgl_status read_who(const struct pgl_jwt_policy *policy, const json_t *payload,
                           struct pgl_jwt_claims *claims)
{
    struct pgl_text subject = pgl_jose_text(payload, "sub");
    if (!is_subject(subject))
        return REFUSE("the token has no proper subject");
    memcpy(claims->subject, subject.data, subject.size);
    PGL_TRY(read_tenant(policy, payload, claims));
    const json_t *roles =
        claim_at(payload, policy->roles_claim.size > 0 ? policy->roles_claim : PGL_TEXT("roles"));
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
    PGL_TRY(read_who(policy, payload, claims)); /* first: who sends old tokens is somebody, too */
    return check_times(policy, payload, now_ns, claims);
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

static json_t *names_of(uint32_t roles)
{
    json_t *names = json_array();
    for (int i = 0; i < PGL_ROLE_COUNT; i++)
        if (roles & 1u << i)
            json_array_append_new(names, json_string(role_names[i]));
    return names;
}

/* Returns what it takes: more than `capacity` is cut off, 0 says that it is no UTF-8. */
static size_t write_payload(const struct pgl_jwt_policy *policy,
                            const struct pgl_jwt_claims *claims, char *out, size_t capacity)
{
    json_t *payload =
        json_pack("{s:s%, s:s%, s:s, s:s, s:o, s:I, s:I}", "iss", policy->issuer.data,
                  policy->issuer.size, "aud", policy->audience.data, policy->audience.size, "sub",
                  claims->subject, "tenant", claims->tenant, "roles", names_of(claims->roles),
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
