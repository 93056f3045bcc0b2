build-clang/release/obj/tests/unit/pkg/test_recordings.c.o: \
  tests/unit/pkg/test_recordings.c tests/unit/pkg/../vectors.h \
  lib/base/file.h lib/base/buf.h lib/base/err.h lib/base/str.h \
  lib/data/json.h lib/data/value.h lib/base/arena.h \
  tests/unit/pkg/../unit.h lib/base/mem.h lib/pkg/id.h \
  lib/crypto/digest.h lib/pkg/version.h lib/pkg/keyring.h \
  lib/crypto/key.h lib/pkg/role.h lib/pkg/requirement.h \
  lib/pkg/selection.h lib/pkg/invoice.h lib/pkg/verify.h \
  lib/pkg/secret_keys.h

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

lib/pkg/id.h:

lib/crypto/digest.h:

lib/pkg/version.h:

lib/pkg/keyring.h:

lib/crypto/key.h:

lib/pkg/role.h:

lib/pkg/requirement.h:

lib/pkg/selection.h:

lib/pkg/invoice.h:

lib/pkg/verify.h:

lib/pkg/secret_keys.h:
