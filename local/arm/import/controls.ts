import type { ImportFailure } from './failures.ts';

/** What a rule can choose by. */
export interface ImportView {
  /** Name of the registry that is imported into. */
  readonly registry: string;
  readonly sourceImage: string;
  /** `repository:tag`. */
  readonly targets: readonly string[];
}

/**
 * How imports behave that differ from the usual. What the poll reports and what happens to the registry are
 * separate, because on Azure they have been seen to differ.
 */
export interface ImportRule {
  /** Absent: every import. */
  readonly matches?: (view: ImportView) => boolean;
  /** The rule is used up after so many imports; absent: never. */
  readonly times?: number;
  /** The least time, in milliseconds, before a poll tells the end. Default 0. */
  readonly durationMs?: number;
  /** What polls say: the truth, nothing until `release`, or a failure. Default `truth`. */
  readonly reports?: 'truth' | 'hang' | ImportFailure;
  /**
   * When the image is copied: at once, never, or so many milliseconds later. Default `now` for a report of the
   * truth, else `never`. The truth about an image that lands later is told when it has landed.
   */
  readonly lands?: 'now' | 'never' | { readonly afterMs: number };
}

export interface ImportControls {
  /** Whether pushes that are an effect of an import raise events. Nobody knows what Azure does. */
  raiseEvents: boolean;
  /** Whether they start tasks with a base-image trigger. Nobody knows what Azure does. */
  fireTriggers: boolean;
  /** Rules are asked newest first; the returned function takes this one back. */
  addRule(rule: ImportRule): () => void;
  /**
   * Callers may not read this registry: importing from it by `resourceId` is refused by the request itself (403)
   * or at the poll. The returned function allows it again.
   */
  denyLinkedScope(registry: string, at?: 'request' | 'poll'): () => void;
  /** Imports that hang tell from now on what became of them. The answer is how many. */
  release(): number;
  /** Takes every rule and denial back. */
  clear(): void;
}

/** What the import operations read of the controls. */
export interface ImportDecisions {
  take(view: ImportView): ImportRule;
  linkedScopeDeniedAt(registry: string): 'request' | 'poll' | undefined;
  /** Resolves when hanging imports are released, or `signal` is aborted. */
  released(signal: AbortSignal): Promise<void>;
}

export function createImportControls(): ImportControls & ImportDecisions {
  const rules = new Map<ImportRule, number>();
  const denied = new Map<string, 'request' | 'poll'>();
  const hanging = new Set<() => void>();
  return {
    raiseEvents: true,
    fireTriggers: true,
    addRule(rule) {
      const own = { ...rule };
      rules.set(own, rule.times ?? Number.POSITIVE_INFINITY);
      return () => void rules.delete(own);
    },
    denyLinkedScope(registry, at = 'poll') {
      denied.set(registry.toLowerCase(), at);
      return () => void denied.delete(registry.toLowerCase());
    },
    release() {
      const count = hanging.size;
      for (const resume of hanging) resume();
      hanging.clear();
      return count;
    },
    released: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        hanging.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    clear() {
      rules.clear();
      denied.clear();
    },
    take(view) {
      for (const [rule, left] of [...rules].reverse()) {
        if (rule.matches && !rule.matches(view)) continue;
        if (left > 1) rules.set(rule, left - 1);
        else rules.delete(rule);
        return rule;
      }
      return {};
    },
    linkedScopeDeniedAt: (registry) => denied.get(registry.toLowerCase()),
  };
}
