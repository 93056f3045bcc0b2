build-clang/release/obj/tests/unit/pkg/test_project.c.o: \
  tests/unit/pkg/test_project.c tests/unit/pkg/../unit.h lib/base/err.h \
  lib/base/mem.h lib/base/file.h lib/base/buf.h lib/base/str.h \
  lib/pkg/annotation.h lib/pkg/project.h lib/base/arena.h \
  lib/pkg/check.h lib/data/value.h lib/pkg/invoice.h lib/pkg/role.h

tests/unit/pkg/../unit.h:

lib/base/err.h:

lib/base/mem.h:

lib/base/file.h:

lib/base/buf.h:

lib/base/str.h:

lib/pkg/annotation.h:

lib/pkg/project.h:

lib/base/arena.h:

lib/pkg/check.h:

lib/data/value.h:

lib/pkg/invoice.h:

lib/pkg/role.h:
