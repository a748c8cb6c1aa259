import type { IncomingMessage } from 'node:http';
import { armError, invalidContent } from './errors.ts';

/** ARM takes requests of up to 4 MB. */
const maximumBytes = 4 * 1024 * 1024;

/** The JSON of a request's body; undefined where there is none. */
export async function readBody(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidContent(error instanceof Error ? error.message : String(error));
  }
}

function tooLarge() {
  return armError(
    413,
    'RequestContentTooLarge',
    `The request content size exceeds the maximum size of '${maximumBytes}' bytes.`,
    { connection: 'close' },
  );
}
