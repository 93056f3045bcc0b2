build-clang/release/obj/lib/pkg/check.c.o: lib/pkg/check.c \
  lib/pkg/check.h lib/base/arena.h lib/base/str.h lib/base/err.h \
  lib/data/value.h lib/pkg/invoice.h lib/base/buf.h lib/pkg/role.h \
  lib/base/clock.h lib/base/path.h lib/data/fields.h lib/data/json.h \
  lib/pkg/annotation.h

lib/pkg/check.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:

lib/data/value.h:

lib/pkg/invoice.h:

lib/base/buf.h:

lib/pkg/role.h:

lib/base/clock.h:

lib/base/path.h:

lib/data/fields.h:

lib/data/json.h:

lib/pkg/annotation.h:
