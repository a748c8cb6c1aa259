import type { Catalog, Registry } from '../../src/lib/catalog/model.ts';
import { parseRepository } from '../../src/lib/image/names.ts';
import { parseTagPattern } from '../../src/lib/image/tag-pattern.ts';
import type { CatalogChange, Temper } from './scenario.ts';

/** The catalog as it is after these changes. */
export function catalogOf(temper: Temper, changes: readonly CatalogChange[] = []): Catalog {
  const registry = (name: string): Registry => ({
    name,
    loginServer: `${name}.local`,
    resourceId: `/registries/${name}`,
    subscription: '',
    resourceGroup: '',
    kick: temper.kick,
  });
  const buffer = registry('buffer');
  const dev = registry('dev');
  const check = changes.includes('other-validation') ? 'check-more' : 'check';
  return {
    buffer,
    registries: changes.includes('drop-registry') ? [buffer] : [buffer, dev],
    tools: { dockerCli: 'tools/docker-cli:1' },
    images: [
      {
        name: 'node',
        upstream: { kind: 'oci', host: 'docker.io', repository: parseRepository('library/node') },
        tags: (changes.includes('drop-tag') ? ['1'] : ['1', '2*']).map((tag) => parseTagPattern(tag)),
        staging: parseRepository('staging/node'),
        target: parseRepository('base-images/node'),
        validate: [{ kind: 'task', task: check, timeoutSeconds: 600 }],
        gate: { soak: temper.soak, approval: temper.approval },
        dependents: { discover: true, tasks: [{ registry: dev, task: 'named1' }], maxParallel: 2, failureBudget: 1 },
      },
    ],
  };
}
