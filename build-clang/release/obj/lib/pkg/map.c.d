build-clang/release/obj/lib/pkg/map.c.o: lib/pkg/map.c lib/pkg/invoice.h \
  lib/base/arena.h lib/base/str.h lib/base/buf.h lib/base/err.h \
  lib/data/value.h lib/pkg/role.h

lib/pkg/invoice.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/buf.h:

lib/base/err.h:

lib/data/value.h:

lib/pkg/role.h:
