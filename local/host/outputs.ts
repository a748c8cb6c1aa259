import type { QueueClient } from '@azure/storage-queue';
import type { IndexedFunction, OutputBinding } from './bindings.ts';
import type { InvocationResponse, TypedData } from './core-types.ts';
import { typedDataText, type WriteOutputs } from './invoke.ts';
import { openQueue, sendCreating } from './queue/client.ts';
import { encodeMessage, type MessageEncoding } from './queue/message.ts';

/** An array is one message an element, as in the real host; text that only looks like JSON stays one message. */
function messagesOf(data: TypedData | null | undefined): readonly string[] {
  const text = typedDataText(data);
  if (text === undefined) return [];
  if (data?.json === undefined) return [text];
  const value: unknown = JSON.parse(data.json);
  if (!Array.isArray(value)) return [text];
  return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}

const outputValue = (binding: OutputBinding, response: InvocationResponse): TypedData | null | undefined =>
  binding.name === '$return'
    ? response.returnValue
    : response.outputData?.find((output) => output.name === binding.name)?.data;

/** Writes the queue outputs of a function, all in parallel; the queue is created where it is missing. */
export function createOutputWriter(indexed: IndexedFunction, encoding: MessageEncoding): WriteOutputs {
  const queues = new Map<string, Promise<QueueClient>>();
  const open = (binding: OutputBinding) => {
    const known = queues.get(binding.name) ?? openQueue(binding.queue.connection, binding.queue.queueName);
    queues.set(binding.name, known);
    return known;
  };
  return async (response) => {
    await Promise.all(
      indexed.queueOutputs.flatMap((binding) =>
        messagesOf(outputValue(binding, response)).map(async (text) => {
          try {
            await sendCreating(await open(binding), encodeMessage(text, encoding));
          } catch (error) {
            const reason = `Error while handling parameter ${binding.name} after function returned: ${(error as Error).message}`;
            throw new Error(reason, { cause: error });
          }
        }),
      ),
    );
  };
}
