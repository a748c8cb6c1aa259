import { app } from '@azure/functions';
import { handlers } from '../lib/lazy-handlers.ts';
import { defaultQueueName } from '../lib/pipeline/queue-name.ts';

/** Takes one run as far as it goes without waiting. */
app.storageQueue('advance', {
  queueName: defaultQueueName,
  connection: 'SluiceState',
  handler: async (entry, context) => (await handlers()).onMessage(entry, context),
});
