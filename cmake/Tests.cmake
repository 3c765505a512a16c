# Tests that are no unit tests: the form of the code, fuzzing, benches, the black box.
# A label says where a test runs (scripts/test.py has the table): `unit` under asan too, `threads`
# under tsan, `fuzz` with clang; `prove` is for long forms. Return 77 to skip, and say why.

# pgl_script_test(NAME LABELS SECONDS_MAX SCRIPT [ARGUMENTS...])
function(pgl_script_test name labels seconds_max script)
    add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/${script} ${ARGN})
    set_tests_properties(${name} PROPERTIES
        LABELS "${labels}" TIMEOUT ${seconds_max} SKIP_RETURN_CODE 77)
endfunction()

pgl_script_test(form/floors form 60 scripts/floors.py)
pgl_script_test(form/names form 60 scripts/names.py)
pgl_script_test(form/checks form 60 scripts/form_test.py)
pgl_script_test(form/layout form 120 scripts/lint.sh format scripts)
pgl_script_test(form/tidy "form;prove" 600 scripts/lint.sh tidy)

# fuzz/NAME.c with its first inputs in fuzz/corpus/NAME/: one target a parser. The test is a fixed number of
# inputs from a fixed seed, so that it gives the same answer each time; `make fuzz` looks for new ones.
if(PGL_FUZZ)
    target_compile_options(pgl_options INTERFACE -fsanitize=fuzzer-no-link) # to see new branches
    file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/*.c)
    foreach(target ${targets})
        get_filename_component(name ${target} NAME_WE)
        add_executable(fuzz_${name} ${target})
        target_link_libraries(fuzz_${name} PRIVATE pgl_wire)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        pgl_script_test(fuzz/${name} fuzz 300 scripts/fuzz.sh
            $<TARGET_FILE:fuzz_${name}> ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
    endforeach()
endif()

# bench/NAME.c: one program a promise of speed, run by `make bench`.
file(GLOB benches CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bench/*.c)
foreach(bench ${benches})
    get_filename_component(name ${bench} NAME_WE)
    add_executable(bench_${name} ${bench})
    target_link_libraries(bench_${name} PRIVATE pgl_app pgl_platform_real)
endforeach()

# The black box: whole processes over real sockets, once, on the program as it is shipped.
if(TARGET panglot AND CMAKE_BUILD_TYPE STREQUAL "Release")
    pgl_script_test(blackbox/kill_loop blackbox 300 tests/kill/kill_loop.py
        --binary $<TARGET_FILE:panglot> --cycles 20 --seed 1)
    pgl_script_test(blackbox/kill_loop_long "blackbox;prove" 1800 tests/kill/kill_loop.py
        --binary $<TARGET_FILE:panglot> --cycles 200 --seed 2)
endif()
pgl_script_test(blackbox/kill_checker blackbox 120 tests/kill/kill_checker_test.py)
