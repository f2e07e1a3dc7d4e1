# Everything a developer does with this repository. `make` alone lists it.
# Each target is one readable line or a script; nothing has to be set up by hand first.

.DEFAULT_GOAL := help
.PHONY: help run dev dev-services migrate seed build test test-quick lint generate assets screenshots pictures soak bench bench-scale release

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build, then serve the demo on http://localhost:3000 (data in ./data)
	bin/minicompete serve --demo

dev: ## Serve the demo on http://localhost:7331 and reload on changes (Go, templ, styles)
	scripts/dev

dev-services: ## Start PostgreSQL, Redis and a mail catcher for development, with or without containers
	scripts/dev-services up

migrate: build ## Update the schema of the database named in .env
	bin/minicompete migrate up

seed: build ## Add the demo data to the database named in .env, if it isn't there yet
	bin/minicompete seed

build: ## Build the static binary, bin/minicompete
	scripts/build

test: ## Run all tests on SQLite and PostgreSQL, and the fuzz targets; installs what they need
	scripts/with-test-services scripts/test

# Several packages at once: the slow ones mostly wait, for a schedule or for a program that they have killed to recover. They are built
# with the settings of scripts/build, so that nothing is compiled twice, and vet belongs to lint. What is left out waits half a minute
# for the queue to notice a kill.
test-quick: ## Run the fast tests on SQLite only: no race detector, browser or delivery tests
	go list ./internal/jobs ./internal/app ./... | grep -v -e /e2e$$ -e /delivery$$ | \
		MINICOMPETE_TEST_DATABASES=sqlite CGO_ENABLED=0 xargs scripts/with-test-services \
		go test -shuffle=on -trimpath -vet=off -ldflags=-w -p 6 \
		-skip '^Test(KilledAgainAndAgain|KilledWhileItMails|Soak)$$'

lint: ## Check style, imports, generated files, modules and scripts
	scripts/lint

generate: ## Regenerate the generated code and the golden files
	go tool templ generate -path internal/web
	scripts/update-golden

assets: ## Rebuild the committed styles, scripts and fonts (needs Node and npm)
	npm ci
	npm run build

screenshots: ## Take screenshots of every page, in both themes and at three widths, in ./screenshots (needs Chromium)
	MINICOMPETE_SCREENSHOTS=$(CURDIR)/screenshots go test -count=1 -timeout 20m -run '^TestDemo$$/^every_page$$' ./internal/web/e2e

pictures: ## Take the pictures of docs/organize.md anew (needs Chromium)
	MINICOMPETE_PICTURES=$(CURDIR)/docs/pictures go test -count=1 -timeout 20m -run '^TestDemo$$/^guide$$' ./internal/web/e2e

soak: ## Kill, cut, fill and slow down everything while people register, for ten minutes and 100 kills (FOR=2h takes longer)
	MINICOMPETE_SOAK=$(or $(FOR),10m) scripts/with-test-services go test -count=1 -timeout 0 -v -p 1 \
		-run '^Test(Soak|Killed.*|DiskFull)$$' ./cmd/minicompete ./internal/app

bench: build ## Measure speed and memory; only prints figures (BENCH="-only reads" runs one part, BEFORE=COMMIT compares)
	BEFORE="$(BEFORE)" scripts/with-test-services --durable scripts/bench $(BENCH)

bench-scale: build ## Measure how pages slow down as data grows (BENCH="-sizes 10000,100000,1000000" takes more)
	scripts/with-test-services --durable scripts/bench -only scale $(BENCH)

release: ## Build the release files for every platform in dist/
	scripts/release
