build-clang/release/obj/lib/base/file.c.o: lib/base/file.c \
  lib/base/file.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/base/hex.h lib/base/mem.h

lib/base/file.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/hex.h:

lib/base/mem.h:
