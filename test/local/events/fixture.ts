import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BlobServiceClient } from '@azure/storage-blob';
import { vi } from 'vitest';
import type { RegistryNotification } from '../../../local/contracts.ts';
import { type EventsOptions, type LocalEvents, startEvents } from '../../../local/events/index.ts';

export const scope = {
  subscription: '00000000-0000-0000-0000-000000000001',
  resourceGroup: 'sluice',
  tenant: '00000000-0000-0000-0000-0000000000aa',
  location: 'westeurope',
};

export const resourceId = (name: string) =>
  `/subscriptions/${scope.subscription}/resourceGroups/sluice/providers/Microsoft.ContainerRegistry/registries/${name}`;

export const until = <T>(condition: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(condition, { timeout: 20_000, interval: 10 });

export const digest = `sha256:${'a'.repeat(64)}`;

let notifications = 0;
export function push(
  repository: string,
  tag: string | undefined,
  more: Partial<RegistryNotification> = {},
): RegistryNotification {
  return {
    registry: 'contosobaseimages',
    id: `notification-${notifications++}`,
    timestamp: '2026-01-02T03:04:05.678Z',
    action: 'push',
    target: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      size: 3023,
      digest,
      length: 3023,
      repository,
      ...(tag === undefined ? {} : { tag }),
    },
    request: { id: 'request', host: 'localhost:5000', method: 'PUT', useragent: 'test' },
    byImport: false,
    ...more,
  };
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Webhook {
  readonly url: string;
  readonly received: Received[];
  /** Deliveries alone, without handshakes, each its events. */
  events(): Record<string, unknown>[];
  subjects(): unknown[];
  /** Statuses to answer deliveries with, one after the other; the last one stays. */
  answers: number[];
  /** False: the handshake is answered 200, but without the code. */
  agrees: boolean;
  /** True: deliveries are read and never answered. */
  hangs: boolean;
  /** As a restart does: the client finds out only when it writes. */
  dropIdleConnections(): void;
  close(): Promise<void>;
}

/** A subscriber, real but for what it is told to answer. */
export async function startWebhook(): Promise<Webhook> {
  const webhook: Webhook = {
    url: '',
    received: [],
    answers: [200],
    agrees: true,
    hangs: false,
    events: () =>
      webhook.received
        .filter(({ headers, method }) => method === 'POST' && headers['aeg-event-type'] === 'Notification')
        .flatMap(({ body }) => JSON.parse(body)),
    subjects: () => webhook.events().map(({ subject }) => subject),
    dropIdleConnections: () => server.closeAllConnections(),
    close: () => new Promise((closed) => server.close(() => closed()).closeAllConnections()),
  };
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    webhook.received.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
    if (request.method === 'OPTIONS') {
      if (webhook.agrees) response.setHeader('webhook-allowed-origin', request.headers['webhook-request-origin'] ?? '');
      response.end();
      return;
    }
    if (request.headers['aeg-event-type'] === 'SubscriptionValidation') {
      const code = JSON.parse(body)[0].data.validationCode;
      response.end(webhook.agrees ? JSON.stringify({ validationResponse: code }) : '');
      return;
    }
    if (webhook.hangs) return;
    response.statusCode = (webhook.answers.length > 1 ? webhook.answers.shift() : webhook.answers[0]) ?? 200;
    response.end();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return Object.assign(webhook, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` });
}

/** Events of two registries that only the test pushes to. Without storage, dead letters cannot be asked for. */
export function startTestEvents(
  options: Partial<EventsOptions> & { connectionString?: string } = {},
): Promise<LocalEvents> {
  const { connectionString, ...rest } = options;
  return startEvents({
    scope,
    registries: ['contosobaseimages', 'contosodev'].map((name) => ({
      name,
      resourceId: resourceId(name),
      onNotification: () => {},
    })),
    blobService: async () => {
      if (connectionString === undefined) throw new Error('this test has no storage');
      return BlobServiceClient.fromConnectionString(connectionString);
    },
    settings: { timeScale: 0.001 },
    ...rest,
  });
}
