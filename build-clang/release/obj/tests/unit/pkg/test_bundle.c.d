build-clang/release/obj/tests/unit/pkg/test_bundle.c.o: \
  tests/unit/pkg/test_bundle.c tests/unit/pkg/../vectors.h \
  lib/base/file.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/data/json.h lib/data/value.h lib/base/arena.h \
  tests/unit/pkg/../unit.h lib/base/mem.h lib/pkg/bundle.h \
  lib/pkg/invoice.h lib/pkg/role.h lib/pkg/id.h lib/crypto/digest.h \
  lib/pkg/version.h

tests/unit/pkg/../vectors.h:

lib/base/file.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/data/json.h:

lib/data/value.h:

lib/base/arena.h:

tests/unit/pkg/../unit.h:

lib/base/mem.h:

lib/pkg/bundle.h:

lib/pkg/invoice.h:

lib/pkg/role.h:

lib/pkg/id.h:

lib/crypto/digest.h:

lib/pkg/version.h:
