# Tests that are no unit tests: the form of the code, the black box, the simulator, fuzzing.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

if(EXISTS ${CMAKE_SOURCE_DIR}/scripts/floors.py)
    add_test(NAME form/floors COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/scripts/floors.py)
    set_tests_properties(form/floors PROPERTIES LABELS "form")
endif()
