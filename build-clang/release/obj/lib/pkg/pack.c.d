build-clang/release/obj/lib/pkg/pack.c.o: lib/pkg/pack.c lib/base/mem.h \
  lib/base/path.h lib/base/err.h lib/base/str.h lib/crypto/digest.h \
  lib/data/json.h lib/base/buf.h lib/data/value.h lib/base/arena.h \
  lib/pkg/annotation.h lib/pkg/project.h lib/pkg/check.h \
  lib/pkg/invoice.h lib/pkg/role.h

lib/base/mem.h:

lib/base/path.h:

lib/base/err.h:

lib/base/str.h:

lib/crypto/digest.h:

lib/data/json.h:

lib/base/buf.h:

lib/data/value.h:

lib/base/arena.h:

lib/pkg/annotation.h:

lib/pkg/project.h:

lib/pkg/check.h:

lib/pkg/invoice.h:

lib/pkg/role.h:
