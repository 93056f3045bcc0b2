build-clang/release/obj/lib/base/base64.c.o: lib/base/base64.c \
  lib/base/base64.h lib/base/buf.h lib/base/err.h lib/base/str.h

lib/base/base64.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:
