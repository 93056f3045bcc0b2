build-clang/release/obj/lib/pkg/source_folder.c.o: \
  lib/pkg/source_folder.c lib/base/file.h lib/base/buf.h lib/base/err.h \
  lib/base/str.h lib/base/mem.h lib/pkg/project.h lib/base/arena.h \
  lib/pkg/check.h lib/data/value.h lib/pkg/invoice.h lib/pkg/role.h

lib/base/file.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/mem.h:

lib/pkg/project.h:

lib/base/arena.h:

lib/pkg/check.h:

lib/data/value.h:

lib/pkg/invoice.h:

lib/pkg/role.h:
