build-clang/release/obj/lib/base/buf.c.o: lib/base/buf.c lib/base/buf.h \
  lib/base/err.h lib/base/str.h lib/base/mem.h

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/mem.h:
