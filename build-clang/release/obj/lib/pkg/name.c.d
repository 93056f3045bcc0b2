build-clang/release/obj/lib/pkg/name.c.o: lib/pkg/name.c lib/pkg/name.h \
  lib/base/buf.h lib/base/err.h lib/base/str.h lib/base/utf8.h

lib/pkg/name.h:

lib/base/buf.h:

lib/base/err.h:

lib/base/str.h:

lib/base/utf8.h:
