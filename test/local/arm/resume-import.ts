import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { DefaultAzureCredential } from '@azure/identity';

// A process of its own that knows nothing of an import but what poller.toString() said.
process.once('message', ({ endpoint, subscription, state }: Record<string, string>) => {
  void resume(endpoint ?? '', subscription ?? '', state ?? '');
});

async function resume(endpoint: string, subscription: string, state: string): Promise<void> {
  const client = new ContainerRegistryManagementClient(new DefaultAzureCredential(), subscription, {
    endpoint,
    credentialScopes: 'https://management.azure.com/.default',
  });
  let told = false;
  const poller = await client.registries.beginImportImage('unused', 'unused1', {} as never, {
    resumeFrom: state,
    updateIntervalInMs: 10,
    onResponse: () => {
      if (!told) process.send?.('polling');
      told = true;
    },
  });
  await poller.pollUntilDone();
  process.send?.('done', () => process.disconnect());
}
