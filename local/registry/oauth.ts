import type { TokenAuthority } from '../contracts.ts';
import type { Authorizer } from './authorize.ts';
import { type Answer, methodNotAllowed, refusal } from './errors.ts';
import { isRepository } from './names.ts';
import type { Access } from './route.ts';
import type { RegistryTokens } from './tokens.ts';

export interface OauthContext {
  readonly loginServer: string;
  readonly tokens: RegistryTokens;
  readonly authorizer: Authorizer;
  readonly authority: TokenAuthority;
}

export interface OauthRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  /** The form of a POST, as text. */
  readonly body: string;
  readonly authorization: string | undefined;
}

/** ACR takes tokens for itself and, unless a policy forbids it, for Azure Resource Manager. */
const audiences = [
  'https://containerregistry.azure.net',
  'https://management.azure.com',
  'https://management.core.windows.net',
];

/** POST /oauth2/exchange: an Entra access token for an ACR refresh token. */
export async function exchange(context: OauthContext, request: OauthRequest): Promise<Answer> {
  if (request.method !== 'POST') return methodNotAllowed(request.method);
  const form = new URLSearchParams(request.body);
  const grant = form.get('grant_type');
  if (grant !== 'access_token' && grant !== 'access_token_refresh_token') {
    return unsupportedGrant(grant, 'access_token or access_token_refresh_token');
  }
  if (form.get('service') !== context.loginServer) return wrongService(context, form.get('service'));
  const principal = context.authority.verify(`Bearer ${form.get('access_token') ?? ''}`, audiences);
  if (!principal) {
    return unauthorized(`the access token is invalid, expired, or not made for ${audiences.join(' or ')}`);
  }
  return { status: 200, body: { refresh_token: await context.tokens.refresh(principal.principalId) } };
}

/** GET (the docker way, with Basic credentials) and POST (OAuth 2) /oauth2/token: an access token for scopes. */
export async function token(context: OauthContext, request: OauthRequest): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'POST') return methodNotAllowed(request.method);
  const parameters = request.method === 'GET' ? request.query : new URLSearchParams(request.body);
  if (parameters.get('service') !== context.loginServer) return wrongService(context, parameters.get('service'));
  const principal =
    request.method === 'GET' ? context.authorizer.basicPrincipal(request.authorization) : form(context, parameters);
  if (typeof principal === 'object') return principal;
  if (principal === undefined) return unauthorized('the credentials are missing, wrong or expired');
  const scopes = parameters
    .getAll('scope')
    .flatMap((value) => value.split(' '))
    .filter(Boolean);
  const access: Access[] = [];
  for (const scope of scopes) {
    const parsed = parseScope(scope);
    if (!parsed) return refusal(400, 'BAD_REQUEST', `the scope ${scope} is not of the form type:name:actions`);
    access.push(parsed);
  }
  const body = { access_token: await context.tokens.access(principal, access) };
  // docker and podman ask for something to keep instead of the password.
  const keep = parameters.get('offline_token') === 'true' || parameters.get('access_type') === 'offline';
  return { status: 200, body: keep ? { ...body, refresh_token: await context.tokens.refresh(principal) } : body };
}

function form(context: OauthContext, parameters: URLSearchParams): string | undefined | Answer {
  const grant = parameters.get('grant_type');
  if (grant === 'refresh_token') return context.tokens.readRefresh(parameters.get('refresh_token') ?? '');
  if (grant !== 'password') return unsupportedGrant(grant, 'refresh_token or password');
  return context.authorizer.passwordPrincipal({
    username: parameters.get('username') ?? '',
    password: parameters.get('password') ?? '',
  });
}

/** `repository:NAME:ACTION,ACTION` or `registry:catalog:*`; a name may hold a port's colon in neither. */
function parseScope(scope: string): Access | undefined {
  const [type, name, actions, ...more] = scope.split(':');
  if (!name || !actions || more.length > 0) return undefined;
  if (type === 'registry') return { type, name, actions: actions.split(',') };
  return type === 'repository' && isRepository(name) ? { type, name, actions: actions.split(',') } : undefined;
}

const unauthorized = (why: string) => refusal(401, 'UNAUTHORIZED', `authentication required: ${why}`);

const wrongService = ({ loginServer }: OauthContext, given: string | null) =>
  refusal(400, 'BAD_REQUEST', `the service is ${given ?? 'missing'}; this registry is ${loginServer}`);

const unsupportedGrant = (given: string | null, expected: string) =>
  refusal(400, 'UNSUPPORTED', `the grant_type ${given ?? '(none)'} is not supported here; use ${expected}`);
