build-clang/release/obj/lib/pkg/invoice_write.c.o: \
  lib/pkg/invoice_write.c lib/data/json.h lib/base/buf.h lib/base/err.h \
  lib/base/str.h lib/data/value.h lib/base/arena.h lib/data/toml.h \
  lib/pkg/invoice.h lib/pkg/role.h

lib/data/json.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/data/value.h:

lib/base/arena.h:

lib/data/toml.h:

lib/pkg/invoice.h:

lib/pkg/role.h:
