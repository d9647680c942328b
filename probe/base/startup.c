/* See startup.h. */
#include "probe/startup.h"

#if defined(STARTUP_LATE) && defined(__x86_64__) && defined(__PIE__)

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "probe/error.h"

/* The linker's and tools/static.ld's: where the file begins, its dynamic section, the late tables. */
#define EXTERN extern __attribute__((visibility("hidden")))
EXTERN const char __ehdr_start[];
EXTERN ElfW(Dyn) _DYNAMIC[];
EXTERN char late_tables[], late_tables_end[]; /* read-only but for our writing, whole pages */
EXTERN char late_data[], late_data_end[];

#define WORD sizeof(uintptr_t)
#define BITS (8 * WORD - 1) /* words that one bitmap entry speaks of */

/* What the C library is kept from relocating, until it is done: the packed table of DT_RELR. */
static const uintptr_t *left;
static size_t left_count;

/* The early part runs before the C library exists: no calls, no stack protector, no thread data. */
#define EARLY static inline __attribute__((always_inline, no_stack_protector))

EARLY bool in_range(uintptr_t where, const char *from, const char *to)
{
	return where - (uintptr_t)from < (uintptr_t)to - (uintptr_t)from;
}

EARLY bool is_late(uintptr_t where)
{
	return in_range(where, late_tables, late_tables_end) ||
	       in_range(where, late_data, late_data_end);
}

/*
 * Adds the load address to each word of the table that is late, or to each that is not. An even entry
 * is the address of a word, an odd one a bitmap of the words behind it: https://gabi.xinuos.com,
 * "Relative Relocation Table". A bitmap may reach over the border of a range.
 */
EARLY void relocate(const uintptr_t *table, size_t count, bool late)
{
	uintptr_t base = (uintptr_t)__ehdr_start, where = 0;

	for (size_t i = 0; i < count; i++) {
		uintptr_t entry = table[i];

		if (!(entry & 1)) {
			where = base + entry;
			if (is_late(where) == late)
				*(uintptr_t *)where += base;
			where += WORD;
			continue;
		}
		bool first = is_late(where) == late, last = is_late(where + BITS * WORD) == late;

		if (first || last)
			for (entry >>= 1; entry; entry &= entry - 1) {
				uintptr_t word = where + WORD * (uintptr_t)__builtin_ctzl(entry);

				if ((first && last) || is_late(word) == late)
					*(uintptr_t *)word += base;
			}
		where += BITS * WORD;
	}
}

__attribute__((used, visibility("hidden"))) void startup_early(void);

/* Relocates all but the late tables, and tells the C library that nothing is left to do. */
__attribute__((no_stack_protector)) void startup_early(void)
{
	ElfW(Dyn) *size = NULL;

	for (ElfW(Dyn) *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_RELR)
			left = (const uintptr_t *)(__ehdr_start + d->d_un.d_ptr);
		else if (d->d_tag == DT_RELRSZ)
			size = d;
	}
	if (!left || !size)
		return;
	left_count = size->d_un.d_val / WORD;
	relocate(left, left_count, false);
	size->d_un.d_val = 0;
}

/* The program's entry: the kernel's stack, aligned, and %rdx go on to the C library's as they came. */
__asm__(".text\n"
	".globl startup_entry\n"
	".hidden startup_entry\n"
	".type startup_entry, @function\n"
	"startup_entry:\n"
	"	xorl %ebp, %ebp\n"
	"	movq %rdx, %rbx\n"
	"	call startup_early\n"
	"	movq %rbx, %rdx\n"
	"	jmp _start\n"
	".size startup_entry, . - startup_entry\n");

void startup_whole(void)
{
	size_t size = (size_t)(late_tables_end - late_tables);

	if (!left_count)
		return;
	if (mprotect(late_tables, size, PROT_READ | PROT_WRITE))
		die("cannot prepare the tables of the libraries: %m");
	relocate(left, left_count, true);
	left_count = 0;
	if (mprotect(late_tables, size, PROT_READ))
		die("cannot prepare the tables of the libraries: %m");
}

#else

void startup_whole(void)
{
}

#endif
