# make lab       three Docker hosts on which every service resolves by name, from nothing
# make lab-down  removes them
# make test      everything that CI runs; `make test STAGES="lint unit"` for some of it
# make soak      what takes longer, and says much what `make test` says
# make lint      static checks only
# make release VERSION=1.2.3   writes the change log of a version, and builds its tarball
# make bench     measures the collection, into docs/benchmarks.md; `make bench SECTIONS=services` for some of it
# make clean     removes the lab, its images and caches, and the virtual environment

export PATH := $(CURDIR)/.venv/bin:$(PATH)

LAB := lab
INVENTORY := -i inventories/three_nodes -i $(LAB)/flapps.yml
REACHED := $(INVENTORY) -i .lab/lab/connection.yml

.PHONY: lab lab-down test soak lint release bench clean venv

lab: export ANSIBLE_DISPLAY_SKIPPED_HOSTS := no
lab: venv
	@$(LAB)/engine.sh
	@$(LAB)/images.py
	ansible-playbook $(INVENTORY) $(LAB)/create.yml
	ansible-playbook $(REACHED) $(LAB)/prepare.yml playbooks/site.yml
	@$(LAB)/table.py $(REACHED)

lab-down: venv
	ansible-playbook $(LAB)/destroy.yml

test: venv
	@tools/run_stages.py $(STAGES)

soak: venv
	@tools/run_stages.py --soak

lint: venv
	ansible-lint
	yamllint .
	ruff check
	ruff format --check
	mypy
	python tools/generate_docs.py --check
	antsibull-changelog lint

release: venv
	@test -n "$(VERSION)" || { echo "which one? make release VERSION=1.2.3" >&2; exit 1; }
	antsibull-changelog release --version $(VERSION)
	sed -i 's/^version: .*/version: $(VERSION)/' galaxy.yml
	ansible-galaxy collection build --force

bench: venv
	PYTHONPATH=tests:$(LAB) python -m bench $(SECTIONS)

clean: venv
	ansible-playbook $(LAB)/destroy.yml -e lab_names=.+
	@$(LAB)/images.py --remove
	rm -rf .lab .venv

venv:
	@$(LAB)/venv.sh
