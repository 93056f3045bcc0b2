build-clang/release/obj/lib/pkg/media_type.c.o: lib/pkg/media_type.c \
  lib/pkg/project.h lib/base/arena.h lib/base/str.h lib/base/err.h \
  lib/pkg/check.h lib/data/value.h lib/pkg/invoice.h lib/base/buf.h \
  lib/pkg/role.h lib/base/path.h lib/base/utf8.h

lib/pkg/project.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:

lib/pkg/check.h:

lib/data/value.h:

lib/pkg/invoice.h:

lib/base/buf.h:

lib/pkg/role.h:

lib/base/path.h:

lib/base/utf8.h:
