# Tests that are no unit tests: the form of the code, the black box, the simulator, fuzzing.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

if(EXISTS ${CMAKE_SOURCE_DIR}/scripts/floors.py)
    add_test(NAME form/floors COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/scripts/floors.py)
    set_tests_properties(form/floors PROPERTIES LABELS "form")
endif()

# The states that the shipped machines reach, against those of a model written from the specification.
if(TARGET sim_explore_test)
    foreach(size small big)
        add_test(NAME sim/explore_agrees_${size} COMMAND Python3::Interpreter
            ${CMAKE_SOURCE_DIR}/sim/explore_agrees.py $<TARGET_FILE:sim_explore_test> ${size})
        set_tests_properties(sim/explore_agrees_${size} PROPERTIES LABELS "sim" TIMEOUT 120)
    endforeach()
endif()
