# SPDX-License-Identifier: GPL-2.0
#
# The verbs of pvhv. Everything built lies under build/, a module for each kernel in
# a directory of its own.
#
#   make                 the module for KVER, pvctl and the micro-guests
#   make modules         the module for all host kernels of the lab
#   make kernels         the kernels themselves: unpacked, or built, in a cache directory
#   make demo            a guest in a machine of the lab: a shell, or a transcript
#   make check           all tests; the last line is "N passed, N failed, N skipped"
#   make check-long      with those that take hours
#   make check-debug     all tests on the kernel that watches itself
#   make fuzz            the fuzzers, until stopped or for TIME seconds
#   make bench           what a guest costs, in executed instructions (BENCH_ARGS=--help)
#   make docs            Documentation as HTML, in build/docs
#   make man             pvctl(1) and pvhv(4), in build/man
#   make install         module and programs, for the running kernel if KVER says no other
#   make uninstall       all of that gone again, for all kernels
#   make dkms-install    as install, the module by DKMS: built again for each new kernel
#   make dkms-uninstall
#   make clean
#
# KVER is a full release or a short name as in `selftests/lab/lab --help`. What the install
# verbs also take: DESTDIR, prefix, GROUP, SIGN_KEY, SIGN_CERT: Documentation/install.rst.

# Host kernels of the lab.
HOSTS ?= 6.1 6.1-cloud 6.1-rt 6.12 6.12-cloud debug
running := $(shell uname -r)
# A kernel that nobody chose: to install for the one that runs; to build for it if it
# can be, else for the lab's.
INSTALL_KVER := $(or $(KVER),$(running))
KVER ?= $(if $(wildcard /lib/modules/$(running)/build/Makefile),$(running),6.1)
JOBS ?= $(shell nproc)
TESTS ?=
TIME ?= 0
BENCH_ARGS ?=

B := $(CURDIR)/build
KERNELS := python3 selftests/lab/kernels.py

prefix ?= /usr/local

.PHONY: all packages packages-build packages-dkms kernels kernel-6.1 module modules pvctl guests demo \
	check check-long check-debug fuzz bench docs man install uninstall dkms-install dkms-uninstall \
	clean
.DEFAULT_GOAL := all

all: module pvctl guests

packages-build:
	@selftests/lab/packages build

packages-dkms:
	@selftests/lab/packages build dkms

packages:
	@selftests/lab/packages build test

kernels: packages
	@$(KERNELS) fetch $(HOSTS) >/dev/null

kernel-6.1: packages
	@$(KERNELS) fetch 6.1 >/dev/null

# The kernel builds outside of its tree where the sources are; so each kernel gets a
# tree of links to them. Links to sources that are gone go too.
module-%: packages-build
	@release=$$($(KERNELS) release $*) && headers=$$($(KERNELS) headers $*) && \
	selftests/lab/link-tree $(B)/$$release && \
	$(MAKE) --no-print-directory -C $$headers M=$(B)/$$release modules

module: module-$(KVER)

modules: kernels
	@$(MAKE) --no-print-directory $(HOSTS:%=module-%)

pvctl: packages-build
	$(MAKE) -C tools/pvctl O=$(B)/pvctl

guests: packages-build
	$(MAKE) -C selftests/guest O=$(B)/guest

demo: kernel-6.1
	@$(MAKE) --no-print-directory module-6.1 pvctl
	@selftests/lab/demo

# Built in a make of its own, so that it may use all CPUs whatever the caller said.
check check-long: kernels
	@$(MAKE) --no-print-directory -j$(JOBS) modules pvctl guests
	@selftests/run $(if $(filter check-long,$@),--long) $(TESTS)

check-debug:
	@$(MAKE) --no-print-directory check-long TESTS=debug

fuzz: packages
	@$(MAKE) --no-print-directory -C selftests/fuzz O=$(B)/fuzz TIME=$(TIME) fuzz

bench: kernel-6.1
	@$(MAKE) --no-print-directory module-6.1 pvctl
	@$(MAKE) --no-print-directory -C selftests/bench O=$(B)/bench
	@selftests/bench/bench $(BENCH_ARGS)

docs:
	@selftests/lab/packages docs
	sphinx-build -q -W --keep-going -b html Documentation $(B)/docs

# build/man/pvctl.1 and pvhv.4.
man:
	@selftests/lab/packages docs
	sphinx-build -q -W --keep-going -b man Documentation $(B)/man

INSTALL := tools/install/install --root='$(DESTDIR)' --prefix='$(prefix)'

install: module-$(INSTALL_KVER) pvctl
	@$(INSTALL) --kernel=$$($(KERNELS) release $(INSTALL_KVER)) --group='$(GROUP)' \
		--sign-key='$(SIGN_KEY)' --sign-cert='$(SIGN_CERT)' install

dkms-install: packages-dkms pvctl
	@$(INSTALL) --kernel=$$($(KERNELS) release $(INSTALL_KVER)) --group='$(GROUP)' dkms-install

uninstall dkms-uninstall:
	@$(INSTALL) $@

clean:
	rm -rf $(B)
