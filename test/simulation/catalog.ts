import type { Catalog, Registry, Upstream } from '../../src/lib/catalog/model.ts';
import { parseWindow } from '../../src/lib/catalog/window.ts';
import { parseRepository } from '../../src/lib/image/names.ts';
import { parseTagPattern } from '../../src/lib/image/tag-pattern.ts';
import type { CatalogChange } from './scenario.ts';
import type { Temper } from './temper.ts';

/** The world begins on a Monday at eight. */
const pause = parseWindow('Mon-Sun 11:00-09:00 UTC');

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
  const repository = parseRepository('library/node');
  const upstream: Upstream = temper.azureUpstream
    ? { kind: 'acr', registry: registry('public'), repository }
    : { kind: 'oci', host: 'docker.io', repository };
  const check = changes.includes('other-validation') ? 'check-more' : 'check';
  return {
    buffer,
    registries: changes.includes('drop-registry') ? [buffer] : [buffer, dev],
    tools: { dockerCli: 'tools/docker-cli:1' },
    images: [
      {
        name: 'node',
        upstream,
        tags: (changes.includes('drop-tag') ? ['1'] : ['1', '2*']).map((tag) => parseTagPattern(tag)),
        staging: parseRepository('staging/node'),
        target: parseRepository('base-images/node'),
        validate: Array.from({ length: temper.validations }, (_, entry) => ({
          kind: 'task',
          task: `${check}-${entry}`,
          timeoutSeconds: 600,
        })),
        gate: { soak: temper.soak, approval: temper.approval, ...(temper.window && { promoteDuring: pause }) },
        dependents: {
          discover: true,
          tasks: temper.tasks === 'none' ? [] : [{ registry: dev, task: 'named1' }],
          maxParallel: 2,
          failureBudget: 1,
        },
      },
    ],
  };
}
