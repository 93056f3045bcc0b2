build-clang/release/obj/lib/pkg/requirement.c.o: lib/pkg/requirement.c \
  lib/pkg/requirement.h lib/base/err.h lib/base/str.h lib/pkg/version.h

lib/pkg/requirement.h:

lib/base/err.h:

lib/base/str.h:

lib/pkg/version.h:
