import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Closeable, RegistryNotification } from '../contracts.ts';
import { listen } from '../listen.ts';
import type { TagRecord } from './store.ts';

type Listener = (notification: RegistryNotification) => void;
type ReadTag = (repository: string, tag: string) => Promise<TagRecord | undefined>;

export interface Notifications extends Closeable {
  /** Where the real registry posts. */
  readonly url: string;
  onNotification(listener: Listener): void;
  asImport<T>(target: { repository: string; digests: ReadonlySet<string> }, work: () => Promise<T>): Promise<T>;
}

const envelope = z.object({
  events: z.array(
    z.object({
      id: z.string(),
      timestamp: z.string(),
      action: z.string(),
      target: z.object({
        mediaType: z.string().optional(),
        size: z.number().optional(),
        digest: z.string().optional(),
        length: z.number().optional(),
        repository: z.string(),
        tag: z.string().optional(),
      }),
      request: z
        .object({
          id: z.string(),
          host: z.string().optional(),
          method: z.string().optional(),
          useragent: z.string().optional(),
        })
        .optional(),
    }),
  ),
});
type Event = z.infer<typeof envelope>['events'][number];

/** A notification follows its push within milliseconds, or half a second later when the hook was busy. */
const importGrace = 5000;

/** A push whose tag is gone again by now is told all the same, after this. */
const writeGrace = 1000;

/** Receives the real registry's webhook. It is answered at once: the registry delivers one at a time. */
export async function startNotifications(registry: string, readTag: ReadTag): Promise<Notifications> {
  const listeners: Listener[] = [];
  let told = Promise.resolve();
  const imports = new Set<{ repository: string; digests: ReadonlySet<string> }>();
  const listening = await listen(
    (request, response) => {
      void read(request).then((events) => {
        response.writeHead(events ? 200 : 400).end();
        for (const event of events ?? []) receive(event);
      });
    },
    { part: `the event hook of registry ${registry}` },
  );

  function receive(event: Event): void {
    if (event.action !== 'push' && event.action !== 'delete') return;
    const notification = toNotification(registry, event, byImport(event));
    told = told.then(async () => {
      if (event.action === 'push') await written(notification);
      for (const listener of listeners) listener(notification);
    });
  }

  /**
   * The real registry tells of a push before it writes the tag's link, so a listener who looked at once would see what
   * was there before. ACR's events tell of what is so.
   */
  async function written({ target: { repository, tag, digest }, timestamp }: RegistryNotification): Promise<void> {
    if (tag === undefined) return;
    const pushed = BigInt(Date.parse(timestamp)) * 1_000_000n;
    const end = performance.now() + writeGrace;
    while (performance.now() < end) {
      const record = await readTag(repository, tag);
      // Another digest that was written since is a later push.
      if (record && (record.digest === digest || record.updated > pushed)) return;
      await delay(1);
    }
  }

  /** Whoever pushes through the front door names the login server; only an import goes to the real registry itself. */
  function byImport({ request, target }: Event): boolean {
    if (!request?.host?.startsWith('127.0.0.1:')) return false;
    return [...imports].some(
      (entry) => entry.repository === target.repository && entry.digests.has(target.digest ?? ''),
    );
  }

  return {
    url: `http://127.0.0.1:${listening.port}/hook`,
    onNotification: (listener) => {
      listeners.push(listener);
    },
    asImport: async (target, work) => {
      imports.add(target);
      try {
        return await work();
      } finally {
        setTimeout(() => imports.delete(target), importGrace).unref();
      }
    },
    close: listening.close,
  };
}

async function read(request: IncomingMessage): Promise<Event[] | undefined> {
  try {
    return envelope.parse(JSON.parse(await text(request))).events;
  } catch {
    return undefined;
  }
}

function toNotification(registry: string, event: Event, byImport: boolean): RegistryNotification {
  const { id, timestamp, action, target, request } = event;
  return {
    registry,
    id,
    timestamp,
    action: action as 'push' | 'delete',
    target: {
      repository: target.repository,
      ...defined('mediaType', target.mediaType || undefined),
      ...defined('size', target.size),
      ...defined('digest', target.digest),
      ...defined('length', target.length),
      ...defined('tag', target.tag),
    },
    ...(request
      ? {
          request: {
            id: request.id,
            ...defined('host', request.host),
            ...defined('method', request.method),
            ...defined('useragent', request.useragent),
          },
        }
      : {}),
    byImport,
  };
}

/** A member that is there or absent, never undefined: these objects go out as JSON and are compared. */
function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
