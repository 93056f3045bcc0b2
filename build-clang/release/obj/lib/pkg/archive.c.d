build-clang/release/obj/lib/pkg/archive.c.o: lib/pkg/archive.c \
  lib/base/file.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/base/mem.h lib/crypto/digest.h lib/pkg/bundle.h lib/base/arena.h \
  lib/pkg/invoice.h lib/data/value.h lib/pkg/role.h lib/pkg/id.h \
  lib/pkg/version.h

lib/base/file.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/mem.h:

lib/crypto/digest.h:

lib/pkg/bundle.h:

lib/base/arena.h:

lib/pkg/invoice.h:

lib/data/value.h:

lib/pkg/role.h:

lib/pkg/id.h:

lib/pkg/version.h:
