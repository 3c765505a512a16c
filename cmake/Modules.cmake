# `ninja unit_tests` and `ninja threads_tests` build what asan and tsan run, and no more.
add_custom_target(unit_tests)
add_custom_target(threads_tests)

# pgl_module(NAME FOLDER [FLOORS BELOW...] [LIBRARIES ...])
#
# Makes the library pgl_NAME of all FOLDER/**/*.c (for platform: not those of real/) and one test
# program for each FOLDER/**/*_test.c, which links to nothing but that library: a unit test that calls
# upward does not link. FOLDER/**/*.sql is embedded, a string a file, as `NAME_migrations.h`.
function(pgl_module name folder)
    cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.c)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*_test.c)
    file(GLOB migrations CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/sql/*.sql)
    list(FILTER sources EXCLUDE REGEX "_test\\.c$")
    # The program itself, and the one command that sees sim/.
    list(REMOVE_ITEM sources ${CMAKE_SOURCE_DIR}/src/app/main.c ${CMAKE_SOURCE_DIR}/src/app/sim_command.c)
    if(name STREQUAL "platform")
        list(FILTER sources EXCLUDE REGEX "/real/")
        list(FILTER tests EXCLUDE REGEX "/real/")
    endif()

    if(migrations)
        set(embedded ${CMAKE_BINARY_DIR}/generated/${name}_migrations.h)
        add_custom_command(OUTPUT ${embedded}
            COMMAND python3 ${CMAKE_SOURCE_DIR}/scripts/embed_sql.py ${name} ${embedded} ${migrations}
            DEPENDS ${migrations} ${CMAKE_SOURCE_DIR}/scripts/embed_sql.py)
        list(APPEND sources ${embedded})
    endif()

    if(sources)
        add_library(pgl_${name} STATIC ${sources})
        set(scope PUBLIC)
    else()
        add_library(pgl_${name} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_link_libraries(pgl_${name} ${scope} pgl_options)
    foreach(below ${arg_UNPARSED_ARGUMENTS})
        target_link_libraries(pgl_${name} ${scope} pgl_${below})
    endforeach()
    target_link_libraries(pgl_${name} ${scope} ${arg_LIBRARIES})

    foreach(test ${tests})
        get_filename_component(stem ${test} NAME_WE)
        set(program ${name}_${stem})
        add_executable(${program} ${test})
        target_link_libraries(${program} PRIVATE pgl_${name} PkgConfig::CMOCKA)
        if(PGL_FUZZ) # nobody runs it there: it is enough that clang has nothing to say of it
            set_target_properties(${program} PROPERTIES EXCLUDE_FROM_ALL ON)
            set_source_files_properties(${test} PROPERTIES COMPILE_OPTIONS -fno-sanitize=all)
            add_custom_target(${program}_compiles ALL DEPENDS $<TARGET_OBJECTS:${program}>)
        endif()
        add_test(NAME ${name}/${stem} COMMAND ${program})
        set(labels unit)
        add_dependencies(unit_tests ${program})
        if(stem MATCHES "_threads_test$") # makes threads of its own, so tsan looks at it too
            list(APPEND labels threads)
            add_dependencies(threads_tests ${program})
        endif()
        set_tests_properties(${name}/${stem} PROPERTIES
            LABELS "${labels}" TIMEOUT 120 SKIP_RETURN_CODE 77 PROCESSORS 2)
    endforeach()
endfunction()
