import type { FunctionInError, IndexedFunction } from '../bindings.ts';
import { hostVersion } from '../core-api.ts';
import type { Invocation } from '../core-types.ts';
import { functionKey, type HostKeys, isAllowed } from '../keys.ts';
import { timerInvocation } from '../timer/listener.ts';
import type { Execute } from './functions.ts';
import { json, type Request, type Response } from './server.ts';

export interface AdminOptions {
  readonly id: string;
  readonly functions: readonly IndexedFunction[];
  readonly errors: readonly FunctionInError[];
  readonly disabled: ReadonlySet<string>;
  readonly keys: HostKeys;
  readonly execute: Execute;
  readonly started: Date;
  readonly now: () => Date;
}

const describe = (indexed: IndexedFunction, base: string) => ({
  name: indexed.name,
  language: 'node',
  isDisabled: false,
  href: `${base}/admin/functions/${indexed.name}`,
  invoke_url_template: indexed.trigger.kind === 'http' ? `${base}/${indexed.trigger.route.template}` : null,
  config: {
    name: indexed.name,
    bindings: Object.entries(indexed.registered.metadata.bindings).map(([name, binding]) => ({ ...binding, name })),
  },
});

/** `{"input": "…"}` becomes what the trigger would have given. */
function manualInvocation(indexed: IndexedFunction, input: string): Invocation | undefined {
  const reason = 'This function was programmatically called via the host APIs.';
  switch (indexed.trigger.kind) {
    case 'timer':
      return timerInvocation(undefined, false, reason);
    case 'queue':
      return { reason, data: { string: input }, metadata: { QueueTrigger: { string: input } } };
    case 'eventGrid':
      return { reason, data: { string: input }, metadata: {} };
    case 'http':
      return undefined;
  }
}

function inputOf(body: Buffer): string | undefined {
  if (body.length === 0) return '';
  try {
    const { input } = JSON.parse(body.toString('utf8')) as { input?: unknown };
    if (input === undefined) return '';
    return typeof input === 'string' ? input : JSON.stringify(input);
  } catch {
    return undefined;
  }
}

function functionEndpoint(options: AdminOptions, request: Request, name: string, rest: string | undefined): Response {
  const failed = options.errors.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (failed && rest === 'status') return json(200, { errors: [failed.error] });
  const indexed = options.functions.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!indexed) return { status: 404 };
  if (rest === 'status') return json(200, {});
  if (rest === 'keys') {
    return json(200, { keys: [{ name: 'default', value: functionKey(options.keys, indexed.name) }], links: [] });
  }
  if (rest !== undefined) return { status: 404 };
  if (request.method === 'GET') return json(200, describe(indexed, request.url.origin));
  if (request.method !== 'POST') return { status: 405 };
  const input = inputOf(request.body);
  const invocation = input === undefined ? undefined : manualInvocation(indexed, input);
  if (!invocation) return { status: 400 };
  void options.execute(indexed, invocation);
  return { status: 202 };
}

/** `/admin/…`: everything but `/admin/host/ping` takes the master key. */
export function createAdminRoutes(options: AdminOptions) {
  const { keys } = options;
  const status = () => ({
    id: options.id,
    state: 'Running',
    version: hostVersion,
    versionDetails: `${hostVersion} (local)`,
    processUptime: options.now().getTime() - options.started.getTime(),
    ...(options.errors.length > 0
      ? { errors: options.errors.map(({ name, error }) => `The '${name}' function is in error: ${error}`) }
      : {}),
  });
  const fixed: Readonly<Record<string, () => Response>> = {
    '/admin/host/status': () => json(200, status()),
    '/admin/host/keys': () => json(200, { keys: [{ name: 'default', value: keys.host }], links: [] }),
    '/admin/host/systemkeys': () =>
      json(200, { keys: [{ name: 'eventgrid_extension', value: keys.eventGrid }], links: [] }),
  };
  return (request: Request): Response => {
    const path = request.url.pathname.replace(/\/$/, '').toLowerCase();
    if (path === '/admin/host/ping') return { status: 200 };
    if (!isAllowed(keys, 'admin', '', request.key)) return { status: 401 };
    if (path === '/admin/functions') {
      return json(
        200,
        options.functions.map((indexed) => describe(indexed, request.url.origin)),
      );
    }
    const [, name, rest] = /^\/admin\/functions\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (name !== undefined) return functionEndpoint(options, request, name, rest);
    return fixed[path]?.() ?? { status: 404 };
  };
}
