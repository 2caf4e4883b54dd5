# make build             the image of this commit, pushed to the registry as COMMIT and as latest
# make deploy            on the server: pull, migrate, swap; back to what ran before if that fails
# make rollback TAG=…    on the server: an earlier commit's image from the registry, without migrations
# make prune             in a clone of the central repository: old images out of the registry
# Every variable may be set on the command line, in the environment, or in the central repository's deploy.env.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
export DO_NOT_TRACK := 1

TOOL ?= docker
COMPOSE ?= $(TOOL) compose
COMPOSE_FILE ?= deploy/server/compose.yaml
# The .env of the self-hosted stack, whose secrets the functions get when they start.
ENV_FILE ?=
PROJECT ?= jobs
# What starts the containers and waits until they are healthy.
UP ?= up --detach --wait
SERVER = $(COMPOSE) -p $(PROJECT) -f "$(COMPOSE_FILE)" $(if $(ENV_FILE),--env-file "$(ENV_FILE)")
REPOSITORY ?= supabase-job-template
IMAGE ?= localhost:5000/$(shell printf %s '$(REPOSITORY)' | tr 'A-Z ' 'a-z-' | tr -cd 'a-z0-9._-')
COMMIT ?= $(shell git describe --always --exclude='*' --abbrev=40 --dirty)
TAG ?= $(COMMIT)
EDGE_RUNTIME_IMAGE ?= supabase/edge-runtime:v1.78.1
# Docker takes a registry on localhost without TLS by itself; podman and buildah want to be told.
REGISTRY_FLAGS ?= $(if $(filter docker,$(notdir $(firstword $(TOOL)))),,$(if $(filter localhost:% 127.0.0.1:%,$(IMAGE)),--tls-verify=false))
# More for npm run doctor, such as --api-url URL, this server's way to the stack's gateway.
DOCTOR_FLAGS ?=
# How many built commits prune keeps, and the one that runs (asked of TOOL; say it where the server is another machine).
KEEP ?= 10
RUNNING ?= $(shell $(TOOL) ps --filter label=com.docker.compose.project=$(PROJECT) --filter label=com.docker.compose.service=functions --format '{{.Image}}' 2>/dev/null | sed -n '1s/.*://p')
REGISTRY_STOP ?= docker compose -f deploy/registry/compose.yaml stop registry
REGISTRY_COLLECT ?= docker compose -f deploy/registry/compose.yaml run --rm registry garbage-collect /etc/docker/registry/config.yml
REGISTRY_START ?= docker compose -f deploy/registry/compose.yaml up --detach registry
export REPOSITORY IMAGE

.PHONY: build deploy rollback prune tool pull latest migrate swap

build: tool
	$(TOOL) build --build-arg EDGE_RUNTIME_IMAGE=$(EDGE_RUNTIME_IMAGE) --build-arg COMMIT=$(COMMIT) $(BUILD_FLAGS) -t $(IMAGE):$(COMMIT) -t $(IMAGE):latest .
	$(TOOL) push $(REGISTRY_FLAGS) $(IMAGE):$(COMMIT)
	$(TOOL) push $(REGISTRY_FLAGS) $(IMAGE):latest

deploy: pull
	$(MAKE) --no-print-directory migrate
	$(MAKE) --no-print-directory swap

rollback:
	@[ "$(origin TAG)" != file ] || { echo "rollback: expected the commit to go back to: make rollback TAG=…" >&2; exit 1; }
	$(MAKE) --no-print-directory pull
	$(MAKE) --no-print-directory swap
	$(MAKE) --no-print-directory latest

prune:
	deploy/registry/prune "$(IMAGE)" "$(KEEP)" $(RUNNING)
	$(REGISTRY_STOP)
	! curl -fs -o /dev/null "http://$(firstword $(subst /, ,$(IMAGE)))/v2/" || { echo "prune: the registry still answers; collecting now could lose images" >&2; exit 1; }
	trap '$(REGISTRY_START)' EXIT; $(REGISTRY_COLLECT)

tool:
	@command -v $(firstword $(TOOL)) >/dev/null || { echo "$(MAKECMDGOALS): expected $(firstword $(TOOL)), found no such program: install it, or say which to use: make TOOL=podman, make TOOL=buildah" >&2; exit 1; }
	@$(TOOL) info >/dev/null || { echo "$(MAKECMDGOALS): $(firstword $(TOOL)) does not work here (see above): start its engine, or say which to use: make TOOL=podman, make TOOL=buildah" >&2; exit 1; }

pull: tool
	$(TOOL) pull $(REGISTRY_FLAGS) $(IMAGE):$(TAG)

latest: tool
	$(TOOL) tag $(IMAGE):$(TAG) $(IMAGE):latest
	$(TOOL) push $(REGISTRY_FLAGS) $(IMAGE):latest

migrate:
	@[ -n "$${DATABASE_URL:-}" ] || { echo "migrate: expected DATABASE_URL, found it unset: the database the migrations go to" >&2; exit 1; }
	@npx --no-install supabase db push --remote="$$DATABASE_URL" --yes

swap: export TAG := $(TAG)
swap:
	@before='$(RUNNING)'; if $(SERVER) $(UP) && npm run --silent --if-present doctor -- $${DATABASE_URL:+--database-url "$$DATABASE_URL"} $(DOCTOR_FLAGS); then echo "$$TAG runs"; exit 0; fi; \
	$(SERVER) logs --tail=100 || true; \
	echo "swap: $$TAG does not run (its logs are above): back to $${before:-nothing}" >&2; \
	if [ -n "$$before" ]; then TAG=$$before $(SERVER) $(UP); else $(SERVER) down; fi; exit 1
