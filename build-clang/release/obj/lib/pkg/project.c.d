build-clang/release/obj/lib/pkg/project.c.o: lib/pkg/project.c \
  lib/pkg/project.h lib/base/arena.h lib/base/str.h lib/base/err.h \
  lib/pkg/check.h lib/data/value.h lib/pkg/invoice.h lib/base/buf.h \
  lib/pkg/role.h lib/base/path.h lib/data/fields.h lib/data/toml.h \
  lib/pkg/name.h lib/pkg/requirement.h lib/pkg/version.h

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

lib/data/fields.h:

lib/data/toml.h:

lib/pkg/name.h:

lib/pkg/requirement.h:

lib/pkg/version.h:
