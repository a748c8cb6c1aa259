import { Agent, request } from 'node:https';
import type { CertificateFiles } from '../../local/certificate.ts';
import type { Closeable } from '../../local/contracts.ts';
import { listen } from '../../local/listen.ts';

/** One request as it went over the wire, and its answer. */
export interface Exchange {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  /** Milliseconds of `performance.now()` when the request came. */
  readonly at: number;
  /** Milliseconds until its answer had ended. */
  readonly took: number;
  /** The answer's body, where it is text. */
  readonly text: string;
}

/** Stands before a service, lets everything through, and remembers it. */
export interface Wire extends Closeable {
  /** `https://localhost:PORT`. */
  readonly origin: string;
  readonly exchanges: readonly Exchange[];
  clear(): void;
}

/** What an answer says of where to go next leads through the wire again. */
const addresses = new Set(['location', 'azure-asyncoperation', 'www-authenticate']);
const texts = /json|xml|text|multipart/;

/** `target`: the service's origin, `https://localhost:PORT`. */
export async function openWire(target: string, certificate: CertificateFiles, ca: string): Promise<Wire> {
  const agent = new Agent({ keepAlive: true, ca });
  const exchanges: Exchange[] = [];
  let origin = '';
  const listening = await listen(
    (incoming, outgoing) => {
      const at = performance.now();
      const { method = 'GET', url: path = '/' } = incoming;
      const headers = { ...incoming.headers, host: new URL(target).host };
      const forwarded = request(new URL(path, target), { method, headers, agent }, (answer) => {
        const status = answer.statusCode ?? 0;
        const changed = Object.entries(answer.headersDistinct).map(([name, values = []]) => [
          name,
          addresses.has(name) ? values.map((value) => value.replaceAll(target, origin)) : values,
        ]);
        outgoing.writeHead(status, Object.fromEntries(changed));
        const chunks: Buffer[] = [];
        const isText = texts.test(answer.headers['content-type'] ?? '');
        if (isText) answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const took = performance.now() - at;
          exchanges.push({ method, path, status, at, took, text: Buffer.concat(chunks).toString() });
        });
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
    },
    { certificate, part: `the wire to ${target}` },
  );
  origin = `https://localhost:${listening.port}`;
  return {
    origin,
    exchanges,
    clear: () => void exchanges.splice(0),
    async close() {
      await listening.close();
      agent.destroy();
    },
  };
}
