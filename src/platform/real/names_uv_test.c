/*
 * names_uv_test.c - the machine's resolver, asked for what needs no network.
 * Method: a waiter alone; each name is read to its end, as a loop would in its turns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "platform/real/real.h"

static struct pgl_socket *ask(struct pgl_waiter *waiter, const char *name, struct pgl_list *news)
{
    struct pgl_socket *socket;
    assert_true(pgl_is_ok(waiter->ops->resolve(waiter, name, news, &socket)));
    return socket;
}

/* What is read up to the end, and how it ended. */
static enum pgl_io read_all(struct pgl_waiter *waiter, const char *name, char *text, size_t size)
{
    struct pgl_list news;
    size_t at = 0, got;
    enum pgl_io io;
    pgl_list_init(&news);
    struct pgl_socket *socket = ask(waiter, name, &news);
    while ((io = socket->ops->read(socket, text + at, size - 1 - at, &got)) == PGL_IO_DONE ||
           io == PGL_IO_WAIT) {
        at += got * (io == PGL_IO_DONE);
        while (io == PGL_IO_WAIT && pgl_list_take_first(&news) == NULL)
            waiter->ops->wait(waiter, PGL_NEVER_NS);
    }
    text[at] = '\0';
    socket->ops->close(socket);
    return io;
}

static void names_become_addresses(void **unused)
{
    static const struct {
        const char *name, *answer;
    } rows[] = {
        { "127.0.0.1", "127.0.0.1\n" },
        { "::1", "::1\n" },
        { "::ffff:7f00:1", "::ffff:127.0.0.1\n" },
        { "0:0:0:0:0:0:0:1", "::1\n" },
        { "127.1", "127.0.0.1\n" }, /* as inet_aton reads it, and so said plainly */
        { "0x7f000001", "127.0.0.1\n" },
    };
    struct pgl_platform *platform = pgl_real_open();
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    char text[2048];
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(read_all(waiter, rows[i].name, text, sizeof text), PGL_IO_END);
        assert_string_equal(text, rows[i].answer);
    }
    assert_int_equal(read_all(waiter, "localhost", text, sizeof text), PGL_IO_END);
    assert_true(strstr(text, "127.0.0.1\n") != NULL || strstr(text, "::1\n") != NULL);
    /* Without a network nobody can say that it is not there. */
    enum pgl_io io = read_all(waiter, "no-such-name.invalid", text, sizeof text);
    assert_true(io == PGL_IO_END || io == PGL_IO_BROKEN);
    assert_string_equal(text, "");
    waiter->ops->close(waiter);
}

static void what_is_given_up_counts_until_it_is_answered(void **unused)
{
    struct pgl_platform *platform = pgl_real_open();
    struct pgl_waiter *waiter = platform->waiter_open(platform);
    struct pgl_list news;
    struct pgl_socket *socket;
    char text[2048], long_name[PGL_NAME_BYTES + 1];
    (void)unused;
    pgl_list_init(&news);
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(waiter->ops->resolve(waiter, long_name, &news, &socket).code, PGL_INVALID);
    assert_int_equal(waiter->ops->resolve(waiter, "", &news, &socket).code, PGL_INVALID);
    for (int i = 0; i < PGL_NAMES_OUT_MAX; i++) {
        socket = ask(waiter, "localhost", &news);
        socket->ops->close(socket);
    }
    assert_int_equal(waiter->ops->resolve(waiter, "localhost", &news, &socket).code, PGL_EXHAUSTED);
    for (bool is_free = false; !is_free;) {
        waiter->ops->wait(waiter, pgl_clock_monotonic_ns(&platform->clock) + PGL_MILLISECONDS(1));
        is_free = pgl_is_ok(waiter->ops->resolve(waiter, "localhost", &news, &socket));
    }
    socket->ops->close(socket);
    waiter->ops->wait(waiter, 0);
    assert_int_equal(read_all(waiter, "127.0.0.1", text, sizeof text), PGL_IO_END);
    assert_true(pgl_list_is_empty(&news)); /* nobody was told */
    socket = ask(waiter, "localhost", &news);
    socket->ops->close(socket);
    waiter->ops->close(waiter); /* waits for what is still out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_become_addresses),
        cmocka_unit_test(what_is_given_up_counts_until_it_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
