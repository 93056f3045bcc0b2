build-clang/release/obj/lib/pkg/verdict.c.o: lib/pkg/verdict.c \
  lib/pkg/verdict.h lib/base/arena.h lib/base/str.h lib/base/err.h \
  lib/data/value.h lib/data/json.h lib/base/buf.h

lib/pkg/verdict.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:

lib/data/value.h:

lib/data/json.h:

lib/base/buf.h:
