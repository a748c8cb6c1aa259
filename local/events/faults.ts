import * as z from 'zod';
import type { Clock } from './clock.ts';
import type { RegistryEvent } from './event.ts';

/** Which deliveries a fault hits. What is absent matches all. */
const match = z.object({
  subscription: z.string().optional(),
  type: z.enum(['ImagePushed', 'ImageDeleted']).optional(),
  registry: z.string().optional(),
  repository: z.string().optional(),
  tag: z.string().optional(),
});

const common = {
  match: match.default({}),
  /** How many deliveries it hits before it is used up; absent: until it is removed. */
  times: z.number().int().min(1).optional(),
};

export const faultSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('drop'), ...common }),
  /** `copies` more of the same event, with the same id. */
  z.object({ kind: z.literal('duplicate'), copies: z.number().int().min(1).max(100).default(1), ...common }),
  z.object({ kind: z.literal('delay'), milliseconds: z.number().min(0).max(86_400_000), ...common }),
  /** Holds back until `window` events are there, or `milliseconds` have passed, then lets them go, the last one first. */
  z.object({
    kind: z.literal('reorder'),
    window: z.number().int().min(2).max(1000).default(2),
    milliseconds: z.number().min(1).max(3_600_000).default(5000),
    ...common,
  }),
]);

export type FaultOptions = z.input<typeof faultSchema>;
type FaultRule = z.output<typeof faultSchema>;

export type Fault = FaultRule & {
  readonly id: string;
  /** Deliveries hit so far. */
  readonly hits: number;
};

/** In this process a fault can also ask for a test of its own. */
export type Predicate = (event: RegistryEvent, subscription: string) => boolean;

interface Entry {
  readonly id: string;
  readonly rule: FaultRule;
  readonly predicate: Predicate | undefined;
  hits: number;
  held: (() => void)[];
  cancel: (() => void) | undefined;
}

function matches({ rule, predicate }: Entry, event: RegistryEvent, subscription: string): boolean {
  const { match: wanted } = rule;
  const { repository, tag } = event.data.target;
  const pairs: readonly (readonly [string | undefined, string | undefined])[] = [
    [wanted.subscription, subscription],
    [wanted.type, event.type.replace('Microsoft.ContainerRegistry.', '')],
    [wanted.registry, event.registry],
    [wanted.repository, repository],
    [wanted.tag, tag],
  ];
  if (pairs.some(([want, is]) => want !== undefined && want !== is)) return false;
  return predicate?.(event, subscription) ?? true;
}

export interface Faults {
  add(options: FaultOptions, predicate?: Predicate): Fault;
  list(): readonly Fault[];
  /** False: there is none of that id. What it held back is let go. */
  remove(id: string): boolean;
  clear(): void;
  /** Lets `deliver` be called as the first fault that matches says: never, more than once, later, in another order. */
  apply(event: RegistryEvent, subscription: string, deliver: () => void): 'dropped' | 'passed';
}

export function createFaults(clock: Clock, newId: () => string): Faults {
  const entries = new Map<string, Entry>();

  const letGo = (entry: Entry): void => {
    entry.cancel?.();
    entry.cancel = undefined;
    const held = entry.held.reverse();
    entry.held = [];
    for (const deliver of held) deliver();
  };

  const hold = (entry: Entry, window: number, milliseconds: number, deliver: () => void): void => {
    entry.held.push(deliver);
    if (entry.held.length >= window) letGo(entry);
    else entry.cancel ??= clock.after(milliseconds, () => letGo(entry));
  };

  const hit = (entry: Entry, deliver: () => void): void => {
    const { rule } = entry;
    switch (rule.kind) {
      case 'drop':
        return;
      case 'duplicate':
        for (let copy = 0; copy <= rule.copies; copy++) deliver();
        return;
      case 'delay':
        clock.after(rule.milliseconds, deliver);
        return;
      case 'reorder':
        hold(entry, rule.window, rule.milliseconds, deliver);
    }
  };

  const describe = ({ id, rule, hits }: Entry): Fault => ({ ...rule, id, hits });
  const isUsedUp = ({ rule, hits }: Entry): boolean => rule.times !== undefined && hits >= rule.times;

  return {
    add: (options, predicate) => {
      const entry: Entry = {
        id: newId(),
        rule: faultSchema.parse(options),
        predicate,
        hits: 0,
        held: [],
        cancel: undefined,
      };
      entries.set(entry.id, entry);
      return describe(entry);
    },
    list: () => [...entries.values()].map(describe),
    remove: (id) => {
      const entry = entries.get(id);
      if (!entry) return false;
      entries.delete(id);
      letGo(entry);
      return true;
    },
    clear: () => {
      for (const entry of entries.values()) letGo(entry);
      entries.clear();
    },
    apply: (event, subscription, deliver) => {
      const entry = [...entries.values()].find((one) => !isUsedUp(one) && matches(one, event, subscription));
      if (!entry) {
        deliver();
        return 'passed';
      }
      entry.hits++;
      hit(entry, deliver);
      return entry.rule.kind === 'drop' ? 'dropped' : 'passed';
    },
  };
}
