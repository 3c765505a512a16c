/*
 * follow_test.c - every ending of a stream is heard once, wherever the stream is cut into pieces.
 * Method: one stream, in chunks of every size; then what is no ending.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "app/bench/drive.h"
#include "app/bench/fake_platform.h"
#include "app/bench/follow.h"

#define ID(last) "018f0000-0000-7000-8000-00000000000" last

struct scene {
    struct fake_platform fake;
    struct pgl_follow follow;
    struct pgl_arena arena;
    struct fake_conn *conn;
    int status;
    char heard[256]; /* a letter and the id's last digit for each ending */
};

static const struct pgl_address address = { "127.0.0.1", FAKE_PORT };

static void on_request(void *owner, struct fake_conn *conn, struct pgl_text request)
{
    struct scene *scene = owner;
    (void)request;
    scene->conn = conn;
    if (scene->status == 200)
        fake_begin_stream(conn);
    else
        fake_answer(conn, scene->status, "", "{}");
}

static void on_ending(void *owner, pgl_id id, enum pgl_open_order_state state)
{
    static const char letters[] = {
        [PGL_OPEN_CONFIRMED] = 'y', [PGL_OPEN_FAILED] = 'n', [PGL_OPEN_CANCELLED] = 'c'
    };
    struct scene *scene = owner;
    size_t size = strlen(scene->heard);
    snprintf(scene->heard + size, sizeof scene->heard - size, "%c%d", letters[state], id.bytes[15]);
}

static void turn(struct scene *scene, int turns)
{
    for (int i = 0; i < turns; i++)
        pgl_drive_turn(&scene->fake.loop, scene->fake.twin.now_ns + 1);
}

static struct scene *open_scene(int status)
{
    static struct scene scene;
    scene = (struct scene){ .status = status };
    fake_open(&scene.fake, 1);
    scene.fake.on_request = on_request;
    scene.fake.owner = &scene;
    pgl_arena_init(&scene.arena, 65536, 1u << 20);
    assert_true(
        pgl_is_ok(pgl_follow_init(&scene.follow, &scene.fake.loop, &address, &scene.arena)));
    scene.follow.token = PGL_TEXT("operator");
    scene.follow.on_ending = on_ending;
    scene.follow.owner = &scene;
    pgl_follow_start(&scene.follow);
    turn(&scene, 5);
    assert_int_equal(scene.follow.status, status);
    return &scene;
}

static void close_scene(struct scene *scene)
{
    pgl_follow_close(&scene->follow);
    pgl_arena_free(&scene->arena);
    fake_shut(&scene->fake);
}

static void endings_are_heard_wherever_the_stream_is_cut(void **unused)
{
    static const char stream[] = "id: 7\nevent: OrderConfirmed\ndata: {\"id\":\"" ID(
        "1") "\",\"status\":\"CONFIRMED\"}\n\n"
             ": still here\n\n"
             "id: 9\nevent: OrderCancelled\ndata: {\"id\":\"" ID(
                 "2") "\",\"status\":\"FAILED\"}\n\n"
                      "id: 12\nevent: OrderCancelled\ndata: {\"id\":\"" ID(
                          "3") "\",\"status\":\"CANCELLED\"}\n\n";
    (void)unused;
    for (size_t piece_bytes = 1; piece_bytes < sizeof stream; piece_bytes += 3) {
        struct scene *scene = open_scene(200);
        char piece[sizeof stream];
        for (size_t at = 0; at < sizeof stream - 1; at += piece_bytes) {
            snprintf(piece, piece_bytes + 1, "%s", stream + at);
            fake_stream(scene->conn, piece);
            turn(scene, 1);
        }
        turn(scene, 2);
        assert_string_equal(scene->heard, "y1n2c3");
        assert_int_equal(scene->follow.malformed, 0);
        assert_int_equal(scene->follow.last_seq, 12);
        close_scene(scene);
    }
}

static void what_is_no_ending_is_counted_and_not_told(void **unused)
{
    static const char *const lines[] = {
        "data: {}\n",
        "data: {\"id\":\"not an id\",\"status\":\"CONFIRMED\"}\n",
        "data: {\"id\":\"" ID("1") "\",\"status\":\"PENDING\"}\n",
        "data: {\"id\":\"" ID("1") "\",\"status\":\"CONFIRMED\"\n",
        "data: {\"id\":\"" ID("1") "\"\n",
        "id: seven\n",
    };
    (void)unused;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct scene *scene = open_scene(200);
        fake_stream(scene->conn, lines[i]);
        turn(scene, 3);
        assert_string_equal(scene->heard, "");
        assert_int_equal(scene->follow.malformed, 1);
        close_scene(scene);
    }
}

static void a_line_without_end_takes_no_more_than_its_place(void **unused)
{
    struct scene *scene = open_scene(200);
    char line[1500];
    (void)unused;
    snprintf(line, sizeof line, "data: %01400d", 0);
    for (int i = 0; i < 5; i++) {
        fake_stream(scene->conn, line);
        turn(scene, 2);
    }
    fake_stream(scene->conn, "\ndata: {\"id\":\"" ID("4") "\",\"status\":\"CONFIRMED\"}\n");
    turn(scene, 3);
    assert_string_equal(scene->heard, "y4");
    assert_int_equal(scene->follow.malformed, 1);
    close_scene(scene);
}

static void only_a_refused_stream_is_not_asked_for_again(void **unused)
{
    static const struct {
        int status;
        bool is_asked_again;
    } cases[] = { { 401, false }, { 403, false }, { 503, true } };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene *scene = open_scene(cases[i].status);
        scene->conn = NULL;
        turn(scene, 500);
        assert_int_equal(scene->conn != NULL, cases[i].is_asked_again);
        close_scene(scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endings_are_heard_wherever_the_stream_is_cut),
        cmocka_unit_test(what_is_no_ending_is_counted_and_not_told),
        cmocka_unit_test(a_line_without_end_takes_no_more_than_its_place),
        cmocka_unit_test(only_a_refused_stream_is_not_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
