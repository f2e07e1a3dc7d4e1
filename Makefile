# Everything a developer does with this repository. `make` alone lists it.
# Each target is one readable line or a script; nothing has to be set up by hand first.

.DEFAULT_GOAL := help
.PHONY: help run dev dev-services migrate seed build test test-quick lint generate assets screenshots bench release

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build, then serve the demo on http://localhost:3000 (data in ./data)
	bin/minicompete serve --demo

dev: ## Serve the demo, and bring up to date what changes (Go, templ, styles), on http://localhost:7331
	scripts/dev

dev-services: ## Start PostgreSQL, Redis and a catcher of mail for a developer, in containers or without
	scripts/dev-services up

migrate: build ## Bring the schema of the database of .env up to date
	bin/minicompete migrate up

seed: build ## Add the demo data to the database of .env, once
	bin/minicompete seed

build: ## Build the one static binary, bin/minicompete
	scripts/build

# What takes longest begins first. The settings of scripts/build find again what it compiled.
test: ## Run every test on SQLite and PostgreSQL, then the fuzz targets; installs what it needs
	scripts/with-test-services go test -race -shuffle=on -parallel 4 -timeout 20m ./internal/web/e2e ./...
	go -C deploy/validate test -race -shuffle=on ./...
	scripts/with-test-services scripts/fuzz

# Several packages at once: the slow ones mostly wait, for a schedule or for a program that they have killed to recover. They are built
# with the settings of scripts/build, so that nothing is compiled twice, and vet belongs to lint. What is left out waits half a minute
# for the queue to notice a kill.
test-quick: ## Run the tests on SQLite alone, without the race detector, a browser, what is shipped and the longest waits
	go list ./internal/jobs ./internal/app ./... | grep -v -e /e2e$$ -e /delivery$$ | \
		MINICOMPETE_TEST_DATABASES=sqlite CGO_ENABLED=0 xargs scripts/with-test-services \
		go test -shuffle=on -trimpath -vet=off -ldflags=-w -p 6 \
		-skip '^TestKilled(AgainAndAgain|WhileItMails)$$'

lint: ## Check style, import rules, generated files, modules and scripts
	scripts/lint

generate: ## Write the generated code and the golden files anew
	go tool templ generate -path internal/web
	scripts/update-golden

assets: ## Rebuild the committed styles, scripts and fonts (needs Node and npm)
	npm ci
	npm run build

screenshots: ## Write a picture of each page, theme and width into ./screenshots (needs Chromium)
	MINICOMPETE_SCREENSHOTS=$(CURDIR)/screenshots go test -count=1 -timeout 20m -run '^TestDemo$$/^every_page$$' ./internal/web/e2e

bench: build ## Measure speed and memory; prints figures, asserts nothing (BENCH="-only reads" for a part)
	scripts/with-test-services --durable go run ./internal/bench $(BENCH)

release: ## Build what a release consists of, for every platform, in dist/
	scripts/release
