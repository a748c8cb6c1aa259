import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Authorizer } from './authorize.ts';
import { type Answer, disallowed, refusal } from './errors.ts';
import { answerMetadata, type MetadataContext } from './metadata.ts';
import { exchange, type OauthContext, token } from './oauth.ts';
import type { RegistryProxy } from './proxy.ts';
import { parseRoute, type Route } from './route.ts';

export interface DoorContext {
  readonly authorizer: Authorizer;
  readonly oauth: OauthContext;
  readonly metadata: MetadataContext;
  readonly proxy: RegistryProxy;
}

type Distribution = Extract<Route, { kind: 'distribution' }>;

/** No body but a layer or a manifest, which the real registry reads, is longer. An Entra token has a few kB. */
const largestBody = 256 * 1024;

/** The login server: authentication and ACR's own resources here, everything else to the real registry. */
export function createDoor(context: DoorContext): RequestListener {
  return (request, response) => {
    response.setHeader('x-ms-correlation-request-id', correlation(request));
    serve(context, request, response).catch((cause: unknown) => {
      console.error(`The front door failed on ${request.method} ${request.url}:`, cause);
      if (response.headersSent) response.destroy();
      else send(request, response, refusal(500, 'UNKNOWN', 'the front door failed; its log says why'));
    });
  };
}

async function serve(context: DoorContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const [rawPath = '/', rawQuery = ''] = splitOnce(request.url ?? '/', '?');
  const parsed = parseRoute(method, rawPath);
  if ('refused' in parsed) return send(request, response, parsed.refused);
  const { route } = parsed;
  if (route.kind === 'distribution') return distribution(context, route, request, response, rawQuery);
  if (route.kind === 'metadata') {
    const refused = context.authorizer.refuse(route, request.headers.authorization);
    if (refused) return send(request, response, refused);
  }
  const body = await readBody(request);
  if (body === undefined) return send(request, response, tooLarge);
  const query = new URLSearchParams(rawQuery);
  const { authorization } = request.headers;
  if (route.kind === 'metadata') {
    return send(request, response, await answerMetadata(context.metadata, route, { method, query, body }));
  }
  const answer = route.kind === 'exchange' ? exchange : token;
  return send(request, response, await answer(context.oauth, { method, query, body, authorization }));
}

async function distribution(
  context: DoorContext,
  route: Distribution,
  request: IncomingMessage,
  response: ServerResponse,
  rawQuery: string,
): Promise<void> {
  const refused =
    context.authorizer.refuse(route, request.headers.authorization) ?? refuseLocked(context, route, request.method);
  if (refused) return send(request, response, refused);
  const path = rawQuery === '' ? route.path : `${route.path}?${rawQuery}`;
  const again = request.method === 'GET' || request.method === 'HEAD' ? rewritten(context, route) : undefined;
  if (await context.proxy.forward(request, response, path, again)) {
    await forgetDeleted(context, route, request.method, response.statusCode);
  } else if (!response.destroyed) {
    send(request, response, refusal(502, 'UNAVAILABLE', 'the real registry behind this front door does not answer'));
  }
}

/**
 * The real registry empties a tag's link before it writes it anew, and fails a reader who comes between. On ACR moving
 * a tag is atomic, so that reader's request is sent again once the link is written.
 */
function rewritten({ metadata }: DoorContext, { object, target }: Distribution): (() => Promise<boolean>) | undefined {
  const { repository, tag } = target ?? {};
  if (object !== 'manifests' || repository === undefined || tag === undefined) return undefined;
  // File times step with the kernel's tick.
  let since = BigInt(Date.now() - 20) * 1_000_000n;
  return async () => {
    const record = await metadata.store.tag(repository, tag);
    if (!record || record.updated < since) return false;
    since = record.updated + 1n;
    return true;
  };
}

function refuseLocked(context: DoorContext, route: Distribution, method = 'GET') {
  if (!route.target) return undefined;
  const { attributes } = context.metadata;
  const allows = (what: 'readEnabled' | 'writeEnabled' | 'deleteEnabled') =>
    route.target === undefined || attributes.allows(route.target, what);
  if (method === 'GET' || method === 'HEAD') return allows('readEnabled') ? undefined : disallowed();
  if (!allows('writeEnabled')) return disallowed();
  return method !== 'DELETE' || allows('deleteEnabled') ? undefined : disallowed();
}

async function forgetDeleted(
  context: DoorContext,
  route: Distribution,
  method: string | undefined,
  status: number,
): Promise<void> {
  if (method !== 'DELETE' || status !== 202 || route.object !== 'manifests' || !route.target) return;
  await context.metadata.attributes.forget(route.target);
}

const tooLarge = refusal(413, 'SIZE_INVALID', `the body is longer than ${largestBody} bytes`);

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestBody) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  // A body that nobody reads would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  response.writeHead(answer.status, {
    'docker-distribution-api-version': 'registry/2.0',
    'access-control-expose-headers': 'Docker-Content-Digest, WWW-Authenticate, Link, X-Ms-Correlation-Request-Id',
    'x-content-type-options': 'nosniff',
    ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function correlation(request: IncomingMessage): string {
  const given = request.headers['x-ms-correlation-request-id'] ?? request.headers['x-ms-client-request-id'];
  return typeof given === 'string' ? given : randomUUID();
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
