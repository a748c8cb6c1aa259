#!/usr/bin/env bash
# Makes the app registration that people sign in with, and turns sign-in on for the next `azd provision`.
# Templates cannot do this: an app registration is in Entra, not in a subscription.
#
#   scripts/infra-sign-in.sh            in the azd environment that is selected
set -euo pipefail

NAME="sluice-$(azd env get-value AZURE_ENV_NAME)"
readonly NAME
# The ids are fixed, so that running this again changes nothing.
readonly READER='6f1d2d5e-4f0b-4a53-8f0c-5a7f4f1f7a01'
readonly OPERATOR='6f1d2d5e-4f0b-4a53-8f0c-5a7f4f1f7a02'
readonly SCOPE='6f1d2d5e-4f0b-4a53-8f0c-5a7f4f1f7a03'
# The Azure CLI itself, so that `az account get-access-token` works without anybody's consent.
readonly AZURE_CLI='04b07795-8ddb-461a-bbee-02f9e1bf7b46'

graph="$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)"
graph="${graph%/}/v1.0/applications"

client="$(az ad app list --filter "displayName eq '$NAME'" --query '[0].appId' --output tsv)"
if [[ -z "$client" ]]; then
  client="$(az ad app create --display-name "$NAME" --sign-in-audience AzureADMyOrg --query appId --output tsv)"
fi

# Graph takes a pre-authorised client only for a scope that is there already: two requests.
patch() { az rest --method patch --uri "$graph(appId='$client')" --body "$1" --output none; }
role() {
  printf '{"id":"%s","value":"%s","displayName":"%s","description":"%s","isEnabled":true,"allowedMemberTypes":["User","Application"]}' "$@"
}
scope="$(printf '{"id":"%s","value":"access","type":"User","isEnabled":true,"adminConsentDisplayName":"Use Sluice","adminConsentDescription":"Use Sluice with the roles that one has."}' "$SCOPE")"
patch "$(printf '{"identifierUris":["api://%s"],"appRoles":[%s,%s],"api":{"requestedAccessTokenVersion":2,"oauth2PermissionScopes":[%s]}}' \
  "$client" \
  "$(role "$READER" Sluice.Reader 'Sluice reader' 'Reads runs, images and health.')" \
  "$(role "$OPERATOR" Sluice.Operator 'Sluice operator' 'Gives commands: hold, resume, approve, roll back and others.')" \
  "$scope")"
patch "$(printf '{"api":{"preAuthorizedApplications":[{"appId":"%s","delegatedPermissionIds":["%s"]}]}}' "$AZURE_CLI" "$SCOPE")"

# Only those who were given a role get a token at all.
principal="$(az ad sp list --filter "appId eq '$client'" --query '[0].id' --output tsv)"
[[ -n "$principal" ]] || principal="$(az ad sp create --id "$client" --query id --output tsv)"
az ad sp update --id "$principal" --set appRoleAssignmentRequired=true

azd env set SLUICE_AUTH_CLIENT_ID "$client"
cat <<END
$NAME is $client. Turn sign-in on with:  azd provision
Give roles in the portal: Enterprise applications, $NAME, Users and groups. Then a token is:
  az account get-access-token --scope api://$client/.default --query accessToken --output tsv
END
