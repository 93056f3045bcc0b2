build-clang/release/obj/lib/net/curl.c.o: lib/net/curl.c \
  lib/net/curl_int.h lib/base/err.h

lib/net/curl_int.h:

lib/base/err.h:
