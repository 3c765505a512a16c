/*
 * client_test.c - an answer is the same however its bytes arrive, and what is no answer is noticed.
 * Method: raw bytes from a server that the test plays, in pieces of every size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/bench/client.h"
#include "app/bench/drive.h"
#include "app/bench/fake_platform.h"

#define IN_BYTES_MAX 512
#define TURNS_MAX    2000

/* What came of one request. */
struct heard {
    int status, ends, breaks;
    char body[4096];
    size_t body_bytes;
};

struct scene {
    struct fake_platform fake;
    struct pgl_client client;
    struct pgl_arena arena;
    struct heard heard;
    const char *answer;
    size_t answer_bytes, said_bytes, piece_bytes;
    struct fake_conn *conn;
    int requests;
};

static const struct pgl_address address = { "127.0.0.1", FAKE_PORT };

static void on_head(void *owner, const struct pgl_http_response_head *head)
{
    ((struct scene *)owner)->heard.status = head->status;
}

static void on_piece(void *owner, struct pgl_text piece)
{
    struct heard *heard = &((struct scene *)owner)->heard;
    assert_true(heard->body_bytes + piece.size <= sizeof heard->body);
    memcpy(heard->body + heard->body_bytes, piece.data, piece.size);
    heard->body_bytes += piece.size;
}

static void on_end(void *owner)
{
    ((struct scene *)owner)->heard.ends++;
}

static void on_broken(void *owner)
{
    ((struct scene *)owner)->heard.breaks++;
}

/* The server: says its answer piece by piece, a piece a millisecond. */
static void on_request(void *owner, struct fake_conn *conn, struct pgl_text request)
{
    struct scene *scene = owner;
    (void)request;
    scene->requests++;
    scene->conn = conn;
    scene->said_bytes = 0;
}

static void on_step(void *owner)
{
    struct scene *scene = owner;
    size_t left = scene->answer_bytes - scene->said_bytes;
    size_t size = left < scene->piece_bytes ? left : scene->piece_bytes;
    if (scene->conn == NULL || scene->conn->socket == NULL || size == 0)
        return;
    struct pgl_span span = { scene->answer + scene->said_bytes, size };
    size_t put;
    scene->conn->socket->ops->write(scene->conn->socket, &span, 1, &put);
    scene->said_bytes += size;
}

static struct scene *open_scene(void)
{
    static struct scene scene;
    static const struct pgl_client_events events = { on_head, on_piece, on_end, on_broken };
    scene = (struct scene){ .piece_bytes = SIZE_MAX };
    fake_open(&scene.fake, 1);
    scene.fake.on_request = on_request;
    scene.fake.on_step = on_step;
    scene.fake.owner = &scene;
    pgl_arena_init(&scene.arena, 4096, 65536);
    assert_true(pgl_is_ok(pgl_client_init(&scene.client, &scene.fake.loop, &address, &scene.arena,
                                          256, IN_BYTES_MAX)));
    scene.client.events = &events;
    scene.client.owner = &scene;
    memcpy(scene.client.out, "GET / HTTP/1.1\r\n\r\n", 18);
    scene.client.out_size = 18;
    return &scene;
}

static void close_scene(struct scene *scene)
{
    pgl_client_close(&scene->client);
    pgl_arena_free(&scene->arena);
    fake_shut(&scene->fake);
}

static void ask(struct scene *scene, const char *answer, size_t piece_bytes)
{
    scene->answer = answer;
    scene->answer_bytes = strlen(answer);
    scene->piece_bytes = piece_bytes;
    scene->heard = (struct heard){ 0 };
    pgl_client_send(&scene->client);
    for (int i = 0; i < TURNS_MAX && scene->heard.ends + scene->heard.breaks == 0; i++)
        pgl_drive_turn(&scene->fake.loop, PGL_NEVER_NS);
}

static void answers_may_come_in_pieces_of_any_size(void **unused)
{
    static const struct {
        const char *answer;
        int status;
        const char *body;
    } cases[] = {
        { "HTTP/1.1 201 Created\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nhello", 201, "hello" },
        { "HTTP/1.1 204 No Content\r\n\r\n", 204, "" },
        { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
          200, "hello" },
        { "HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n", 503, "" },
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *scene = open_scene();
        for (size_t piece_bytes = 1; piece_bytes <= strlen(cases[i].answer); piece_bytes++) {
            ask(scene, cases[i].answer, piece_bytes);
            assert_int_equal(scene->heard.ends, 1);
            assert_int_equal(scene->heard.breaks, 0);
            assert_int_equal(scene->heard.status, cases[i].status);
            assert_int_equal(scene->heard.body_bytes, strlen(cases[i].body));
            assert_memory_equal(scene->heard.body, cases[i].body, scene->heard.body_bytes);
        }
        close_scene(scene);
    }
}

static void a_body_may_be_larger_than_the_buffer(void **unused)
{
    char answer[4096];
    struct scene *scene = open_scene();
    (void)unused;
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n%03000d", 7);
    ask(scene, answer, SIZE_MAX);
    assert_int_equal(scene->heard.ends, 1);
    assert_int_equal(scene->heard.body_bytes, 3000);
    assert_int_equal(scene->heard.body[2999], '7');
    close_scene(scene);
}

static void what_is_no_answer_breaks_the_connection(void **unused)
{
    char long_head[2048];
    snprintf(long_head, sizeof long_head, "HTTP/1.1 200 OK\r\nX: %01000d\r\n", 1);
    const char *const answers[] = {
        "no HTTP at all\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", /* more than was asked for */
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", /* ends with its connection: nobody knows whether it is whole */
        long_head,
    };
    (void)unused;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct scene *scene = open_scene();
        ask(scene, answers[i], SIZE_MAX);
        assert_int_equal(scene->heard.breaks, 1);
        assert_int_equal(scene->heard.ends, 0);
        close_scene(scene);
    }
}

static void it_connects_again_when_it_has_to(void **unused)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    static const char last[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    struct scene *scene = open_scene();
    (void)unused;
    ask(scene, last, SIZE_MAX);
    assert_int_equal(scene->heard.ends, 1);
    assert_null(scene->client.socket);
    ask(scene, ok, SIZE_MAX);
    assert_int_equal(scene->heard.ends, 1);
    fake_close(scene->conn); /* an idle connection: nobody is told */
    for (int i = 0; i < 3; i++)
        pgl_drive_turn(&scene->fake.loop, PGL_NEVER_NS);
    assert_int_equal(scene->heard.breaks, 0);
    ask(scene, ok, SIZE_MAX);
    assert_int_equal(scene->heard.ends, 1);
    assert_int_equal(scene->requests, 3);
    close_scene(scene);
}

static void nobody_there_is_a_broken_connection(void **unused)
{
    static const struct pgl_address nobody = { "127.0.0.1", FAKE_PORT + 1 };
    struct scene *scene = open_scene();
    (void)unused;
    scene->client.address = &nobody;
    ask(scene, "", SIZE_MAX);
    assert_int_equal(scene->heard.breaks, 1);
    close_scene(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_may_come_in_pieces_of_any_size),
        cmocka_unit_test(a_body_may_be_larger_than_the_buffer),
        cmocka_unit_test(what_is_no_answer_breaks_the_connection),
        cmocka_unit_test(it_connects_again_when_it_has_to),
        cmocka_unit_test(nobody_there_is_a_broken_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
