build-clang/release/obj/lib/net/http.c.o: lib/net/http.c lib/net/http.h \
  lib/base/buf.h lib/base/err.h lib/base/str.h lib/base/mem.h \
  lib/net/curl_int.h

lib/net/http.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/mem.h:

lib/net/curl_int.h:
