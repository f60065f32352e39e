# The front door, a thin one: it installs what is missing, builds the web and the server, and hands
# over. Every step leaves a file that says it is done, so a second call compares times and does nothing.
#
#   make run     build, make the demo district in $(DATA) if absent, serve it on $(PORT)
#   make test    everything that CI runs; STAGE=http,unit runs only these stages (and what they need)
#   make build   only build: build/gezhi is the whole product in one file
#   make bench   the figures of docs/performance.md
#   make clean   remove what was built (not the data, not the tools)

PORT ?= 8080
DATA ?= ./data
SIZE ?= district
STAGE ?=

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: build run test bench clean

STAMP := .tools/stamp
export PATH := $(CURDIR)/.tools/bin:$(PATH)

BUILD_PACKAGES := gcc libc6-dev meson ninja-build pkg-config protobuf-c-compiler libprotobuf-c-dev \
	libsqlite3-dev libpq-dev libmicrohttpd-dev libjansson-dev libsodium-dev libgeos-dev \
	libmagic-dev libturbojpeg0-dev libpng-dev libwebp-dev libcmocka-dev libexpat1-dev libzip-dev \
	libxlsxwriter-dev libicu-dev
TEST_PACKAGES := $(BUILD_PACKAGES) clang clang-tidy libclang-rt-14-dev cppcheck binutils \
	postgresql chromium fonts-noto-cjk gdal-bin

# --- what the machine lacks ----------------------------------------------------------------------

# The system's Node.js serves if it runs TypeScript as it is (22.18, or 24 and later).
NODE_FITS = node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
	process.exit(a >= 24 || (a === 22 && b >= 18) ? 0 : 1)' 2>/dev/null

# One apt-get call, and none at all when every package is there. An npm is needed in any case: the
# system's serves, or fetches the pinned one (which brings its own Node.js).
define install
	mkdir -p $(STAMP)
	missing=$$(for p in $(1); do \
		dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; \
	done)
	type npm >/dev/null 2>&1 || missing="$$missing nodejs npm"
	if [ -n "$$missing" ]; then \
		echo "installing:" $$missing; \
		sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$sudo apt-get -qq update; \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
			--no-install-recommends install $$missing >.tools/apt.log 2>&1 || \
			{ tail -n 30 .tools/apt.log; exit 1; }; \
	fi
	touch $@
endef

.ONESHELL:

$(STAMP)/apt-build: Makefile
	@$(call install,$(BUILD_PACKAGES))

$(STAMP)/apt-test: Makefile
	@$(call install,$(TEST_PACKAGES))

# Made again when the linked one has gone.
$(STAMP)/node: tools/node/package-lock.json $(shell [ -x .tools/bin/node ] || echo lost-node) \
		| $(STAMP)/apt-build
	@mkdir -p .tools/bin
	rm -f .tools/bin/node .tools/bin/npm
	hash -r
	if $(NODE_FITS); then
		ln -s "$$(command -v node)" .tools/bin/node
		ln -s "$$(command -v npm)" .tools/bin/npm
	else
		echo "fetching Node.js 22 into .tools"
		cp tools/node/package.json tools/node/package-lock.json .tools/
		(cd .tools && npm ci --no-audit --no-fund --loglevel=error)
		(cd .tools/bin && ln -s ../node_modules/npm/bin/npm-cli.js npm && \
			ln -s ../node_modules/node-linux-*/bin/node node)
		hash -r
		$(NODE_FITS) || { echo "no usable Node.js in .tools" >&2; exit 1; }
	fi
	touch $@

.PHONY: lost-node
lost-node:

# --- the web, then the server with the web inside ------------------------------------------------

ifneq ($(wildcard web/package.json),)
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' \
	-not -name '*.test.ts')
WEB := web/dist/index.html
endif
SOURCES := meson.build $(wildcard meson_options.txt) \
	$(shell find src migrations tools -type f -not -name '*_test.c' -not -path 'tools/node/*')

$(STAMP)/web: web/package-lock.json $(STAMP)/node
	@echo "installing the web's packages"
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch ../$@

web/dist/index.html: $(WEB_SOURCES) $(STAMP)/web
	@cd web && npm run --silent build
	touch dist/index.html

build/build.ninja: | $(STAMP)/apt-build
	@meson setup build --buildtype=release >/dev/null || { cat build/meson-logs/meson-log.txt; exit 1; }

build/gezhi: $(SOURCES) $(WEB) | build/build.ninja
	@ninja -C build gezhi
	touch $@

build: build/gezhi

# --- run -----------------------------------------------------------------------------------------

# Made beside its place and moved there, so that an interrupted demo is not taken for a whole one.
$(DATA)/gezhi.db: | build/gezhi
	@if [ -e "$(DATA)" ]; then echo "$(DATA) has no gezhi.db: move it away, or set DATA" >&2; exit 1; fi
	echo "making the demo ($(SIZE)) in $(DATA)"
	rm -rf "$(DATA).new"
	mkdir -p "$(DATA).new"
	build/gezhi demo --size $(SIZE) --db "sqlite:$(DATA).new/gezhi.db"
	mv "$(DATA).new" "$(DATA)"

run: build/gezhi $(DATA)/gezhi.db
	@exec build/gezhi serve --db "sqlite:$(DATA)/gezhi.db" --port $(PORT)

# --- test, bench ---------------------------------------------------------------------------------

$(STAMP)/tests: tests/package-lock.json $(STAMP)/node
	@cd tests && npm ci --no-audit --no-fund --loglevel=error
	touch ../$@

test: $(STAMP)/apt-test $(STAMP)/tests
	@exec node --disable-warning=ExperimentalWarning tests/run.ts $(STAGE)

bench: build/gezhi $(STAMP)/apt-test $(STAMP)/tests
	@exec node --disable-warning=ExperimentalWarning bench/run.ts

clean:
	rm -rf build build-test web/dist
