build-clang/release/obj/lib/pkg/selection.c.o: lib/pkg/selection.c \
  lib/pkg/selection.h lib/base/err.h lib/pkg/invoice.h lib/base/arena.h \
  lib/base/str.h lib/base/buf.h lib/data/value.h lib/pkg/role.h \
  lib/base/mem.h

lib/pkg/selection.h:

lib/base/err.h:

lib/pkg/invoice.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/buf.h:

lib/data/value.h:

lib/pkg/role.h:

lib/base/mem.h:
