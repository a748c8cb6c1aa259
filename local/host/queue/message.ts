import type { DequeuedMessageItem } from '@azure/storage-queue';
import type { Invocation, TypedData } from '../core-types.ts';

export type MessageEncoding = 'base64' | 'none';

/** Base64 or UTF-8 that cannot be decoded is undefined: such a message goes to the poison queue without a call. */
export function decodeMessage(text: string, encoding: MessageEncoding): string | undefined {
  if (encoding === 'none') return text;
  const compact = text.replace(/\s+/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(compact, 'base64'));
  } catch {
    return undefined;
  }
}

export const encodeMessage = (text: string, encoding: MessageEncoding): string =>
  encoding === 'none' ? text : Buffer.from(text, 'utf8').toString('base64');

function topLevelMembers(body: string): Readonly<Record<string, TypedData>> {
  if (!body.trimStart().startsWith('{')) return {};
  try {
    const members = Object.entries(JSON.parse(body) as Record<string, unknown>);
    return Object.fromEntries(
      members.map(([name, value]) => [name, { string: typeof value === 'string' ? value : JSON.stringify(value) }]),
    );
  } catch {
    return {};
  }
}

/** .NET writes a DateTimeOffset with its offset, never with `Z`. */
const dateTimeOffset = (date: Date): TypedData => ({
  json: JSON.stringify(date.toISOString().replace(/\.000Z$|Z$/, '+00:00')),
});

/** What a queue function is called with. The message's own top-level members come first: metadata of the same name wins. */
export function queueInvocation(queueName: string, message: DequeuedMessageItem, body: string): Invocation {
  return {
    reason: `New queue message detected on '${queueName}'.`,
    data: { string: body },
    metadata: {
      ...topLevelMembers(body),
      QueueTrigger: { string: body },
      DequeueCount: { json: String(message.dequeueCount) },
      ExpirationTime: dateTimeOffset(message.expiresOn),
      Id: { string: message.messageId },
      InsertionTime: dateTimeOffset(message.insertedOn),
      NextVisibleTime: dateTimeOffset(message.nextVisibleOn),
      PopReceipt: { string: message.popReceipt },
    },
  };
}
