# The tests written in Python, which use the tool from outside, and the programs of examples/: a test of ctest each. One that cannot run here
# says so and ends with 77.
#   ctest -L tool      the tool as its users run it
#   ctest -L interop   the emulator under clients of others (boto3, AWS CLI), the tool against servers of others (npm)
find_program(KINESIS_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH) # Debian's, which has Debian's boto3
find_program(KINESIS_PYTHON python3)
if(NOT KINESIS_PYTHON)
  message(WARNING "No python3: the tests of the tool are left out")
  return()
endif()

set(environment "KINESIS_TOOL=$<TARGET_FILE:kinesis_tool>" "KINESIS_NPM_FOLDER=${PROJECT_BINARY_DIR}/npm" "PYTHONDONTWRITEBYTECODE=1")

function(kinesis_outside_test NAME LABEL)
  add_test(NAME ${NAME} COMMAND ${ARGN})
  set_tests_properties(${NAME} PROPERTIES LABELS ${LABEL} TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
endfunction()

foreach(theme bench demo doctor exec fan_out fleet help leases live streams put_tail consume bad_input bad_servers signals)
  kinesis_outside_test(tool.${theme} tool ${KINESIS_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/tool/test_${theme}.py -v)
endforeach()
foreach(theme boto3 boto3_errors awscli npm)
  kinesis_outside_test(interop.${theme} interop ${KINESIS_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/interop/${theme}_test.py -v)
endforeach()

# Aggregates, ours and those of others.
add_executable(aggregates interop/aggregates.cpp)
target_include_directories(aggregates PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(aggregates PRIVATE kinesis kinesis_flags)
list(APPEND environment "KINESIS_AGGREGATES=$<TARGET_FILE:aggregates>")
kinesis_outside_test(interop.aggregation interop ${KINESIS_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/interop/aggregation_test.py -v)
# Leases in DynamoDB servers of others.
add_executable(lease_contract interop/lease_contract.cpp)
target_link_libraries(lease_contract PRIVATE kinesis kinesis_flags)
list(APPEND environment "KINESIS_LEASE_CONTRACT=$<TARGET_FILE:lease_contract>" "KINESIS_PIP_FOLDER=${PROJECT_BINARY_DIR}/pip")
kinesis_outside_test(interop.leases interop ${KINESIS_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/interop/leases_test.py -v)
# Subscriptions to a Kinesis of others.
add_executable(subscriptions interop/subscriptions.cpp)
target_include_directories(subscriptions PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(subscriptions PRIVATE kinesis kinesis_flags)
list(APPEND environment "KINESIS_SUBSCRIPTIONS=$<TARGET_FILE:subscriptions>")
kinesis_outside_test(interop.subscriptions interop ${KINESIS_PYTHON} ${CMAKE_CURRENT_LIST_DIR}/interop/subscriptions_test.py -v)
# They install the same packages.
set_tests_properties(interop.npm interop.aggregation interop.leases interop.subscriptions PROPERTIES RESOURCE_LOCK npm)

if(TARGET example_3_produce)
  list(APPEND environment "KINESIS_EXAMPLES=$<TARGET_FILE_DIR:example_3_produce>")
  kinesis_outside_test(examples tool ${CMAKE_CURRENT_LIST_DIR}/examples.sh)
  # It runs a server that interop.npm installs, where npm works.
  set_tests_properties(examples PROPERTIES DEPENDS interop.npm)
endif()
