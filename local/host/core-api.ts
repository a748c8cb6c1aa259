import Module from 'node:module';
import type {
  FunctionCallback,
  FunctionMetadata,
  HookCallback,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './core-types.ts';
import { HostError } from './host-error.ts';

export interface RegisteredFunction {
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
}

const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'] as const;
export type HookName = (typeof hookNames)[number];

/** What the app has told the host through `@azure/functions-core`. */
export interface CoreState {
  readonly functions: Map<string, RegisteredFunction>;
  readonly hooks: Record<HookName, HookCallback[]>;
  model: ProgrammingModel | undefined;
  /** Set once the app is loaded: registering is refused from then on. */
  started: boolean;
}

export type SystemLog = (level: LogLevel, category: LogCategory, message: string) => void;

export const hostVersion = '4.1040.0';
const workerVersion = '3.9.0';

const defaultModel: ProgrammingModel = {
  name: '@azure/functions',
  version: '3.5.0',
  getInvocationModel: () => {
    throw new HostError('The app registered functions without a programming model. Use @azure/functions 4.');
  },
};

class Disposable {
  readonly #dispose: () => void;
  constructor(dispose: () => void) {
    this.#dispose = dispose;
  }
  dispose(): void {
    this.#dispose();
  }
}

function registerHook(state: CoreState, name: string, callback: HookCallback): Disposable {
  const known = hookNames.find((hook) => hook === name);
  if (!known) throw new RangeError(`Unrecognized hook "${name}"`);
  state.hooks[known].push(callback);
  return new Disposable(() => {
    state.hooks[known] = state.hooks[known].filter((other) => other !== callback);
  });
}

function registerFunction(state: CoreState, metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
  if (state.started) throw new HostError('A function can only be registered during app startup.');
  if (state.functions.has(metadata.name)) {
    throw new HostError(`A function with name "${metadata.name}" has already been registered.`);
  }
  state.functions.set(metadata.name, { metadata, callback });
  return new Disposable(() => {
    if (state.started) throw new HostError('A function can only be disposed during app startup.');
    state.functions.delete(metadata.name);
  });
}

/** The module that `require('@azure/functions-core')` answers with. */
export function createCoreApi(log: SystemLog): { readonly state: CoreState; readonly api: object } {
  const state: CoreState = {
    functions: new Map(),
    hooks: { appStart: [], appTerminate: [], preInvocation: [], postInvocation: [], log: [] },
    model: undefined,
    started: false,
  };
  const api = {
    version: workerVersion,
    hostVersion,
    Disposable,
    registerHook: (name: string, callback: HookCallback) => registerHook(state, name, callback),
    setProgrammingModel: (model: ProgrammingModel) => {
      if (state.started) throw new HostError('Programming model can only be set during app startup.');
      state.model = model;
    },
    getProgrammingModel: () => state.model ?? defaultModel,
    registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
      registerFunction(state, metadata, callback),
    log: (level: LogLevel, category: LogCategory, message: string) => log(level, category, message),
  };
  return { state, api };
}

type Load = (request: string, parent: unknown, isMain: boolean) => unknown;

/** Answers `require('@azure/functions-core')` anywhere in this process, as the Node worker does. */
export function provideCoreApi(api: object): void {
  const loader = Module as unknown as { _load: Load };
  const original = loader._load;
  loader._load = function load(this: unknown, request, parent, isMain) {
    return request === '@azure/functions-core' ? api : original.call(this, request, parent, isMain);
  };
}
