# The few targets people expect. Everything else is `./bedplate --help`.
PYTHON := .venv/bin/python
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120
# The release that the lab installs.
RELEASE := $(shell sed -n "s/^release: //p" inventory/lab/environment.yaml)
REPRODUCE := build/reproduce
# The tests of a file share what takes long to make; files share nothing.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile

# What `make test-all` adds, each alone by `make test-part PART=…`: a folder of tests/lab.
PARTS := $(filter-out day __pycache__,$(notdir $(patsubst %/,%,$(wildcard tests/lab/*/))))

# The parts that do not fit into a run of continuous integration: an emulated machine, and certificates that have to end.
LONG_PARTS := certificates managed

# Programs of the release that tests run themselves.
PROGRAMS := kustomize registry etcd kubernetes-control-plane kubernetes-node pulumi pulumi-kubernetes npm:prometheus-ui prometheus

.PHONY: lab test test-quick test-all test-part parts ci-parts programs mutants lint types docs reproduce requirements tools packages

lab: ## a datacenter on this computer
	./bedplate lab up

test: programs ## what CI runs: unit and render tests, roles, a real API server, and one lab in which tests do what a user does in a day
	$(PYTHON) -m pytest $(SIDE_BY_SIDE) --durations=10 tests/unit tests/render tests/roles tests/apiserver
	$(PYTHON) -m pytest --durations=10 tests/lab/day

test-quick: tools ## unit and render tests that need no machine, in a minute
	$(PYTHON) -m pytest $(SIDE_BY_SIDE) -m "not slow" tests/unit tests/render

test-all: programs ## all tests: those of `make test`, and the slow parts, in the same lab
	$(PYTHON) -m pytest $(SIDE_BY_SIDE) --durations=10 tests/unit tests/render tests/roles tests/apiserver
	$(PYTHON) -m pytest --durations=10 tests/lab

test-part: programs ## one slow part of `make test-all`: make test-part PART=kills
	$(if $(filter $(PARTS),$(PART)),,$(error PART must be one of: $(PARTS)))
	$(PYTHON) -m pytest --durations=10 tests/lab/$(PART)

parts: ## the parts of `make test-all`, by name
	@echo $(PARTS)

ci-parts: ## those that continuous integration runs in turn
	@echo $(filter-out $(LONG_PARTS),$(PARTS))

programs: packages ## programs of the release that tests run
	PYTHONPATH=installer $(PYTHON) tests/programs.py $(PROGRAMS)

mutants: programs ## change the code in many places, one at a time, and print the changes that no test notices: make mutants AREA=render SAMPLE=40
	$(PYTHON) tests/mutation $(AREA) --sample $(or $(SAMPLE),40)

lint: tools types ## as pre-commit and CI see it
	.venv/bin/ruff check .
	PYTHONPATH=installer .venv/bin/lint-imports
	.venv/bin/ruff format --check .
	.venv/bin/yamllint --strict .
	PATH=$(CURDIR)/.venv/bin:$$PATH ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/build/collections .venv/bin/ansible-lint --offline roles

types: tools
	.venv/bin/mypy

docs: tools ## generate the pages of docs/reference
	./bedplate docs

reproduce: tools packages ## build a whole release again from source, in another directory with its own caches, and compare it with the lock
	rm -rf $(REPRODUCE)
	mkdir -p $(REPRODUCE)
	ssh-keygen -q -t ed25519 -N "" -C reproduce -f $(REPRODUCE)/key
	BEDPLATE_CACHE=$(CURDIR)/$(REPRODUCE)/cache ./bedplate bundle build $(RELEASE) --out $(REPRODUCE)/bundle --key $(REPRODUCE)/key
	./bedplate bundle verify $(REPRODUCE)/bundle --publisher $(REPRODUCE)/key.pub

requirements: tools ## pin the dependencies in pyproject.toml, with hashes; pins that still fit stay
	.venv/bin/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 pyproject.toml -o requirements/runtime.txt
	.venv/bin/uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 --extra dev pyproject.toml -o requirements/dev.txt

# The launcher makes .venv from requirements/runtime.txt, and makes it again when that file changes.
tools: .venv/.dev
.venv/.dev: requirements/runtime.txt requirements/dev.txt
	@dpkg -s python3-venv >/dev/null 2>&1 || { $(APT) update; $(APT) install -y python3-venv; }
	./bedplate --version
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/dev.txt
	touch $@

# The lab names and installs what it needs by itself; tests of bundles and images need the same.
packages: tools
	@PYTHONPATH=installer $(PYTHON) -c "from bedplate.lab.prerequisites import ensure_packages; ensure_packages(print)"
