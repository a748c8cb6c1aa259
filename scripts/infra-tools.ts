// Puts the trusted image of validations into the buffer, once: `npm run infra:tools`.
// A validation must not need another registry to be up, so that it cannot be pulled from there each time.
import { az, required, run } from './infra/az.ts';

/** Any image with the docker CLI does. Set SLUICE_DOCKER_CLI_SOURCE to take another, or one by digest. */
const defaultSource = 'docker.io/library/docker:28-cli';

run(() => {
  const image = required('SLUICE_DOCKER_CLI_IMAGE');
  const registry = ['--name', required('SLUICE_BUFFER_NAME'), '--subscription', required('SLUICE_BUFFER_SUBSCRIPTION')];
  if (exists(registry, image)) {
    console.log(`${image} is in ${required('SLUICE_BUFFER_NAME')} already.`);
    return;
  }
  const source = process.env.SLUICE_DOCKER_CLI_SOURCE || sourceOf(image);
  const [repository = ''] = image.split(/[@:]/);
  // A digest cannot be given to an image: it comes with the source.
  const target = image.includes('@') ? ['--repository', repository] : ['--image', image];
  az(['acr', 'import', ...registry, '--source', source, ...target, '--only-show-errors']);
  console.log(`Imported ${source} as ${image}. To pin it, put its digest into tools.dockerCli of sluice.yaml.`);
});

function sourceOf(image: string): string {
  const [, digest] = image.split('@');
  return digest === undefined ? defaultSource : `docker.io/library/docker@${digest}`;
}

function exists(registry: readonly string[], image: string): boolean {
  try {
    az(['acr', 'manifest', 'show-metadata', ...registry.slice(2), '--registry', registry[1] ?? '', '--name', image]);
    return true;
  } catch (error) {
    if (/MANIFEST_UNKNOWN|NAME_UNKNOWN|not found|does not exist/i.test(String(error))) return false;
    throw error;
  }
}
