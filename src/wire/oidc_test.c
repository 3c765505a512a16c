/*
 * oidc_test.c - the keys of an issuer are where its own document says, and no other's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/oidc.h"

static enum pgl_code read_document(const char *document, char uri[PGL_URL_BYTES_MAX + 1])
{
    return pgl_oidc_read(pgl_text_of(document), PGL_TEXT("https://id.test"), uri).code;
}

static void the_keys_are_where_the_document_says(void **unused)
{
    (void)unused;
    char uri[PGL_URL_BYTES_MAX + 1];
    assert_int_equal(read_document("{\"issuer\":\"https://id.test\",\"jwks_uri\":"
                                   "\"https://keys.test/a?b=1\",\"claims_supported\":[\"sub\"]}",
                                   uri),
                     PGL_CODE_OK);
    assert_string_equal(uri, "https://keys.test/a?b=1");
}

static void other_documents_are_refused(void **unused)
{
    (void)unused;
    char uri[PGL_URL_BYTES_MAX + 1];
    static const struct {
        const char *document;
        enum pgl_code code;
    } bad[] = {
        { "", PGL_MALFORMED },
        { "[]", PGL_MALFORMED },
        { "{\"issuer\":\"https://id.test\"}", PGL_MALFORMED },
        { "{\"issuer\":\"https://id.test\",\"jwks_uri\":7}", PGL_MALFORMED },
        { "{\"issuer\":\"https://id.test\",\"jwks_uri\":\"file:///etc/passwd\"}", PGL_MALFORMED },
        { "{\"issuer\":\"https://id.test/\",\"jwks_uri\":\"https://id.test/k\"}", PGL_INVALID },
        { "{\"jwks_uri\":\"https://id.test/k\"}", PGL_INVALID },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(read_document(bad[i].document, uri), bad[i].code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_keys_are_where_the_document_says),
        cmocka_unit_test(other_documents_are_refused),
    };
    return cmocka_run_group_tests_name("oidc", tests, NULL, NULL);
}
