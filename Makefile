# make lab       three Docker hosts on which every service resolves by name, from nothing
# make lab-down  removes them
# make test      everything that CI runs; `make test STAGES="lint unit"` for some of it
# make lint      static checks only
# make bench     measures the collection, into docs/benchmarks.md; `make bench SECTIONS=services` for some of it
# make clean     removes the lab, its images and caches, and the virtual environment

export PATH := $(CURDIR)/.venv/bin:$(PATH)

LAB := molecule/shared
INVENTORY := -i inventories/three_nodes -i $(LAB)/lab/inventory/flapps.yml
REACHED := $(INVENTORY) -i .lab/lab/connection.yml

.PHONY: lab lab-down test lint bench clean venv

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
	@tests/run.py $(STAGES)

lint: venv
	ansible-lint
	yamllint .
	ruff check
	ruff format --check
	mypy
	python tests/role_readmes.py --check
	antsibull-changelog lint

bench: venv
	PYTHONPATH=tests python -m bench $(SECTIONS)

clean: venv
	ansible-playbook $(LAB)/destroy.yml
	ansible-playbook $(LAB)/destroy.yml -e lab_name=molecule
	@$(LAB)/images.py --remove
	rm -rf .lab .venv

venv:
	@$(LAB)/venv.sh
