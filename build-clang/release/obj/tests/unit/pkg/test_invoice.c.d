build-clang/release/obj/tests/unit/pkg/test_invoice.c.o: \
  tests/unit/pkg/test_invoice.c tests/unit/pkg/../unit.h lib/base/err.h \
  lib/base/mem.h lib/pkg/invoice.h lib/base/arena.h lib/base/str.h \
  lib/base/buf.h lib/data/value.h lib/pkg/role.h

tests/unit/pkg/../unit.h:

lib/base/err.h:

lib/base/mem.h:

lib/pkg/invoice.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/buf.h:

lib/data/value.h:

lib/pkg/role.h:
