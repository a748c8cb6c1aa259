import { randomBytes, randomUUID } from 'node:crypto';
import type { CoreState, RegisteredFunction } from './core-api.ts';
import type {
  CoreInvocationContext,
  Invocation,
  InvocationRequest,
  InvocationResponse,
  InvocationResult,
  LogCategory,
  LogLevel,
  RetryContext,
  TypedData,
} from './core-types.ts';
import { executeHooks } from './hooks.ts';
import type { Log } from './logger.ts';

/** Writes the outputs of a call that succeeded; a failure here fails the call. */
export type WriteOutputs = (response: InvocationResponse) => Promise<void>;

export interface Call {
  readonly registered: RegisteredFunction;
  readonly trigger: string;
  readonly invocation: Invocation;
  readonly retry?: RetryContext;
  readonly writeOutputs: WriteOutputs;
}

export interface Invoker {
  invoke(call: Call): Promise<InvocationResult>;
  /** Resolves when the calls that run now have ended. */
  drained(): Promise<void>;
}

export interface InvokerOptions {
  readonly core: CoreState;
  readonly log: Log;
  /** Milliseconds a call may take; undefined is no limit. */
  readonly timeout: number | undefined;
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

export function createInvoker(options: InvokerOptions): Invoker {
  const running = new Set<Promise<unknown>>();
  return {
    invoke: (call) => {
      const result = invokeLogged(options, call);
      running.add(result);
      void result.finally(() => running.delete(result));
      return result;
    },
    drained: async () => {
      await Promise.allSettled(running);
    },
  };
}

async function invokeLogged(options: InvokerOptions, call: Call): Promise<InvocationResult> {
  const { name } = call.registered.metadata;
  const invocationId = randomUUID();
  const category = `Function.${name}`;
  const started = performance.now();
  options.log(
    category,
    'information',
    `Executing 'Functions.${name}' (Reason='${call.invocation.reason}', Id=${invocationId})`,
  );
  const end = (outcome: string, level: LogLevel) => {
    const duration = Math.round(performance.now() - started);
    options.log(
      category,
      level,
      `Executed 'Functions.${name}' (${outcome}, Id=${invocationId}, Duration=${duration}ms)`,
    );
  };
  try {
    const response = await withTimeout(options.timeout, name, invocationId, run(options, call, invocationId));
    await call.writeOutputs(response);
    end('Succeeded', 'information');
    return { ok: true, returned: response.returnValue ?? undefined };
  } catch (thrown) {
    const error = asError(thrown);
    end('Failed', 'error');
    options.log(
      category,
      'error',
      `Exception while executing function: Functions.${name}. ${error.stack ?? error.message}`,
    );
    return { ok: false, error };
  }
}

async function withTimeout<T>(limit: number | undefined, name: string, id: string, work: Promise<T>): Promise<T> {
  if (limit === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const message = `Timeout value of ${limit / 1000} s (functionTimeout in host.json) exceeded by function 'Functions.${name}' (Id: '${id}').`;
    timer = setTimeout(() => reject(new Error(message)), Math.min(limit, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function createContext(options: InvokerOptions, call: Call, invocationId: string): CoreInvocationContext {
  const { metadata } = call.registered;
  const request: InvocationRequest = {
    invocationId,
    inputData: [{ name: call.trigger, data: call.invocation.data }],
    triggerMetadata: call.invocation.metadata,
    traceContext: { traceParent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00` },
    ...(call.retry ? { retryContext: call.retry } : {}),
  };
  return {
    invocationId,
    request,
    metadata,
    log: (level: LogLevel, category: LogCategory, message: string) =>
      options.log(category === 'user' ? `Function.${metadata.name}.User` : `Function.${metadata.name}`, level, message),
  };
}

/** The Node worker's order: arguments, preInvocation, the function, postInvocation (also after a throw), response. */
async function run(options: InvokerOptions, call: Call, invocationId: string): Promise<InvocationResponse> {
  const { core } = options;
  const coreContext = createContext(options, call, invocationId);
  if (!core.model) throw new Error('The app has set no programming model.');
  const model = await core.model.getInvocationModel(coreContext);
  const { context, inputs } = await model.getArguments();
  const hookData = {};

  const before = { hookData, invocationContext: context, functionCallback: call.registered.callback, inputs };
  coreContext.state = 'preInvocationHooks';
  await executeHooks(core, 'preInvocation', before);

  const after: { error: unknown; result: unknown; [other: string]: unknown } = {
    hookData,
    invocationContext: context,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  coreContext.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (error) {
    after.error = error ?? new Error('The function threw nothing.');
  }
  coreContext.state = 'postInvocationHooks';
  await executeHooks(core, 'postInvocation', after);
  coreContext.state = undefined;

  if (after.error !== null && after.error !== undefined) throw after.error;
  return model.getResponse(context, after.result);
}

/** What an output binding was given, as text; undefined where the function set nothing. */
export function typedDataText(data: TypedData | null | undefined): string | undefined {
  if (!data) return undefined;
  if (data.bytes) return Buffer.from(data.bytes).toString('utf8');
  const plain = data.string ?? data.json ?? data.int ?? data.double;
  return plain === undefined ? undefined : String(plain);
}
