# Thin on purpose: every target hands over to local/bootstrap.py, which makes the virtual environment and
# runs `python -m local.cli`. `make` alone lists the targets.
PYTHON ?= python3
ROOST := $(PYTHON) local/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help up down clean status logs shell env proof timings serve test lint types unit e2e vllm-test rehearse policy size preflight cost bench-policies docs contract lock images bench-up bench-peer bench-curves

help:    ## list the targets
	@sed -n 's/^\([a-z0-9-]*\): *##/  make \1\t/p' Makefile | expand -t 18

up:      ## set up everything and prove it; CONTEXT=<kubeconfig context> uses a cluster of your own
	@$(ROOST) up $(if $(CONTEXT),--context '$(CONTEXT)')

down:    ## stop everything that `make up` started; data and caches stay
	@$(ROOST) down

clean:   ## down, and remove data and caches (asks first; YES=1 does not ask)
	@$(ROOST) clean $(if $(filter 1,$(YES)),--yes)

status:  ## what runs, since when, with how much memory
	@$(ROOST) status

logs:    ## SERVICE=server|postgres|edge|standin|migrate|apiserver|kubelet|… FOLLOW=1
	@$(ROOST) logs '$(SERVICE)' $(if $(filter 1,$(FOLLOW)),--follow)

shell:   ## a subshell in which pulumi, kubectl and any client know the running stack
	@$(ROOST) shell

env:     ## shell exports for the running stack: eval "$(make -s env)"
	@$(ROOST) env

proof:   ## have the conversation again: tell, restart the server, ask
	@$(ROOST) proof

timings: ## wall time and peak memory of the phases of past `make up` runs
	@$(ROOST) timings

serve:   ## the agent server by itself on loopback; PORT=8283 WORKERS=1, STANDIN=1 for the scripted model
	@$(ROOST) serve --port '$(or $(PORT),8283)' --workers '$(or $(WORKERS),1)' $(if $(filter 1,$(STANDIN)),--standin)

test:    ## lint, types and tests
	@$(ROOST) test

lint:    ## ruff: rules and format
	@$(ROOST) lint

types:   ## basedpyright, strict
	@$(ROOST) types

unit:    ## the fast tests only
	@$(ROOST) unit

e2e:     ## the end-to-end tests, on the running stack (embedded only: they destroy it)
	@$(ROOST) e2e

vllm-test: ## the tests of the real vLLM on this machine's processor, or of the one that ROOST_VLLM names
	@$(ROOST) vllm-test

rehearse: ## STACK=dev|prod|prod-dr: the whole life of an AWS stack on an emulated account, with a report
	@$(ROOST) rehearse '$(STACK)'

policy:  ## STACK=local|dev|prod|prod-dr: the policy packs on the preview and on the state, in one table
	@$(ROOST) policy '$(STACK)'

size:    ## MODEL=Qwen/Qwen3-14B CONTEXT=32k CONCURRENCY=4 REPLICAS=1 FP8=weights|cache|both: GPU instances that serve it, and prices
	@$(ROOST) size --model '$(MODEL)' --context '$(CONTEXT)' --concurrency '$(CONCURRENCY)' --replicas '$(REPLICAS)' --fp8 '$(FP8)'

cost:    ## STACK=local|dev|prod|prod-dr: USD a month by component; or PREVIEW=<file>, STATE=<file>; JSON=1 (docs/cost.md)
	@$(ROOST) cost '$(STACK)' $(if $(PREVIEW),--preview '$(PREVIEW)') $(if $(STATE),--state '$(STATE)') $(if $(USAGE),--usage '$(USAGE)') $(if $(filter 1,$(JSON)),--json)

preflight: ## STACK=dev|prod|prod-dr: whether the AWS account can carry the stack, asked with your credentials; changes nothing
	@$(ROOST) preflight '$(STACK)'

bench-policies: ## what the policy packs cost on prod: warm previews in pairs, and growth to 3,000 resources
	@$(ROOST) bench-policies

docs:    ## regenerate the documents that are made from models, rules and tables
	@$(ROOST) docs

contract: ## write down anew which resources the AWS stacks register
	@$(ROOST) contract

lock:    ## resolve pyproject.toml into the lock files
	@$(ROOST) lock

images:  ## build the images
	@$(ROOST) images

bench-up: ## wall time of a cold and of a second `make up`, in directories of its own
	@$(ROOST) bench-up $(if $(filter 1,$(YES)),--yes)

bench-peer: ## our server beside letta 0.16.8 from PyPI, same Postgres, model and machine; QUICK=1 for a look
	@$(ROOST) bench-peer $(if $(filter 1,$(QUICK)),--quick)

bench-curves: ## our server alone: history, archive, workers, memory; QUICK=1, LARGE=1 (10^6 passages), MINUTES=2 of load
	@$(ROOST) bench-curves $(if $(filter 1,$(QUICK)),--quick) $(if $(filter 1,$(LARGE)),--large) $(if $(MINUTES),--minutes '$(MINUTES)')
