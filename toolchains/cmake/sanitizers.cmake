# WAYSIDE_SANITIZE is a comma list as the compiler takes it ("address,undefined", "thread"); empty means none.
set(WAYSIDE_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize takes them")
if(WAYSIDE_SANITIZE)
  add_compile_options(-fsanitize=${WAYSIDE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WAYSIDE_SANITIZE})
endif()
