/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The real-mode part of the witness: a Linux boot protocol 2.06 header, and the way from the
 * 16-bit entry to the 32-bit one with the address of the header in %esi.
 * Source of the layout: Linux, Documentation/arch/x86/boot.rst.
 */
	.code16
	.text
	.org 0x1f1
	.byte 1				/* setup_sects */
	.word 1				/* root_flags */
	.long 0x200			/* syssize, in 16 bytes */
	.word 0, 0xffff, 0		/* ram_size, vid_mode, root_dev */
	.word 0xaa55
	.byte 0xeb, start - . - 1	/* jump */
	.ascii "HdrS"
	.word 0x0206			/* version */
	.long 0				/* realmode_swtch */
	.word 0, version - 0x200	/* start_sys_seg, kernel_version */
	.byte 0, 0x81			/* type_of_loader, loadflags: high, heap */
	.word 0x8000			/* setup_move_size */
	.long 0x100000			/* code32_start */
	.long 0, 0, 0			/* ramdisk_image, ramdisk_size, bootsect_kludge */
	.word 0xfe00, 0			/* heap_end_ptr */
	.long 0				/* cmd_line_ptr */
	.long 0x37ffffff		/* initrd_addr_max */
	.long 0x1000			/* kernel_alignment */
	.byte 0, 0
	.word 0
	.long 2047			/* cmdline_size */

start:
	cli
	movw	%cs, %ax		/* one sector behind the header */
	movzwl	%ax, %esi
	shll	$4, %esi
	subl	$0x200, %esi
	movw	%cs, %ax
	subw	$0x20, %ax
	movw	%ax, %ds
	leal	gdt(%esi), %eax
	movl	%eax, gdt_base
	lgdtl	gdt_limit
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$0x10, $0x100000

	.balign 8
gdt:	.quad 0, 0
	.quad 0x00cf9a000000ffff	/* 0x10: code, flat */
	.quad 0x00cf92000000ffff	/* 0x18: data, flat */
gdt_limit:
	.word 31
gdt_base:
	.long 0
version:
	.asciz "witness"
	.org 0x400
