# Rhapsody. `make demo` shows it, `make test` proves it; the rest is for people who work on it.

CARGO   ?= cargo
PREFIX  ?= /usr
DESTDIR ?=
SEEDS   ?= 20000
SECONDS_EACH ?= 60

BIN     := target/release
SHARED  := ../shared

.DEFAULT_GOAL := help
.PHONY: help build demo test lint test-unit test-live setup bench conformance differential soak fuzz completions man install clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## release programs in target/release
	$(CARGO) build --release --workspace --bins

demo: build ## boots three nodes on this machine, crashes one, shows the failover
	@tests/setup/packages --demo
	@tests/demo $(BIN)

setup: ## what the tests need from the distribution (asks apt-get where it may)
	@tests/setup/packages

test: setup lint test-unit test-live ## everything: format, lints, unit tests, simulation, live clusters

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy -q --workspace --all-targets -- -D warnings

test-unit: ## unit tests, cli sessions, a thousand simulated worlds and the bugs they must notice
	$(CARGO) test -q --workspace --exclude rhapsody-tests --exclude rhapsody-sim
	$(CARGO) test -p rhapsody-sim --features bugs -- --nocapture

test-live: ## real processes in namespaces
	$(CARGO) build -q --workspace --bins
	$(CARGO) test -q -p rhapsody-tests -- --test-threads=1

bench: build ## ours beside the peers where they are installed, as ratios (RUNS=5 ONLY=files|scheduler|ours|peer)
	@tests/bench $(BIN) $(SHARED)

conformance: build ## scores against recorded answers of the peers, where the data is beside this tree
	@tests/conformance $(BIN) $(SHARED)

differential: build ## ours against the installed crm_simulate on generated CIBs
	@tests/differential $(BIN)

soak: ## many simulated worlds (SEEDS=20000)
	RHAPSODY_SEEDS=$(SEEDS) $(CARGO) test --release -p rhapsody-sim -- --nocapture

fuzz: ## parsers and the scheduler under random input for a while (SECONDS_EACH=60)
	RHAPSODY_FUZZ_SECONDS=$(SECONDS_EACH) $(CARGO) test --release -p rhapsody-xml -p rhapsody-cib -p rhapsody-conf --test fuzz -- --nocapture
	RHAPSODY_FUZZ_SECONDS=$(SECONDS_EACH) $(CARGO) test --release -p rhapsody-scheduler --test fuzz --test idle -- --nocapture

completions: ## writes completions/ anew from the commands
	$(CARGO) build -q -p rhapsody-cli
	for s in bash zsh fish; do target/debug/rhapsody completion $$s > completions/rhapsody.$$s || exit 1; done

man: ## writes the manual page, target/rhapsody.8
	$(CARGO) build -q -p rhapsody-cli
	target/debug/rhapsody man > target/rhapsody.8

install: build ## DESTDIR= PREFIX=/usr
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/lib/rhapsody/tools \
	  $(DESTDIR)$(PREFIX)/lib/ocf/resource.d/rhapsody $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
	  $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d \
	  $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(BIN)/rhapsody $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BIN)/rhapsody-pcsd $(BIN)/rhapsody-core $(BIN)/rhapsody-agent $(DESTDIR)$(PREFIX)/sbin/
	install -m 644 completions/rhapsody.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/rhapsody
	install -m 644 completions/rhapsody.zsh $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_rhapsody
	install -m 644 completions/rhapsody.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/rhapsody.fish
	$(BIN)/rhapsody man > $(DESTDIR)$(PREFIX)/share/man/man8/rhapsody.8
	$(BIN)/rhapsody tools --install $(DESTDIR)$(PREFIX)/lib/rhapsody/tools --program $(PREFIX)/bin/rhapsody
	for a in IPaddr2 Dummy; do ln -sf $(PREFIX)/sbin/rhapsody-agent $(DESTDIR)$(PREFIX)/lib/ocf/resource.d/rhapsody/$$a; done
	ln -sf $(PREFIX)/sbin/rhapsody-agent $(DESTDIR)$(PREFIX)/sbin/fence_rhapsody_lab
	install -d $(DESTDIR)/etc/pam.d $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 644 packaging/pam.d/rhapsody $(DESTDIR)/etc/pam.d/rhapsody
	install -m 644 packaging/systemd/*.service $(DESTDIR)$(PREFIX)/lib/systemd/system/

clean: ## removes target/
	$(CARGO) clean
