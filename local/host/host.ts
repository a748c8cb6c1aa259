import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import {
  type FunctionInError,
  type IndexedFunction,
  indexFunction,
  type Trigger,
  type TriggerKind,
} from './bindings.ts';
import { type CoreState, createCoreApi, provideCoreApi } from './core-api.ts';
import type { Invocation, InvocationResult, RetryContext } from './core-types.ts';
import { executeHooks } from './hooks.ts';
import { type HostConfig, readHostConfig } from './host-config.ts';
import { HostError } from './host-error.ts';
import { createAdminRoutes } from './http/admin.ts';
import { createEventGridWebhook } from './http/event-grid.ts';
import { createFunctionRoutes, type Execute } from './http/functions.ts';
import { type Request, type Response, startHttpServer } from './http/server.ts';
import { createInvoker } from './invoke.ts';
import type { HostKeys } from './keys.ts';
import { startListeners } from './listeners.ts';
import { loadApp } from './load-app.ts';
import { createLogger, type Log } from './logger.ts';
import { createOutputWriter } from './outputs.ts';
import type { QueueTiming } from './queue/listener.ts';
import { createSettings, readLocalSettings, type Settings } from './settings.ts';
import { retryPolicy, withRetries } from './timer/retry.ts';

export interface RunOptions {
  /** Folder of the app: package.json, host.json, local.settings.json. */
  readonly app: string;
  /** 0 is a free one. */
  readonly port: number;
  readonly keys: HostKeys;
  readonly verbose: boolean;
  readonly timing: QueueTiming;
  readonly environment: NodeJS.ProcessEnv;
  readonly write: (line: string) => void;
  readonly now: () => Date;
  readonly random: () => number;
}

export interface FunctionSummary {
  readonly name: string;
  readonly trigger: TriggerKind;
  /** Where an HTTP function answers. */
  readonly url?: string;
  readonly methods?: readonly string[];
}

export interface RunningHost {
  readonly endpoint: string;
  readonly functions: readonly FunctionSummary[];
  readonly errors: readonly FunctionInError[];
  /** Stops listening, waits up to `milliseconds` for running calls, runs the appTerminate hooks. */
  stop(milliseconds: number): Promise<void>;
}

/** Milliseconds the calls that still run are given at a stop unless the caller says otherwise. */
export const drainTime = 10_000;

/** App settings: local.settings.json below the environment. The app sees the same in `process.env`. */
async function readSettings(options: RunOptions): Promise<Settings> {
  const local = await readLocalSettings(join(options.app, 'local.settings.json'));
  for (const [name, value] of Object.entries(local)) options.environment[name] ??= value;
  return createSettings(options.environment);
}

interface Indexed {
  readonly functions: readonly IndexedFunction[];
  readonly errors: readonly FunctionInError[];
  readonly disabled: ReadonlySet<string>;
}

function indexAll(core: CoreState, config: HostConfig, settings: Settings): Indexed {
  const functions: IndexedFunction[] = [];
  const errors: FunctionInError[] = [];
  const disabled = new Set<string>();
  for (const registered of core.functions.values()) {
    const { name } = registered.metadata;
    if (config.functions && !config.functions.includes(name)) continue;
    if (/^(true|1)$/i.test(settings.get(`AzureWebJobs.${name}.Disabled`) ?? '')) {
      disabled.add(name);
      continue;
    }
    const indexed = indexFunction(registered, settings, config.routePrefix);
    if ('error' in indexed) errors.push(indexed);
    else functions.push(indexed);
  }
  return { functions, errors, disabled };
}

function report(indexed: Indexed, log: Log): void {
  for (const name of indexed.disabled) log('Host.Startup', 'information', `Function '${name}' is disabled.`);
  for (const { name, error } of indexed.errors) {
    log('Host.Startup', 'error', `The '${name}' function is in error: ${error}`);
  }
  for (const { name, retry, trigger } of indexed.functions) {
    if (retry && trigger.kind !== 'timer') {
      log(
        'Host.Startup',
        'warning',
        `The retry policy of '${name}' is ignored: a ${trigger.kind} trigger has retries of its own.`,
      );
    }
  }
  if (indexed.functions.length === 0) {
    log('Host.Startup', 'warning', 'No job functions found. Try making your job classes and methods public.');
  }
}

function createExecute(options: RunOptions, core: CoreState, config: HostConfig, log: Log, stopping: AbortSignal) {
  const invoker = createInvoker({ core, log, timeout: config.functionTimeout });
  const writers = new Map<string, ReturnType<typeof createOutputWriter>>();
  const once = (indexed: IndexedFunction, invocation: Invocation, retry?: RetryContext): Promise<InvocationResult> => {
    const writeOutputs = writers.get(indexed.name) ?? createOutputWriter(indexed, config.queues.messageEncoding);
    writers.set(indexed.name, writeOutputs);
    const { registered, triggerName } = indexed;
    return invoker.invoke({ registered, trigger: triggerName, invocation, writeOutputs, ...(retry ? { retry } : {}) });
  };
  const wait = (milliseconds: number) =>
    new Promise<boolean>((done) => {
      const end = () => {
        clearTimeout(timer);
        done(!stopping.aborted);
      };
      const timer = setTimeout(end, milliseconds);
      stopping.addEventListener('abort', end, { once: true });
    });
  const execute: Execute = (indexed, invocation) => {
    const policy = indexed.trigger.kind === 'timer' ? retryPolicy(indexed.retry) : undefined;
    if (!policy) return once(indexed, invocation);
    return withRetries({ policy, once: (retry) => once(indexed, invocation, retry), wait, random: options.random });
  };
  return { execute, drained: invoker.drained };
}

export function ofKind<K extends TriggerKind>(functions: readonly IndexedFunction[], kind: K) {
  return functions.filter(({ trigger }) => trigger.kind === kind) as IndexedFunction<Extract<Trigger, { kind: K }>>[];
}

const home: Response = {
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>Functions</title><p>Your Functions 4.0 app is up and running.</p>',
};

function createRoutes(options: RunOptions, indexed: Indexed, execute: Execute, id: string) {
  const { keys } = options;
  const { functions } = indexed;
  const admin = createAdminRoutes({ ...indexed, id, keys, execute, started: options.now(), now: options.now });
  const webhook = createEventGridWebhook(ofKind(functions, 'eventGrid'), keys, execute);
  const routes = createFunctionRoutes(ofKind(functions, 'http'), keys, execute);
  return async (request: Request): Promise<Response> => {
    const path = request.url.pathname.toLowerCase();
    if (path.startsWith('/admin/')) return admin(request);
    if (path === '/runtime/webhooks/eventgrid') return webhook(request);
    const response = await routes(request);
    return response.status === 404 && path === '/' ? home : response;
  };
}

async function startApp(options: RunOptions, log: Log): Promise<CoreState> {
  const { state, api } = createCoreApi((level, category, message) => {
    // As in the real host, what the app logs outside a call is dropped.
    if (category === 'system') log('Worker.rpcWorkerProcess', level, message);
  });
  provideCoreApi(api);
  await loadApp(options.app, (message) => log('Worker.rpcWorkerProcess', 'debug', message));
  const capabilities = await state.model?.getCapabilities?.({});
  if (capabilities?.HttpUri)
    throw new HostError('This host does not stream HTTP. Remove app.setup({ enableHttpStream: true }).');
  await executeHooks(state, 'appStart', { hookData: {}, functionAppDirectory: resolve(options.app) });
  state.started = true;
  return state;
}

/** Loads the app and runs its functions until stopped. Only what keeps the whole host from starting throws (HostError). */
export async function runHost(options: RunOptions): Promise<RunningHost> {
  const settings = await readSettings(options);
  const config = await readHostConfig(join(options.app, 'host.json'), settings);
  const log = createLogger({
    levels: config.logLevels,
    verbose: options.verbose,
    write: options.write,
    now: options.now,
  });
  const core = await startApp(options, log);
  const indexed = indexAll(core, config, settings);
  report(indexed, log);

  const stopping = new AbortController();
  const { execute, drained } = createExecute(options, core, config, log, stopping.signal);
  const id =
    settings.get('AzureFunctionsWebHost__hostid') ?? `local-${resolve(options.app).split('/').pop()}`.toLowerCase();
  const server = await startHttpServer(options.port, createRoutes(options, indexed, execute, id), (error) =>
    log('Host.General', 'error', error.stack ?? error.message),
  );
  const listeners = await startListeners({
    ...options,
    functions: indexed.functions,
    config,
    settings,
    id,
    log,
    execute,
  });
  return {
    endpoint: server.endpoint,
    functions: indexed.functions.map((one) => summarize(one, server.endpoint)),
    errors: indexed.errors,
    stop: async (milliseconds) => {
      stopping.abort();
      const stopped = Promise.all([listeners.stop(), server.close(), drained()]);
      if (!(await within(milliseconds, stopped))) log('Host.General', 'warning', 'Stopping although calls still run.');
      await executeHooks(core, 'appTerminate', { hookData: {}, invocationId: randomUUID() });
    },
  };
}

/** Whether `work` ended in time. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => {
    timer = setTimeout(() => done(false), milliseconds);
  });
  const ended = await Promise.race([work.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}

function summarize({ name, trigger }: IndexedFunction, endpoint: string): FunctionSummary {
  if (trigger.kind !== 'http') return { name, trigger: trigger.kind };
  return { name, trigger: trigger.kind, url: `${endpoint}/${trigger.route.template}`, methods: [...trigger.methods] };
}
