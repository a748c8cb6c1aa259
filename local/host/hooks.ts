import type { CoreState, HookName } from './core-api.ts';

/** Runs the hooks of one kind, one after the other, in the order of their registration. */
export async function executeHooks(core: CoreState, name: HookName, context: object): Promise<void> {
  for (const callback of core.hooks[name]) await callback(context);
}
