# Tests that are no unit tests: the form of the code, the black box, suites of others; and benches.
# A label says where a test runs (scripts/test.py has the table): `unit` under asan too, `threads`
# under tsan, `fuzz` with clang; `prove` is for long forms. Return 77 to skip, and say why.
#
# scripts/test.py gives a core two places. A test that mostly waits for a server takes one, a test that
# computes (each unit test, and those of pgl_computes) takes both. COST, in seconds, says what to
# start first, so that nothing long is left for the end. What compares times, or takes both cores by
# itself, runs alone (pgl_alone).

# pgl_script_test(NAME LABELS SECONDS_MAX SCRIPT [ARGUMENTS...])
function(pgl_script_test name labels seconds_max script)
    add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/${script} ${ARGN})
    set_tests_properties(${name} PROPERTIES
        LABELS "${labels}" TIMEOUT ${seconds_max} SKIP_RETURN_CODE 77)
endfunction()

# pgl_computes(COST TESTS...)
function(pgl_computes cost)
    set_tests_properties(${ARGN} PROPERTIES PROCESSORS 2 COST ${cost})
endfunction()

# pgl_alone(TESTS...)
function(pgl_alone)
    set_tests_properties(${ARGN} PROPERTIES RUN_SERIAL TRUE)
endfunction()

pgl_script_test(form/floors form 60 scripts/floors.py)
pgl_script_test(form/names form 60 scripts/names.py)
pgl_script_test(form/checks form 60 scripts/form_test.py)
pgl_script_test(form/layout form 120 scripts/lint.sh format scripts)
pgl_script_test(form/tidy "form;prove" 1800 scripts/lint.sh tidy)
pgl_computes(10 form/layout)
pgl_alone(form/tidy)
if(TARGET panglot AND CMAKE_BUILD_TYPE STREQUAL "Release")
    pgl_script_test(form/hardening form 60 scripts/hardening.py $<TARGET_FILE:panglot>
        ${CMAKE_BINARY_DIR}/compile_commands.json)
endif()

# bench/NAME.c: one program a promise of speed, run by `make bench`.
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.c)
foreach(bench ${benches})
    get_filename_component(name ${bench} NAME_WE)
    add_executable(bench_${name} ${bench})
    target_link_libraries(bench_${name} PRIVATE pgl_app pgl_platform_real)
endforeach()

# A server for bench/edge/edge.py.
add_executable(edge_grpc_echo ${CMAKE_SOURCE_DIR}/bench/edge/grpc_echo.c)
target_link_libraries(edge_grpc_echo PRIVATE pgl_app pgl_platform_real)

# The black box: whole processes over real sockets, once, on the program as it is shipped.
if(TARGET panglot AND CMAKE_BUILD_TYPE STREQUAL "Release")
    # Each answer is held against /openapi.json, but where asking for that would be counted, or is no
    # plain HTTP.
    foreach(test access identity rest http catalog events webhooks unhappy bad_input oversell fulfilment after process verify operators card)
        pgl_script_test(blackbox/${test} blackbox 240 tests/blackbox/${test}_test.py
            --binary $<TARGET_FILE:panglot> --described)
    endforeach()
    foreach(test limits tls call)
        pgl_script_test(blackbox/${test} blackbox 240 tests/blackbox/${test}_test.py
            --binary $<TARGET_FILE:panglot>)
    endforeach()
    # The same cases where every role is a process of its own.
    foreach(test access http rest catalog identity events webhooks unhappy bad_input oversell fulfilment after card)
        pgl_script_test(parity/${test} blackbox 240 tests/parity/far_test.py ${test}
            --binary $<TARGET_FILE:panglot>)
    endforeach()
    foreach(test operators verify limits tls process) # more than a minute each
        pgl_script_test(parity/${test} "blackbox;prove" 400 tests/parity/far_test.py ${test}
            --binary $<TARGET_FILE:panglot>)
    endforeach()
    pgl_script_test(parity/operators_some blackbox 120 tests/parity/far_test.py operators
        --binary $<TARGET_FILE:panglot> Operators.test_parked_and_replayed
        Operators.test_tenants_see_their_own Roles)
    pgl_script_test(parity/verify_some blackbox 120 tests/parity/far_test.py verify
        --binary $<TARGET_FILE:panglot> Verify.test_at_rest Verify.test_many_at_once)
    pgl_script_test(parity/rest_mtls blackbox 120 tests/parity/far_test.py rest --mtls
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/cancel blackbox 120 tests/parity/cancel_test.py
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/rolling blackbox 120 tests/parity/rolling_test.py --mtls
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/crowd blackbox 120 tests/parity/crowd_test.py
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/identities blackbox 120 tests/parity/identities_test.py
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/ops blackbox 120 tests/parity/ops_test.py
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/folder blackbox 120 tests/parity/folder_test.py
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(parity/behind "blackbox;prove" 180 tests/parity/behind_test.py
        --binary $<TARGET_FILE:panglot>) # a minute and a half
    pgl_script_test(parity/rolling_long "blackbox;prove" 600 tests/parity/rolling_test.py
        --binary $<TARGET_FILE:panglot> --rate 2000 --rounds 3)
    pgl_script_test(parity/rolling_long_mtls "blackbox;prove" 600 tests/parity/rolling_test.py
        --binary $<TARGET_FILE:panglot> --rate 2000 --rounds 3 --mtls)
    set_tests_properties(blackbox/tls PROPERTIES TIMEOUT 300)
    set_tests_properties(blackbox/tls blackbox/verify blackbox/operators blackbox/webhooks parity/webhooks
        parity/after PROPERTIES COST 40)
    pgl_script_test(blackbox/desync blackbox 300 tests/desync/desync.py
        --binary $<TARGET_FILE:panglot> --requests 100000)
    pgl_script_test(blackbox/desync_long "blackbox;prove" 3600 tests/desync/desync.py
        --binary $<TARGET_FILE:panglot> --requests 2000000 --seed 1000)
    add_test(NAME blackbox/tls_rotation_long
        COMMAND ${CMAKE_COMMAND} -E env PANGLOT_ROTATE_SECONDS=300
            ${CMAKE_SOURCE_DIR}/tests/blackbox/tls_test.py --binary $<TARGET_FILE:panglot>
            Changes.test_certificates_change_while_people_ask)
    add_test(NAME blackbox/key_rotation_long
        COMMAND ${CMAKE_COMMAND} -E env PANGLOT_ROTATE_SECONDS=300
            ${CMAKE_SOURCE_DIR}/tests/blackbox/identity_test.py --binary $<TARGET_FILE:panglot>
            OwnKey)
    set_tests_properties(blackbox/tls_rotation_long blackbox/key_rotation_long
        PROPERTIES LABELS "blackbox;prove" TIMEOUT 600)
    pgl_script_test(blackbox/floods blackbox 240 tests/floods/floods_test.py
        --binary $<TARGET_FILE:panglot>)
    pgl_script_test(blackbox/floods_long "blackbox;prove" 900 tests/floods/floods_test.py
        --binary $<TARGET_FILE:panglot> --seconds 60)
    pgl_script_test(blackbox/kill_loop blackbox 300 tests/kill/kill_loop.py
        --binary $<TARGET_FILE:panglot> --cycles 20 --seed 1)
    pgl_script_test(blackbox/kill_loop_cards blackbox 300 tests/kill/kill_loop.py
        --binary $<TARGET_FILE:panglot> --cycles 20 --seed 3 --cards 0.5)
    pgl_script_test(blackbox/cards blackbox 300 tests/kill/cards.py
        --binary $<TARGET_FILE:panglot> --races 500 --outage-seconds 40)
    pgl_script_test(blackbox/cards_long "blackbox;prove" 3600 tests/kill/cards.py
        --binary $<TARGET_FILE:panglot> --races 10000 --outage-seconds 600)
    pgl_script_test(blackbox/kill_loop_cards_long "blackbox;prove" 5400 tests/kill/kill_loop.py
        --binary $<TARGET_FILE:panglot> --cycles 1000 --seed 4 --cards 0.5)
    pgl_script_test(blackbox/kill_loop_long "blackbox;prove" 1800 tests/kill/kill_loop.py
        --binary $<TARGET_FILE:panglot> --cycles 200 --seed 2)
    pgl_computes(50 blackbox/desync blackbox/floods)
    set_tests_properties(blackbox/kill_loop blackbox/kill_loop_cards blackbox/cards PROPERTIES COST 100)
    pgl_computes(300 blackbox/desync_long)
    pgl_alone(blackbox/floods_long blackbox/kill_loop_cards_long blackbox/kill_loop_long
        parity/rolling_long parity/rolling_long_mtls)
endif()
pgl_script_test(blackbox/kill_checker blackbox 240 tests/kill/kill_checker_test.py)
set_tests_properties(blackbox/kill_checker PROPERTIES COST 70)

# A folder of tests/ that needs more than a row here brings its own rules.
file(GLOB suites CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/*/CMakeLists.txt)
foreach(suite ${suites})
    get_filename_component(folder ${suite} DIRECTORY)
    add_subdirectory(${folder})
endforeach()

# The states that the shipped machines reach, against those of a model written from the specification.
if(TARGET sim_explore_test)
    foreach(size small big)
        pgl_script_test(sim/explore_agrees_${size} sim 120 sim/explore_agrees.py
            $<TARGET_FILE:sim_explore_test> ${size})
    endforeach()
    pgl_computes(20 sim/explore_agrees_small sim/explore_agrees_big)
endif()

# All threads of the program at once, where TSan watches.
if(TARGET panglot AND PGL_SANITIZE STREQUAL "thread")
    pgl_script_test(threads/whole_program threads 120 tests/threads/whole_program_test.py
        $<TARGET_FILE:panglot>)
    add_dependencies(threads_tests panglot)
    pgl_computes(20 threads/whole_program)
endif()

# Sweeps take a sample where the code is fast, and a thinner one under the sanitizers.
# pgl_sweep(NAME LIBRARY TEST EVERY): there it takes one in EVERY.
function(pgl_sweep name library test every)
    set_tests_properties(${library}/${test} PROPERTIES LABELS sim TIMEOUT 600)
    pgl_computes(60 ${library}/${test})
    if(PGL_SANITIZE)
        add_test(NAME ${library}/${name}_sampled COMMAND ${library}_${test} --every ${every})
        set_tests_properties(${library}/${name}_sampled PROPERTIES LABELS unit TIMEOUT 600)
        pgl_computes(60 ${library}/${name}_sampled)
    endif()
endfunction()

# Each story by card, its process ended at a turn.
if(TARGET payments_worker_test)
    pgl_sweep(worker payments worker_test 9)
endif()

# Every call of the disk, stopped.
if(TARGET sim_sweep_test)
    pgl_sweep(sweep sim sweep_test 61)
    add_test(NAME sim/sweep_long COMMAND sim_sweep_test --long)
    set_tests_properties(sim/sweep_long PROPERTIES LABELS "sim;prove" TIMEOUT 3600)
    pgl_computes(400 sim/sweep_long)
endif()

# Memory that runs out: the linker leads our allocations, and what the simulated disk does in between,
# through the test.
if(TARGET sim_sweep_memory_test)
    foreach(name malloc calloc realloc free pgl_sim_image_write pgl_sim_image_resize
            pgl_sim_inode_new pgl_sim_shm_map)
        target_link_options(sim_sweep_memory_test PRIVATE -Wl,--wrap=${name})
    endforeach()
    pgl_sweep(sweep_memory sim sweep_memory_test 97)
    add_test(NAME sim/sweep_memory_long COMMAND sim_sweep_memory_test --long)
    set_tests_properties(sim/sweep_memory_long PROPERTIES LABELS "sim;prove" TIMEOUT 1800)
    pgl_computes(400 sim/sweep_memory_long)
endif()

# Stories of whole processes on a machine that fails. The mistakes of mutants.toml have to be found.
if(TARGET panglot AND CMAKE_BUILD_TYPE STREQUAL "Release")
    foreach(seed 1 21)
        add_test(NAME sim/seeds_from_${seed}
            COMMAND panglot sim --seed ${seed} --runs 20 --orders 500)
        set_tests_properties(sim/seeds_from_${seed} PROPERTIES LABELS sim TIMEOUT 300)
    endforeach()
    pgl_script_test(sim/seeds_long "sim;prove" 7200 tests/sim/long.py
        $<TARGET_FILE:panglot> --runs 1000 --orders 2000 --crashes-min 20000 --jobs 2)
    pgl_script_test(sim/twice sim 120 tests/sim/twice_test.py $<TARGET_FILE:panglot>)
    pgl_script_test(sim/stops sim 60 tests/sim/stops_test.py $<TARGET_FILE:panglot>)
    pgl_script_test(sim/points sim 240 tests/sim/points_test.py $<TARGET_FILE:panglot>)
    file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/sim/*.pg) # what once went wrong
    foreach(script ${scripts})
        get_filename_component(name ${script} NAME_WE)
        add_test(NAME sim/script_${name} COMMAND panglot sim --script ${script})
        set_tests_properties(sim/script_${name} PROPERTIES LABELS sim TIMEOUT 120)
    endforeach()
    pgl_script_test(sim/mutants_of_the_tables sim 300 sim/mutants.py --catcher explorer)
    pgl_computes(50 sim/seeds_from_1 sim/seeds_from_21 sim/points sim/twice sim/mutants_of_the_tables)
    pgl_script_test(sim/mutants "sim;prove" 7200 sim/mutants.py)
    pgl_computes(3000 sim/mutants)
    pgl_alone(sim/seeds_long)
endif()
