# Picket: what a contributor runs. `make test` needs Go, git and a shell; everything else is optional and says so.
export CGO_ENABLED := 0
GO ?= go
VENV ?= .venv
LINT := bin/golangci-lint

.PHONY: build test check lint generate fuzz bench corpus setup release release-verify clean

build: ## bin/picket, static
	$(GO) build -trimpath -ldflags='-s -w' -o bin/picket ./cmd/picket

test: corpus ## every test; those whose optional tools are missing say so and skip
	@rm -f bin/skipped && mkdir -p bin
	PICKET_SKIPPED=$(CURDIR)/bin/skipped PICKET_CORPUS=$(CURDIR)/corpus PICKET_VENV=$(CURDIR)/$(VENV) $(GO) test -timeout 20m ./...
	@if [ -s bin/skipped ]; then echo "Skipped, because optional tools are missing (make setup installs them):" && sort -u bin/skipped; fi

check: lint ## linters, the race detector where there is concurrency, PKCS#11, generated docs
	CGO_ENABLED=1 $(GO) test -race ./detect ./internal/limits ./artifact/source/... ./claimstore/... ./report/... ./evidence/...
	CGO_ENABLED=1 $(GO) test -tags pkcs11 ./evidence/pkcs11
	$(MAKE) generate && git diff --exit-code docs/reference

lint: $(LINT) ## the pinned linters
	$(LINT) run ./...

$(LINT): test/lint/go.mod
	cd test/lint && $(GO) build -o ../../$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

generate: ## docs/reference from the code
	$(GO) run ./cmd/picket docs docs/reference

fuzz: ## every fuzz target, FUZZTIME each (default 1m)
	sh bench/fuzz.sh $${FUZZTIME:-1m}

bench: build corpus ## Go benchmarks and the comparison with peers; writes docs/benchmarks.md
	$(GO) test -run '^$$' -bench . -benchtime 1s ./artifact/... ./detect/... ./evidence/... ./policy ./bom/...
	$(GO) run ./bench/hashing
	$(GO) run ./bench/peers --picket bin/picket --corpus corpus --out docs/benchmarks.md

corpus: ## hostile and benign samples in corpus/; generators whose tools are missing are named and skipped
	$(GO) run ./bench/corpus --out corpus --venv $(VENV)

setup: ## optional: real writers and peers for the corpus and the tests (Debian packages as root, PyPI into .venv)
	sh bench/setup.sh $(VENV)

release: ## dist/: what is committed, for every platform, the same bytes on every machine; VERSION=v1.2.3 KEY=FILE; uploads nothing
	$(GO) run ./release $(if $(VERSION),--version $(VERSION)) $(if $(KEY),--private-key $(KEY))

release-verify: ## build again and compare with DIST (default: dist) bit by bit; PUBLIC_KEY=FILE checks the signatures
	$(GO) run ./release --verify $(or $(DIST),dist) $(if $(PUBLIC_KEY),--public-key $(PUBLIC_KEY))

clean:
	rm -rf bin corpus dist
