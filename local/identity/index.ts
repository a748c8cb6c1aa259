import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AzureScope, Closeable, TokenAuthority } from '../contracts.ts';
import { listen } from '../listen.ts';
import { createTokenIssuer, type Principal, type TokenIssuer } from './tokens.ts';

export interface LocalIdentity extends Closeable {
  /** The value of IDENTITY_ENDPOINT. Plain HTTP on the loopback address, as on App Service. */
  readonly endpoint: string;
  /** The value of IDENTITY_HEADER. */
  readonly header: string;
  readonly principal: Principal;
  readonly authority: TokenAuthority;
  /** A token without the detour over HTTP, for tests that need one for a certain audience. */
  issue(resource: string): Promise<string>;
}

export interface IdentityOptions {
  readonly scope: AzureScope;
  readonly port?: number;
  readonly now?: () => Date;
}

/** The identity that everything local runs as; ids are fixed so that settings can name it. */
export const localPrincipal: Principal = {
  principalId: '5b0c1f5e-0d2b-4a57-9c1e-6f6f1d1c0a01',
  clientId: '5b0c1f5e-0d2b-4a57-9c1e-6f6f1d1c0a02',
};

/** Serves App Service's managed identity endpoint, api-version 2019-08-01. */
export async function startIdentity(options: IdentityOptions): Promise<LocalIdentity> {
  const issuer = createTokenIssuer(options.scope, options.now);
  const header = randomUUID();
  const listening = await listen((request, response) => void answer(request, response, issuer, header), {
    part: 'identity',
    port: options.port ?? 0,
  });
  return {
    endpoint: `http://127.0.0.1:${listening.port}/msi/token`,
    header,
    principal: localPrincipal,
    authority: issuer,
    issue: async (resource) => (await issuer.issue(localPrincipal, resource)).token,
    close: listening.close,
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, issuer: TokenIssuer, header: string) {
  request.resume();
  const [path = '', query = ''] = (request.url ?? '/').split('?');
  if (path !== '/msi/token') return refuse(response, 404, `There is nothing at ${path}.`);
  if (request.method !== 'GET') return refuse(response, 405, `${request.method} is not supported; use GET.`);
  if (request.headers['x-identity-header'] !== header) {
    return refuse(
      response,
      401,
      'The X-IDENTITY-HEADER header is missing or wrong; send the value of IDENTITY_HEADER.',
    );
  }
  const parameters = new URLSearchParams(query);
  if (parameters.get('api-version') !== '2019-08-01') {
    return refuse(response, 400, 'The api-version is not supported; use 2019-08-01.');
  }
  const resource = parameters.get('resource');
  if (!resource) return refuse(response, 400, 'The resource parameter is missing; name the audience of the token.');
  if (!namesPrincipal(parameters)) {
    return refuse(response, 400, 'No managed identity found for the client_id, principal_id or mi_res_id given.');
  }
  const { token, expiresOn } = await issuer.issue(localPrincipal, resource);
  send(response, 200, {
    access_token: token,
    expires_on: String(expiresOn),
    resource,
    token_type: 'Bearer',
    client_id: localPrincipal.clientId,
  });
}

/** None named is the system-assigned one, which here is the same. */
function namesPrincipal(parameters: URLSearchParams): boolean {
  const clientId = parameters.get('client_id');
  const principalId = parameters.get('principal_id') ?? parameters.get('object_id');
  const knownClient = clientId === null || clientId === localPrincipal.clientId;
  const knownPrincipal = principalId === null || principalId === localPrincipal.principalId;
  return knownClient && knownPrincipal && !parameters.has('mi_res_id');
}

function refuse(response: ServerResponse, statusCode: number, message: string): void {
  send(response, statusCode, { statusCode, message, correlationId: randomUUID() });
}

function send(response: ServerResponse, statusCode: number, body: unknown): void {
  response.writeHead(statusCode, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
