#!/usr/bin/env bash
# Sets the tutorial's stage on Azure: the buffer with a simulated public image in it, a team's registry with a task that
# builds hello-world on the buffered image, and a vault with the token that the task reads its repository with.
# Nothing here is Sluice: it is what Sluice works on. Running it again changes nothing that is there already.
#
#   HELLO_WORLD_REPO=https://github.com/you/hello-world.git GIT_TOKEN=… scripts/az-setup.sh
set -euo pipefail

: "${HELLO_WORLD_REPO:?the https address of a Git repository with a Dockerfile that is built on base-images/node:9-alpine}"
: "${GIT_TOKEN:?a token that may read that repository and, for builds on commit, manage its webhooks}"
readonly SUFFIX="${SUFFIX:-$(printf '%s' "${USER:-sluice}$(az account show --query id --output tsv)" | cksum | cut -c1-6)}"
readonly LOCATION="${AZURE_LOCATION:-westeurope}"
readonly GROUP="${SLUICE_RESOURCE_GROUP:-rg-sluice-tutorial}"
readonly BUFFER="${SLUICE_BUFFER_NAME:-contosobaseimages${SUFFIX}}"
readonly DEV="${SLUICE_DEV_NAME:-contosodev${SUFFIX}}"
readonly VAULT="${VAULT:-kv-hello-${SUFFIX}}"
readonly TASK='hello-world'
readonly SECRET='hello-world-git-token'

say() { printf '\n%s\n' "$*"; }

# Creates a registry where there is none. Tasks need the admin user as little as Sluice does.
registry() {
  az acr show --name "$1" --resource-group "$GROUP" --output none 2>/dev/null ||
    az acr create --name "$1" --resource-group "$GROUP" --location "$LOCATION" --sku Standard --output none
}

# Gives a role; giving it twice is fine.
grant() {
  local principal="$1" type="$2" role="$3" scope="$4"
  az role assignment create --assignee-object-id "$principal" --assignee-principal-type "$type" \
    --role "$role" --scope "$scope" --output none
}

# A public image that can be changed at will: upstream's push is `background` of this script's tutorial.
build_public_image() {
  local colour="$1" context
  context="$(mktemp -d)"
  printf 'FROM docker.io/library/node:9-alpine\nENV BACKGROUND_COLOR=%s\n' "$colour" >"$context/Dockerfile"
  az acr build --registry "$BUFFER" --image public/node:9-alpine "$context" --output none
  rm -r "$context"
}

if [[ "${1:-}" == 'push' ]]; then
  say "Upstream publishes a ${2:?a colour} image."
  build_public_image "$2"
  exit 0
fi

say "Group $GROUP, registries $BUFFER and $DEV"
az group create --name "$GROUP" --location "$LOCATION" --output none
registry "$BUFFER"
registry "$DEV"

say 'A simulated public image, public/node:9-alpine'
if ! az acr repository show --name "$BUFFER" --image public/node:9-alpine --output none 2>/dev/null; then
  build_public_image green
fi

say "A vault, $VAULT, with the token that reads $HELLO_WORLD_REPO"
az keyvault show --name "$VAULT" --output none 2>/dev/null ||
  az keyvault create --name "$VAULT" --resource-group "$GROUP" --location "$LOCATION" \
    --enable-rbac-authorization true --output none
vault_id="$(az keyvault show --name "$VAULT" --query id --output tsv)"
me="$(az ad signed-in-user show --query id --output tsv)"
grant "$me" User 'Key Vault Secrets Officer' "$vault_id"
# A role needs up to some minutes until the vault knows of it.
for _ in {1..30}; do
  if az keyvault secret set --vault-name "$VAULT" --name "$SECRET" --value "$GIT_TOKEN" --output none 2>/dev/null; then
    break
  fi
  sleep 10
done
token="$(az keyvault secret show --vault-name "$VAULT" --name "$SECRET" --query value --output tsv)"

say "Task $TASK in $DEV, built on $BUFFER.azurecr.io/base-images/node:9-alpine"
az acr task create --registry "$DEV" --name "$TASK" --image "$TASK:{{.Run.ID}}" --image "$TASK:latest" \
  --context "$HELLO_WORLD_REPO#${HELLO_WORLD_BRANCH:-main}" --file "${HELLO_WORLD_DOCKERFILE:-Dockerfile}" \
  --arg "REGISTRY_NAME=$BUFFER.azurecr.io" --git-access-token "$token" \
  --base-image-trigger-enabled true --base-image-trigger-type Runtime --assign-identity '[system]' --output none
principal="$(az acr task show --registry "$DEV" --name "$TASK" --query identity.principalId --output tsv)"
grant "$principal" ServicePrincipal AcrPull "$(az acr show --name "$BUFFER" --query id --output tsv)"
az acr task credential add --registry "$DEV" --name "$TASK" --login-server "$BUFFER.azurecr.io" \
  --use-identity '[system]' --output none 2>/dev/null || true

say 'The stage is set. Deploy Sluice beside it:'
cat <<END
  azd env new tutorial --location $LOCATION
  azd env set SLUICE_RESOURCE_GROUP $GROUP
  azd env set SLUICE_BUFFER_EXISTS true
  azd env set SLUICE_BUFFER_NAME $BUFFER
  azd env set SLUICE_DEV_NAME $DEV
  azd up
Then, when base-images/node:9-alpine is there, let the registry learn what hello-world is built on:
  az acr task run --registry $DEV --name $TASK
END
