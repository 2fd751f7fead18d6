# The house's warning set, for gcc and clang alike.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_C_STANDARD_REQUIRED ON)
add_compile_options(
	-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes
	-Wmissing-prototypes -Wvla -Wformat=2 -Werror)
add_compile_definitions(_GNU_SOURCE OPENSSL_NO_DEPRECATED
	OPENSSL_API_COMPAT=30000 CHANCERY_VERSION="${PROJECT_VERSION}")
