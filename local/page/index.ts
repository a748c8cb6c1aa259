import type { Closeable } from '../contracts.ts';
import type { LocalAzure } from '../index.ts';
import { listen } from '../listen.ts';

/** The front page: a developer's window on everything local. */
export interface LocalPage extends Closeable {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
}

export async function startPage(azure: LocalAzure, port: number): Promise<LocalPage> {
  const listening = await listen(
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(JSON.stringify(azure.summary()));
    },
    { part: 'the front page', port },
  );
  return { endpoint: `http://127.0.0.1:${listening.port}`, close: listening.close };
}
