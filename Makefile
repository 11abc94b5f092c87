# SPDX-License-Identifier: GPL-2.0
#
# User-Mode Linux: the commands a person types. `make help` lists them. Every target is a thin call of a script in scripts/ or tests/,
# and everything that is made lands below build/. No root is needed, except to install missing Debian packages.

MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := kernel

TOP := $(CURDIR)

# default, tiny or debug: arch/um/configs/{defconfig,tiny_defconfig,debug_defconfig}
CONFIG ?= default
# a Linux 6.12.x tree of one's own; it is read, never written
KSRC ?=
# what follows ./linux on its command line in `make run`, `make debian`
ARGS ?=
# `make modules MODS='fs/xfs/xfs.ko lib/libcrc32c.ko'` makes these only; the modules that they need must be named, too
MODS ?=
# compilers that run at once
JOBS ?= $(shell nproc)
# `make test TESTS='boot/* lint/*'` runs a part
TESTS ?=

export TOP CONFIG KSRC ARGS MODS JOBS TESTS

SH := bash scripts

.PHONY: all kernel linux run debian image test test-full bench bench-work lint menuconfig modules modules_install help clean distclean deps tree

all: kernel
kernel linux:
	@$(SH)/kernel.sh linux

run: kernel
	@$(SH)/run.sh shell

debian:
	@$(SH)/kernel.sh modules_install
	@$(SH)/image.sh
	@$(SH)/run.sh debian

image:
	@$(SH)/image.sh

menuconfig modules modules_install tree:
	@$(SH)/kernel.sh $@

test:
	@$(SH)/kernel.sh linux
	@bash tests/run

test-full:
	@$(SH)/kernel.sh linux
	@bash tests/run --full

bench:
	@$(SH)/kernel.sh linux
	@$(SH)/deps.sh bench
	@$(SH)/image.sh bench
	@status=0; bench/run || status=1; bench/work || status=1; exit $$status

bench-work:
	@$(SH)/kernel.sh linux
	@$(SH)/deps.sh bench
	@$(SH)/image.sh bench
	@bench/work

lint:
	@bash tests/run --only 'lint/*'

deps:
	@$(SH)/deps.sh all

help:
	@cat doc/make-help.txt

# keeps the unpacked Linux source and the Debian image; distclean keeps nothing
clean:
	@$(SH)/clean.sh

distclean:
	@$(SH)/clean.sh all
