build-clang/release/obj/lib/pkg/invoice_check.c.o: \
  lib/pkg/invoice_check.c lib/base/mem.h lib/base/path.h lib/base/err.h \
  lib/base/str.h lib/base/utf8.h lib/base/buf.h lib/crypto/digest.h \
  lib/pkg/invoice.h lib/base/arena.h lib/data/value.h lib/pkg/role.h \
  lib/pkg/name.h lib/pkg/version.h

lib/base/mem.h:

lib/base/path.h:

lib/base/err.h:

lib/base/str.h:

lib/base/utf8.h:

lib/base/buf.h:

lib/crypto/digest.h:

lib/pkg/invoice.h:

lib/base/arena.h:

lib/data/value.h:

lib/pkg/role.h:

lib/pkg/name.h:

lib/pkg/version.h:
