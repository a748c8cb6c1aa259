#!/usr/bin/env bash
# Makes the app registration that people sign in with, and turns sign-in on for the next `azd provision`.
# Templates cannot do this: an app registration is in Entra, not in a subscription.
#
#   scripts/infra-sign-in.sh            in the azd environment that is selected
set -euo pipefail

NAME="sluice-$(azd env get-value AZURE_ENV_NAME)"
readonly NAME
roles="$(mktemp)"
trap 'rm -f "$roles"' EXIT

# The ids are fixed, so that running this again changes nothing.
cat >"$roles" <<'END'
[
  {"id": "6f1d2d5e-4f0b-4a53-8f0c-5a7f4f1f7a01", "value": "Sluice.Reader", "displayName": "Sluice reader",
   "description": "Reads runs, images and health.", "allowedMemberTypes": ["User", "Application"], "isEnabled": true},
  {"id": "6f1d2d5e-4f0b-4a53-8f0c-5a7f4f1f7a02", "value": "Sluice.Operator", "displayName": "Sluice operator",
   "description": "Gives commands: hold, resume, approve, roll back and the others.",
   "allowedMemberTypes": ["User", "Application"], "isEnabled": true}
]
END

client="$(az ad app list --filter "displayName eq '$NAME'" --query '[0].appId' --output tsv)"
if [[ -z "$client" ]]; then
  client="$(az ad app create --display-name "$NAME" --sign-in-audience AzureADMyOrg --query appId --output tsv)"
fi
az ad app update --id "$client" --identifier-uris "api://$client" --app-roles "@$roles" --requested-access-token-version 2
# Only those who were given a role get a token at all.
principal="$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)"
[[ -n "$principal" ]] || principal="$(az ad sp create --id "$client" --query id --output tsv)"
az ad sp update --id "$principal" --set appRoleAssignmentRequired=true

azd env set SLUICE_AUTH_CLIENT_ID "$client"
cat <<END
$NAME is $client. Turn sign-in on with:  azd provision
Give roles in the portal: Enterprise applications, $NAME, Users and groups. Then:
  az account get-access-token --scope api://$client/.default
END
