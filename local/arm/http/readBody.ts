import type { IncomingMessage } from 'node:http';
import { armError, invalidContent } from './errors.ts';

/** ARM takes requests of up to 4 MB. */
const maximumBytes = 4 * 1024 * 1024;
/** As deep as its JSON reader goes; what walks a body may then do so recursively. */
const maximumDepth = 128;

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
  if (depthOf(text) > maximumDepth) {
    throw invalidContent(`The reader's MaxDepth of ${maximumDepth} has been exceeded`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalidContent(error instanceof Error ? error.message : String(error));
  }
}

/** How deep brackets nest outside strings, in one pass over however long a text. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (inString && character === '\\') at++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth--;
  }
  return deepest;
}

function tooLarge() {
  return armError(
    413,
    'RequestContentTooLarge',
    `The request content size exceeds the maximum size of '${maximumBytes}' bytes.`,
    { connection: 'close' },
  );
}
