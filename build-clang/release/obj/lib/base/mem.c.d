build-clang/release/obj/lib/base/mem.c.o: lib/base/mem.c lib/base/mem.h

lib/base/mem.h:
