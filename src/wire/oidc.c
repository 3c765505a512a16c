/* oidc.c - see oidc.h. */
#include "wire/oidc.h"

#include "wire/jose.h"

static pgl_status read_uri(const json_t *object, struct pgl_text issuer,
                           char jwks_uri[PGL_URL_BYTES_MAX + 1])
{
    struct pgl_text uri = pgl_jose_text(object, "jwks_uri");
    struct pgl_url url;
    if (!pgl_text_equal(pgl_jose_text(object, "issuer"), issuer))
        return PGL_FAIL(PGL_INVALID, "the document is another issuer's");
    if (uri.size == 0 || uri.size > PGL_URL_BYTES_MAX || !pgl_is_ok(pgl_url_read(uri, &url)))
        return PGL_FAIL(PGL_MALFORMED, "the document has no jwks_uri");
    memcpy(jwks_uri, uri.data, uri.size);
    jwks_uri[uri.size] = '\0';
    return PGL_OK;
}

pgl_status pgl_oidc_read(struct pgl_text document, struct pgl_text issuer,
                         char jwks_uri[PGL_URL_BYTES_MAX + 1])
{
    json_t *object;
    if (document.size > PGL_OIDC_BYTES_MAX)
        return PGL_FAIL(PGL_TOO_LARGE, "the document is too large");
    PGL_TRY(pgl_jose_parse(document, &object));
    pgl_status status = read_uri(object, issuer, jwks_uri);
    json_decref(object);
    return status;
}
