build-clang/release/obj/lib/pkg/id.c.o: lib/pkg/id.c lib/pkg/id.h \
  lib/base/err.h lib/base/str.h lib/crypto/digest.h lib/pkg/version.h

lib/pkg/id.h:

lib/base/err.h:

lib/base/str.h:

lib/crypto/digest.h:

lib/pkg/version.h:
