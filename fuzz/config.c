/*
 * fuzz/config.c - a configuration file from a stranger. Whatever it is, it is read or refused with
 * a place; what was read is printed and read again, and says the same.
 */
#include "app/config.h"
#include "base/assert.h"

#define SHOWN_BYTES_MAX (1u << 20)

static void show(struct pgl_config *config, struct pgl_buffer *out)
{
    pgl_buffer_init(out, SHOWN_BYTES_MAX);
    memset(config->origins, 0, sizeof config->origins);
    pgl_config_show(config, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pgl_config config, again;
    struct pgl_buffer shown, shown_again;
    pgl_config_open(&config);
    pgl_status read = pgl_config_read_text(&config, (struct pgl_text){ (const char *)data, size });
    PGL_ASSERT(pgl_is_ok(read) || config.line > 0);
    if (pgl_is_ok(read)) {
        config.boot.payments.card.key_file = NULL; /* secrets are not printed */
        config.boot.payments.card.webhook_secret_file = NULL;
        show(&config, &shown);
        pgl_config_open(&again);
        PGL_ASSERT(pgl_is_ok(pgl_config_read_text(&again, pgl_buffer_text(&shown))));
        show(&again, &shown_again);
        PGL_ASSERT(pgl_text_equal(pgl_buffer_text(&shown), pgl_buffer_text(&shown_again)));
        pgl_config_close(&again);
        pgl_buffer_free(&shown_again);
        pgl_buffer_free(&shown);
    }
    pgl_config_close(&config);
    return 0;
}
