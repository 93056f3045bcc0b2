build-clang/release/obj/lib/pkg/version.c.o: lib/pkg/version.c \
  lib/pkg/version.h lib/base/err.h lib/base/str.h

lib/pkg/version.h:

lib/base/err.h:

lib/base/str.h:
