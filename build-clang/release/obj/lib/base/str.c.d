build-clang/release/obj/lib/base/str.c.o: lib/base/str.c lib/base/str.h

lib/base/str.h:
