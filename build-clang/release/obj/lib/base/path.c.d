build-clang/release/obj/lib/base/path.c.o: lib/base/path.c \
  lib/base/path.h lib/base/err.h lib/base/str.h lib/base/buf.h \
  lib/base/mem.h lib/base/utf8.h

lib/base/path.h:

lib/base/err.h:

lib/base/str.h:

lib/base/buf.h:

lib/base/mem.h:

lib/base/utf8.h:
