build-clang/release/obj/lib/net/url.c.o: lib/net/url.c lib/net/url.h \
  lib/base/buf.h lib/base/err.h lib/base/str.h

lib/net/url.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:
