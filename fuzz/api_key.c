/*
 * fuzz/api_key.c - API keys from strangers, and the documents of their issuers.
 *
 * The first byte says what the rest is: 'k' a key as sent, 's' a secret that is written and read
 * again, 'o' a discovery document. What is taken must keep what the headers promise.
 */
#include "base/assert.h"
#include "wire/api_key.h"
#include "wire/oidc.h"

/* A key that is read has one spelling, and its id lies inside it. */
static void try_key(struct pgl_text text)
{
    struct pgl_api_key key;
    pgl_status status = pgl_api_key_read(text, &key);
    PGL_ASSERT(status.code == PGL_CODE_OK || status.code == PGL_UNAUTHENTICATED);
    if (!pgl_is_ok(status))
        return;
    PGL_ASSERT(text.size <= PGL_API_KEY_BYTES_MAX && pgl_api_key_is_meant(text));
    PGL_ASSERT(pgl_api_key_is_id(key.id) && key.id.data > text.data &&
               key.id.data + key.id.size < text.data + text.size);
}

static void try_secret(struct pgl_text bytes)
{
    uint8_t secret[PGL_API_KEY_SECRET_BYTES] = { 0 };
    uint8_t random[8] = { 0 };
    char id[PGL_API_KEY_ID_BYTES], text[PGL_API_KEY_BYTES_MAX];
    struct pgl_api_key key;
    size_t size = bytes.size < sizeof secret ? bytes.size : sizeof secret;
    memcpy(secret, bytes.data, size);
    memcpy(random, secret, sizeof random);
    pgl_api_key_make_id(random, id);
    size_t written =
        pgl_api_key_write(PGL_TEXT("fuzz"), (struct pgl_text){ id, sizeof id }, secret, text);
    PGL_ASSERT(written <= sizeof text);
    PGL_ASSERT(pgl_is_ok(pgl_api_key_read((struct pgl_text){ text, written }, &key)));
    PGL_ASSERT(pgl_text_equal(key.id, (struct pgl_text){ id, sizeof id }));
    for (size_t i = 0; i < written; i++) { /* every slip is found */
        text[i] ^= 1;
        PGL_ASSERT(!pgl_is_ok(pgl_api_key_read((struct pgl_text){ text, written }, &key)));
        text[i] ^= 1;
    }
}

static void try_document(struct pgl_text text)
{
    char uri[PGL_URL_BYTES_MAX + 1];
    struct pgl_url url;
    if (pgl_is_ok(pgl_oidc_read(text, PGL_TEXT("https://i"), uri)))
        PGL_ASSERT(pgl_is_ok(pgl_url_read(pgl_text_of(uri), &url)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct pgl_text rest = { (const char *)data + 1, size - 1 };
    switch (data[0]) {
    case 'k':
        try_key(rest);
        break;
    case 's':
        try_secret(rest);
        break;
    case 'o':
        try_document(rest);
        break;
    }
    return 0;
}
