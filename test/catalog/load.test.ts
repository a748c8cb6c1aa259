import { describe, expect, it } from 'vitest';
import { catalogOf, head, load, subscription } from './load-text.ts';

const one = `${head}images:\n  node: { upstream: docker.io/library/node, tags: ["20"] }\n`;

function image(yaml: string, surroundings = {}) {
  const [found] = catalogOf(`${head}images:\n  node: ${yaml}\n`, surroundings).images;
  if (found === undefined) throw new Error('The catalog has no image.');
  return found;
}

describe('a catalog', () => {
  it('fills in every default', () => {
    expect(catalogOf(one).images).toEqual([
      {
        name: 'node',
        upstream: { kind: 'oci', host: 'docker.io', repository: 'library/node' },
        tags: [{ kind: 'exact', text: '20', tag: '20' }],
        staging: 'staging/node',
        target: 'base-images/node',
        validate: [],
        gate: { soak: 0, approval: false },
        dependents: { discover: true, tasks: [], maxParallel: 5, failureBudget: 3 },
      },
    ]);
  });

  it('gives a registry without them the subscription and group of the buffer, and a login server of its name', () => {
    const { buffer, registries } = catalogOf(one);
    expect(registries).toHaveLength(2);
    expect(registries[0]).toBe(buffer);
    expect(registries[1]).toEqual({
      name: 'contosodev',
      loginServer: 'contosodev.azurecr.io',
      resourceId: `/subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contosodev`,
      subscription,
      resourceGroup: 'rg',
      kick: true,
    });
  });

  it('takes a registry from its resource id', () => {
    const id = `/subscriptions/${subscription}/resourceGroups/Other/providers/Microsoft.ContainerRegistry/registries/contosoextra`;
    const [, , extra] = catalogOf(
      one.replace('images:', `  extra: { resourceId: ${id}, kick: false }\nimages:`),
    ).registries;
    expect(extra).toMatchObject({ name: 'contosoextra', resourceGroup: 'Other', resourceId: id, kick: false });
  });

  it.each(['azurecr.cn', '.azurecr.cn'])('follows the suffix of a sovereign cloud: %s', (suffix) => {
    const { buffer } = catalogOf(one, { settings: { SLUICE_REGISTRY_SUFFIX: suffix } });
    expect(buffer.loginServer).toBe('contosobase.azurecr.cn');
  });

  it('takes a login server with a port, as a local registry has', () => {
    const text = one.replace('{ name: contosodev }', '{ name: contosodev, loginServer: "localhost:5001" }');
    expect(catalogOf(text).registries[1]?.loginServer).toBe('localhost:5001');
  });

  it('may have no images yet', () => {
    expect(catalogOf(`${head}images: {}\n`).images).toEqual([]);
  });
});

describe('an upstream', () => {
  it.each([
    ['ghcr.io/acme/app', { kind: 'oci', host: 'ghcr.io', repository: 'acme/app' }],
    ['docker.io/node', { kind: 'oci', host: 'docker.io', repository: 'library/node' }],
    ['localhost:5000/app', { kind: 'oci', host: 'localhost:5000', repository: 'app' }],
    ['dev/public/node', { kind: 'acr', registry: { name: 'contosodev' }, repository: 'public/node' }],
    ['contosodev/public/node', { kind: 'acr', registry: { name: 'contosodev' }, repository: 'public/node' }],
    ['contosodev.azurecr.io/public/node', { kind: 'acr', registry: { name: 'contosodev' }, repository: 'public/node' }],
    ['{ registry: buffer, repository: public/node }', { kind: 'acr', repository: 'public/node' }],
    ['{ image: quay.io/acme/app }', { kind: 'oci', host: 'quay.io', repository: 'acme/app' }],
  ])('is read from %s', (upstream, expected) => {
    expect(image(`{ upstream: ${upstream}, tags: [a] }`).upstream).toMatchObject(expected);
  });

  it('names the settings that hold its credentials, never the credentials', () => {
    const settings = { GHCR_USERNAME: 'robot', GHCR_PASSWORD: 'secret' };
    const { upstream } = image('{ upstream: { image: ghcr.io/a/b, credentials: GHCR }, tags: [a] }', { settings });
    expect(upstream).toEqual({ kind: 'oci', host: 'ghcr.io', repository: 'a/b', credentials: 'GHCR' });
  });

  it('may be what another image puts out', () => {
    const text = `${one}  app: { upstream: buffer/base-images/node, tags: ["20"] }\n`;
    expect(catalogOf(text).images[1]?.upstream).toMatchObject({ kind: 'acr', repository: 'base-images/node' });
  });
});

describe('tags', () => {
  it('are exact, globs or ranges, with how many of the newest', () => {
    const { tags } = image(
      `{ upstream: docker.io/library/node, tags: ["9-*", { glob: "10-*", newest: 2 }, { semver: ">=20", suffix: -alpine }] }`,
    );
    expect(tags).toMatchObject([
      { kind: 'glob', limit: 5 },
      { kind: 'glob', limit: 2 },
      { kind: 'semver', suffix: '-alpine', limit: 5 },
    ]);
  });
});

describe('validations', () => {
  const files = { 'validations/node.sh': 'node --version\n', 'validations/scan.yaml': 'version: v1.1.0\n' };
  const of = (entry: string) =>
    image(`{ upstream: docker.io/library/node, tags: [a], validate: [${entry}] }`, { files });

  it.each([
    [
      '{ run: [node, -e, "1"] }',
      { kind: 'run', command: ['node', '-e', '1'], timeoutSeconds: 600, memory: '512m', cpus: 1, pidsLimit: 256 },
    ],
    [
      '{ script: validations/node.sh, shell: bash, timeout: 90s, memory: 2g, cpus: 0.5, pidsLimit: 64 }',
      {
        kind: 'script',
        path: 'validations/node.sh',
        content: 'node --version\n',
        shell: 'bash',
        timeoutSeconds: 90,
        memory: '2g',
        cpus: 0.5,
        pidsLimit: 64,
      },
    ],
    [
      '{ steps: validations/scan.yaml }',
      { kind: 'steps', path: 'validations/scan.yaml', content: 'version: v1.1.0\n', timeoutSeconds: 1800 },
    ],
    ['{ task: scan-node, timeout: 1h }', { kind: 'task', task: 'scan-node', timeoutSeconds: 3600 }],
  ])('are read from %s', (yaml, expected) => {
    expect(of(yaml).validate).toEqual([expected]);
  });
});

describe('defaults', () => {
  const text = `${head}defaults:
  validate: [{ run: ["true"] }]
  gate: { soak: 24h, approval: required, promoteDuring: Mon-Fri 08:00-17:00 UTC }
  dependents: { maxParallel: 2, grace: 2m, tasks: [dev/hello-world] }
images:
  plain: { upstream: docker.io/library/a, tags: [a] }
  own:
    upstream: docker.io/library/b
    tags: [a]
    validate: []
    gate: { approval: none, promoteDuring: always }
    dependents: { discover: false, tasks: [] }
`;
  const [plain, own] = catalogOf(text).images;

  it('hold for an image that does not say otherwise', () => {
    expect(plain).toMatchObject({
      validate: [{ kind: 'run' }],
      gate: { soak: 86_400_000, approval: true, promoteDuring: { zone: 'UTC' } },
      dependents: { discover: true, maxParallel: 2, graceSeconds: 120, tasks: [{ task: 'hello-world' }] },
    });
  });

  it('give way key by key', () => {
    expect(own).toMatchObject({ validate: [], gate: { soak: 86_400_000, approval: false } });
    expect(own?.gate).not.toHaveProperty('promoteDuring');
    expect(own?.dependents).toEqual({
      discover: false,
      tasks: [],
      maxParallel: 2,
      failureBudget: 3,
      graceSeconds: 120,
    });
  });
});

describe('the registries of a loaded catalog', () => {
  it('are known by their keys', () => {
    const result = load(one);
    expect(result.ok && [...result.registryKeys].map(([key, { name }]) => [key, name])).toEqual([
      ['buffer', 'contosobase'],
      ['dev', 'contosodev'],
    ]);
  });
});
