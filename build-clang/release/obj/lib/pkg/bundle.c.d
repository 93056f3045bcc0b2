build-clang/release/obj/lib/pkg/bundle.c.o: lib/pkg/bundle.c \
  lib/pkg/bundle.h lib/base/arena.h lib/base/str.h lib/base/err.h \
  lib/pkg/invoice.h lib/base/buf.h lib/data/value.h lib/pkg/role.h \
  lib/base/file.h lib/base/hex.h lib/base/mem.h lib/crypto/digest.h \
  lib/crypto/random.h lib/pkg/id.h lib/pkg/version.h

lib/pkg/bundle.h:

lib/base/arena.h:

lib/base/str.h:

lib/base/err.h:

lib/pkg/invoice.h:

lib/base/buf.h:

lib/data/value.h:

lib/pkg/role.h:

lib/base/file.h:

lib/base/hex.h:

lib/base/mem.h:

lib/crypto/digest.h:

lib/crypto/random.h:

lib/pkg/id.h:

lib/pkg/version.h:
