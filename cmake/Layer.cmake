# chancery_layer(NAME SOURCES … LINKS …): one folder of src as a static
# library, ch_NAME.  LINKS names other layers (ch_x) and PkgConfig:: targets.
function(chancery_layer name)
	cmake_parse_arguments(L "" "" "SOURCES;LINKS" ${ARGN})
	add_library(ch_${name} STATIC ${L_SOURCES})
	target_include_directories(ch_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
	target_link_libraries(ch_${name} PUBLIC ${L_LINKS} Threads::Threads)
endfunction()

# chancery_unit_test(NAME SOURCES … LINKS …): a cmocka program and its ctest.
function(chancery_unit_test name)
	cmake_parse_arguments(T "" "" "SOURCES;LINKS" ${ARGN})
	add_executable(test_${name} ${T_SOURCES})
	target_include_directories(test_${name} PRIVATE
		${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
	target_link_libraries(test_${name} PRIVATE ${T_LINKS} PkgConfig::CMOCKA)
	target_compile_definitions(test_${name} PRIVATE
		TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}")
	add_test(NAME unit.${name} COMMAND test_${name})
	set_tests_properties(unit.${name} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

# chancery_fuzz_target(NAME SOURCES … LINKS …): with clang a libFuzzer program
# fuzz_NAME; in a test build corpus_NAME, which replays fuzz/corpus/NAME/*.
function(chancery_fuzz_target name)
	cmake_parse_arguments(F "" "" "SOURCES;LINKS" ${ARGN})
	set(corpus ${PROJECT_SOURCE_DIR}/fuzz/corpus/${name})
	if(CHANCERY_FUZZ)
		add_executable(fuzz_${name} ${F_SOURCES})
		target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
		target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
		target_link_libraries(fuzz_${name} PRIVATE ${F_LINKS})
	endif()
	if(CHANCERY_TESTS)
		add_executable(corpus_${name} ${F_SOURCES}
			${PROJECT_SOURCE_DIR}/fuzz/replay.c)
		target_include_directories(corpus_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
		target_link_libraries(corpus_${name} PRIVATE ${F_LINKS})
		add_test(NAME corpus.${name} COMMAND corpus_${name} ${corpus})
		set_tests_properties(corpus.${name} PROPERTIES TIMEOUT 120 LABELS corpus)
	endif()
endfunction()
