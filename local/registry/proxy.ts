import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** A connection to the real registry, kept open. */
export interface RegistryProxy {
  /**
   * Streams a request there and its answer back, untouched but for `path`; true when an answer came. A request
   * without a body is sent again as long as `again` says so of an error.
   */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    again?: () => Promise<boolean>,
  ): Promise<boolean>;
  /** A request of the front door's own, without a body. */
  call(method: string, path: string): Promise<number>;
  close(): void;
}

/** Headers that speak of one connection (RFC 9110, 7.6.1) and so are not passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export function createProxy(port: number): RegistryProxy {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  const to = { agent, host: '127.0.0.1', port };

  async function send(request: IncomingMessage, response: ServerResponse, path: string) {
    const onward = httpRequest({ ...to, method: request.method, path, headers: onwardHeaders(request) });
    const answered = new Promise<IncomingMessage | undefined>((resolve) => {
      onward.once('response', resolve);
      onward.once('error', () => resolve(undefined));
    });
    const abandon = () => response.writableFinished || onward.destroy();
    response.once('close', abandon);
    onward.once('close', () => response.off('close', abandon));
    // The registry may refuse an upload before it has read it all; its answer is what counts then.
    if (request.readableEnded) onward.end();
    else pipeline(request, onward).catch(() => undefined);
    return answered;
  }

  return {
    forward: async (request, response, path, again) => {
      let answer = await send(request, response, path);
      while (answer && (answer.statusCode ?? 0) >= 400 && again && (await again())) {
        answer.resume();
        answer = await send(request, response, path);
      }
      if (!answer) return false;
      response.writeHead(answer.statusCode ?? 502, passedOn(answer.rawHeaders));
      await pipeline(answer, response).catch(() => response.destroy());
      return true;
    },
    call: (method, path) =>
      new Promise((resolve, reject) => {
        const onward = httpRequest({ ...to, method, path }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
        });
        onward.once('error', reject).end();
      }),
    close: () => agent.destroy(),
  };
}

/** The real registry does no authentication, so it is not shown anybody's token. */
function onwardHeaders(request: IncomingMessage): string[] {
  const headers = passedOn(request.rawHeaders, 'authorization');
  const length = request.headers['content-length'];
  return length === undefined && request.headers['transfer-encoding']
    ? [...headers, 'transfer-encoding', 'chunked']
    : headers;
}

function passedOn(rawHeaders: readonly string[], ...without: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (!hopByHop.has(name.toLowerCase()) && !without.includes(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
