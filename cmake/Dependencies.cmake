# Debian's libraries; nothing is vendored.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
foreach(dep
	OPENSSL:openssl>=3.0 EVENT:libevent EVENTP:libevent_pthreads
	EVENTSSL:libevent_openssl NGHTTP2:libnghttp2 SQLITE:sqlite3
	JANSSON:jansson CURL:libcurl UNBOUND:libunbound YAML:yaml-0.1
	SECCOMP:libseccomp ZLIB:zlib)
	string(REPLACE ":" ";" pair ${dep})
	list(GET pair 0 var)
	list(GET pair 1 spec)
	pkg_check_modules(${var} REQUIRED IMPORTED_TARGET ${spec})
endforeach()
if(CHANCERY_TESTS)
	pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
