# Panglot's front door: `make help` lists what there is. CMake and Ninja do the work, in build/.
.DEFAULT_GOAL := help
.PHONY: install build run test interop prove mutants lint format bench fuzz sim clean help

BINARY := build/release/panglot

install: ## put the Debian packages in place that are missing (scripts/packages.txt)
	@scripts/install.sh

build: install ## build/release/panglot
	@cmake --preset release >/dev/null
	@ninja -C build/release --quiet

run: build ## start the platform with demo data, and a payment provider beside it, until Ctrl-C
	@exec scripts/run.sh $(BINARY)

test: install ## everything that is tested before a change goes in, within 15 minutes
	@scripts/test.py $(if $(WITH),--with $(WITH))

interop: install ## our adapter against what others have made of Stripe's API, and against ours
	@scripts/test.py --only interop

prove: install ## the tests and their long forms: more seeds, more kills, clang-tidy
	@scripts/test.py --prove

mutants: install ## put a hundred mistakes into the code, one by one: what notices each?
	@sim/mutants.py

lint: install ## layout, scripts and clang-tidy
	@scripts/lint.sh

format: install ## lay out all C files
	@scripts/lint.sh fix

bench: build ## measure each promise of speed
	@bench/orders.py
	@bench/edge/edge.py --binary build/release/panglot
	@bench/far.py build/release/panglot
	@for program in build/release/bench_*; do [ ! -x $$program ] || $$program || exit 1; done

fuzz: install ## a minute of new inputs for each parser
	@scripts/fuzz.sh 60

sim: build ## stories of several services on a simulated machine, from fresh seeds
	@$(BINARY) sim

clean: ## forget all that was built
	@rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20
