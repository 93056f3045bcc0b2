build-clang/release/obj/lib/base/utf8.c.o: lib/base/utf8.c \
  lib/base/utf8.h lib/base/buf.h lib/base/err.h lib/base/str.h

lib/base/utf8.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:
