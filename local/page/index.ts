import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Closeable } from '../contracts.ts';
import type { LocalAzure } from '../index.ts';
import { listen } from '../listen.ts';
import { eventsPage } from './events.ts';
import { html } from './html.ts';
import { layout, type Page } from './layout.ts';
import { overview } from './overview.ts';
import { registryPage } from './registry.ts';
import { runPage, runsPage } from './runs.ts';

/** The front page: a developer's window on everything local. */
export interface LocalPage extends Closeable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
}

export async function startPage(azure: LocalAzure, port: number, now = () => new Date()): Promise<LocalPage> {
  const style = await readFile(new URL('style.css', import.meta.url));
  const listening = await listen(
    (request, response) => {
      answer(azure, style, request, response, now()).catch((cause: unknown) => {
        console.error(`The front page failed on ${request.url}:`, cause);
        if (!response.headersSent)
          send(response, 500, 'text/plain; charset=utf-8', 'The page failed; the log says why.');
      });
    },
    { part: 'the front page', port },
  );
  return { endpoint: `http://127.0.0.1:${listening.port}`, close: listening.close };
}

async function answer(
  azure: LocalAzure,
  style: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  now: Date,
): Promise<void> {
  request.resume();
  // A foreign site whose name was bound to this address must not read passwords here.
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? '')) {
    return send(response, 403, 'text/plain; charset=utf-8', 'Open this page at 127.0.0.1 or localhost.');
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return send(response, 405, 'text/plain; charset=utf-8', 'There is nothing to change here.');
  }
  const [pathname = '/'] = (request.url ?? '/').split('?');
  if (pathname === '/style.css') return send(response, 200, 'text/css; charset=utf-8', style);
  const page = await find(azure, pathname, now);
  const body = layout(azure, pathname, page ?? nowhere);
  return send(response, page ? 200 : 404, 'text/html; charset=utf-8', body);
}

async function find(azure: LocalAzure, path: string, now: Date): Promise<Page | undefined> {
  if (path === '/') return overview(azure, now);
  if (path === '/runs') return runsPage(azure, now);
  if (path === '/events') return eventsPage(azure, now);
  const [, first, second = '', third, ...more] = path.split('/');
  const registry = azure.registries.get(second);
  if (!registry || more.length > 0) return undefined;
  if (first === 'registries' && third === undefined) return registryPage(azure, registry, now);
  return first === 'runs' && third ? runPage(azure, registry.name, third, now) : undefined;
}

const nowhere: Page = {
  title: 'Not found',
  body: html`<h1>There is nothing here</h1><p>Runs and events are kept as long as the starter runs. <a href="/">Overview</a></p>`,
};

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'self'; img-src data:; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
