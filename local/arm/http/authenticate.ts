import type { AzureScope, TokenAuthority } from '../../contracts.ts';
import { armError } from './errors.ts';

/** Both names of the ARM audience; tokens for any other one are refused. */
const audiences = ['https://management.azure.com', 'https://management.core.windows.net'];

/** The caller's principal id, or the 401 that Azure answers. */
export function authenticate(
  tokens: TokenAuthority,
  scope: AzureScope,
  extraAudiences: readonly string[],
  authorization: string | undefined,
): string {
  const caller = tokens.verify(authorization, [...audiences, ...extraAudiences]);
  if (caller) return caller.principalId;
  const challenge = (error: string, description: string) => ({
    'www-authenticate': `Bearer authorization_uri="https://login.microsoftonline.com/${scope.tenant}", error="${error}", error_description="${description}"`,
  });
  if (authorization === undefined) {
    throw armError(
      401,
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is missing.",
      challenge('invalid_token', "The authentication failed because of missing 'Authorization' header."),
    );
  }
  if (!/^bearer\s+\S/i.test(authorization)) {
    throw armError(
      401,
      'AuthenticationFailedInvalidHeader',
      "Authentication failed. The 'Authorization' header is provided in an invalid format.",
      challenge('invalid_request', "The 'Authorization' header is provided in an invalid format."),
    );
  }
  throw armError(
    401,
    'InvalidAuthenticationToken',
    'The access token is invalid, has expired, or was issued for another audience.',
    challenge('invalid_token', 'The access token is invalid.'),
  );
}
