# chancery_migrations(OUT file…): writes C source OUT with the table
# `migrations` (store/migrate.h) from files named <version>.sql.
function(chancery_migrations out)
	set(text "/* Made by cmake/Migrations.cmake from src/store/migrations. */\n")
	string(APPEND text "#include \"store/migrate.h\"\n\n")
	set(rows "")
	set(sorted ${ARGN})
	list(SORT sorted COMPARE NATURAL)
	foreach(file ${sorted})
		set_property(DIRECTORY APPEND PROPERTY
			CMAKE_CONFIGURE_DEPENDS ${file})
		get_filename_component(version ${file} NAME_WE)
		file(READ ${file} hex HEX)
		string(REGEX REPLACE "(................................)" "\\1\n"
			hex "${hex}")
		string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
		string(APPEND text
			"static const char sql_${version}[] = {\n${bytes} 0 };\n\n")
		string(APPEND rows "\t{ ${version}, sql_${version} },\n")
	endforeach()
	string(APPEND text
		"const struct migration migrations[] = {\n${rows}\t{ 0, 0 },\n};\n")
	file(CONFIGURE OUTPUT ${out} CONTENT "${text}" @ONLY)
endfunction()
