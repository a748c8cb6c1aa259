// Subscribes the function onRegistryPush to registries, after its code is deployed: `npm run infra:events`.
import { fileURLToPath } from 'node:url';
import { az, required, run } from './infra/az.ts';

const at = (path: string) => fileURLToPath(new URL(`../infra/${path}`, import.meta.url));

run(() => {
  const { length } = JSON.parse(required('SLUICE_EVENT_SOURCES')) as unknown[];
  az([
    ...['deployment', 'sub', 'create', '--only-show-errors', '--output', 'none'],
    ...['--name', `sluice-events-${required('SLUICE_APP_NAME')}`, '--location', required('AZURE_LOCATION')],
    ...['--parameters', at('events.bicepparam')],
    ...(process.env.AZURE_SUBSCRIPTION_ID ? ['--subscription', process.env.AZURE_SUBSCRIPTION_ID] : []),
  ]);
  console.log(
    `Pushes to ${length} ${length === 1 ? 'registry' : 'registries'} now reach ${required('SLUICE_APP_NAME')}.`,
  );
});
