build-clang/release/obj/lib/base/err.c.o: lib/base/err.c lib/base/err.h \
  lib/base/str.h lib/base/utf8.h lib/base/buf.h

lib/base/err.h:

lib/base/str.h:

lib/base/utf8.h:

lib/base/buf.h:
