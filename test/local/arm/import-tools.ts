import type { ImportImageParameters } from '@azure/arm-containerregistry';
import type { LocalRegistry } from '../../../local/contracts.ts';
import { type Image, makeImage, pushImage } from '../registry-images.ts';
import { type ArmFixture, scope } from './fixture.ts';

/** What suites about imports do again and again, on the fixture that `get` gives by then. */
export function importTools(get: () => ArmFixture) {
  const begin = (parameters: ImportImageParameters, registry = 'contosodev') =>
    get().client.registries.beginImportImage(scope.resourceGroup, registry, parameters, { updateIntervalInMs: 10 });
  return {
    begin,
    async run(parameters: ImportImageParameters, registry = 'contosodev'): Promise<void> {
      await (await begin(parameters, registry)).pollUntilDone();
    },
    /** An image of one layer in the buffer, by tag 1. */
    async pushed(repository: string): Promise<Image> {
      const image = makeImage();
      await pushImage(get().content(get().base, repository), image, '1');
      return image;
    },
    fromBase: (sourceImage: string) => ({ resourceId: get().base.resourceId, sourceImage }),
    /** Undefined where there is no such manifest. */
    digestOf(registry: LocalRegistry, repository: string, reference: string): Promise<string | undefined> {
      return get()
        .content(registry, repository)
        .getManifest(reference)
        .then(
          ({ digest }) => digest,
          (error: { statusCode?: number }) => {
            if (error.statusCode === 404) return undefined;
            throw error;
          },
        );
    },
  };
}
