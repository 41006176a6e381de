# The one entry: `make`, `make test`, `make demo`, `make install DESTDIR=…`. What is missing on the machine is installed
# (with apt-get and pip, as root) or named.
SWIFT      ?= swift
PREFIX     ?= /usr
TRIPLET    := $(shell dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
BUILD      := build
STAGE      := $(BUILD)/stage
PYTHON     := .venv/bin/python
RELEASE    := .build/release
# The modules first and without the static flag; programs with it, so that a host needs no Swift toolchain. NDEBUG keeps the
# TOML parser's C++ assertions from aborting on a typo.
# Nothing of a release says in which directory it was built: who builds it again gets the same bytes (packaging/reproduce.sh).
RELEASE_FLAGS := -c release -Xcc -ffile-prefix-map=$(CURDIR)=. -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=.
# Where a compiler goes by addresses, they must be the same each time.
RELEASE_SWIFT := $(shell setarch -R true 2> /dev/null && echo setarch -R) $(SWIFT)
MODULE_FLAGS  := $(RELEASE_FLAGS) --disable-local-rpath
PROGRAM_FLAGS := $(RELEASE_FLAGS) --static-swift-stdlib -Xcxx -DNDEBUG
TEST_FLAGS    := -Xcxx -DNDEBUG

export SOJOURN_BUILD  := $(CURDIR)/$(BUILD)
export SOJOURN_STAGE  := $(CURDIR)/$(STAGE)
export SOJOURN_PYTHON := $(CURDIR)/$(PYTHON)
export SOJOURN_DEBS   := $(CURDIR)/$(BUILD)/deb

.PHONY: all modules programs install stage test test-long test-host bench deb reproduce demo tools venv fuzz clean
all: modules programs

tools:
	@packaging/tools.sh build

modules: tools
	@mkdir -p $(BUILD)
	$(RELEASE_SWIFT) build $(MODULE_FLAGS) --product pam_sojourn
	$(RELEASE_SWIFT) build $(MODULE_FLAGS) --product nss_sojourn
	$(RELEASE_SWIFT) build $(MODULE_FLAGS) --product gate-shell
	$(RELEASE_SWIFT) build $(MODULE_FLAGS) --product vacancy
	$(RELEASE_SWIFT) build $(MODULE_FLAGS) --product reaper
	@packaging/collect.sh module $(RELEASE)/libpam_sojourn.so $(BUILD)/pam_sojourn.so
	@packaging/collect.sh module $(RELEASE)/libnss_sojourn.so $(BUILD)/libnss_sojourn.so.2
	@packaging/collect.sh program $(RELEASE)/gate-shell $(BUILD)/shell
	@packaging/collect.sh program $(RELEASE)/vacancy $(BUILD)/vacancy
	@packaging/collect.sh program $(RELEASE)/reaper $(BUILD)/reaper

programs: tools
	@mkdir -p $(BUILD)
	$(RELEASE_SWIFT) build $(PROGRAM_FLAGS) --product sojourn
	$(RELEASE_SWIFT) build $(PROGRAM_FLAGS) --product sojournd
	@packaging/collect.sh program $(RELEASE)/sojourn $(BUILD)/sojourn
	@packaging/collect.sh program $(RELEASE)/sojournd $(BUILD)/sojournd
	@packaging/completions.sh $(BUILD)/sojourn $(BUILD)/completions

install: all
	DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" TRIPLET="$(TRIPLET)" packaging/install.sh $(BUILD)

stage: all
	@rm -rf $(STAGE)
	@DESTDIR="$(SOJOURN_STAGE)" PREFIX="$(PREFIX)" TRIPLET="$(TRIPLET)" packaging/install.sh $(BUILD)

venv: .venv/installed
# A stamp of its own: $(PYTHON) is a link to the machine's interpreter.
.venv/installed: Tests/PolicyEndpoint/requirements.txt Tests/CredentialsTests/requirements.txt
	@packaging/tools.sh test
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r Tests/PolicyEndpoint/requirements.txt -r Tests/CredentialsTests/requirements.txt
	@touch $@

test: stage venv deb
	@packaging/tools.sh test
	$(SWIFT) build $(TEST_FLAGS) --build-tests
	SWIFT="$(SWIFT)" Tests/run.sh $(TEST_FLAGS)

# The same, whole where `make test` takes a seeded sample.
test-long: export SOJOURN_TEST_LONG := 1
test-long: test

# The Debian packages, on booted hosts of each release of Debian that they are for (`make test` takes the first).
test-host: export SOJOURN_SUITES := bookworm trixie
test-host: stage venv deb
	@packaging/tools.sh test
	$(SWIFT) build $(TEST_FLAGS) --build-tests
	$(SWIFT) test --skip-build $(TEST_FLAGS) --filter "PackageTests|HostTests.CheckTests|HostTests.BootedConsoleTests"

# What Sojourn costs, beside what an administrator would use instead: a table, and docs/performance.md. On a quiet machine.
# BENCH=login,far,nss,ends,many takes parts; ROUNDS=n shortens; BENCH_NOTE is a sentence for the page.
bench: stage
	@packaging/tools.sh bench
	@/usr/bin/python3 -B Tests/Bench/bench.py

# Every parser, SECONDS each.
SECONDS ?= 60
fuzz: tools
	Tests/Fuzz/run.sh $(SECONDS)

# The Debian packages, in build/deb, looked through by lintian. Debian's tools want a directory named debian: it gets one of its own.
deb: all
	@packaging/tools.sh deb
	@packaging/make-deb.sh $(BUILD)/deb

# Builds the packages twice, in two places, and compares them.
reproduce:
	@packaging/reproduce.sh

demo: stage venv
	@packaging/tools.sh test
	@packaging/demo/demo.sh $(STAGE) $(PYTHON)

clean:
	rm -rf $(BUILD) .build .build-fuzz .venv
