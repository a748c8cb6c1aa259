import { describe, expect, it } from 'vitest';
import { InvalidImageName } from '../../src/lib/image/error.ts';
import { canonicalRegistry, parseReference, type Reference } from '../../src/lib/image/reference.ts';

const digest = `sha256:${'a1'.repeat(32)}`;

const inFull = ({ registry, repository, tag, digest }: Reference) =>
  `${registry}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;

describe('parseReference', () => {
  it.each([
    ['node', 'docker.io/library/node'],
    ['node:20', 'docker.io/library/node:20'],
    ['docker.io/node', 'docker.io/library/node'],
    ['index.docker.io/library/node', 'docker.io/library/node'],
    ['registry.hub.docker.com/library/node:20', 'docker.io/library/node:20'],
    ['bitnami/redis', 'docker.io/bitnami/redis'],
    ['ghcr.io/acme/app:1', 'ghcr.io/acme/app:1'],
    ['GHCR.io/acme/app', 'ghcr.io/acme/app'],
    ['localhost/app', 'localhost/app'],
    ['localhost:5000/app', 'localhost:5000/app'],
    ['localhost:5000/base-images/node:9-alpine', 'localhost:5000/base-images/node:9-alpine'],
    ['127.0.0.1:5000/a', '127.0.0.1:5000/a'],
    ['[::1]:5000/a', '[::1]:5000/a'],
    [`contoso.azurecr.io/a/b@${digest}`, `contoso.azurecr.io/a/b@${digest}`],
    [`contoso.azurecr.io/a/b:1@${digest}`, `contoso.azurecr.io/a/b:1@${digest}`],
    ['node:5000', 'docker.io/library/node:5000'],
  ])('reads %s as %s', (text, full) => {
    const reference = parseReference(text);
    expect(inFull(reference)).toBe(full);
    expect(parseReference(full)).toEqual(reference);
  });

  it('leaves out the tag and digest that are not there, rather than taking latest', () => {
    expect(parseReference('node')).toEqual({ registry: 'docker.io', repository: 'library/node' });
  });

  it.each([
    '',
    ':20',
    'Node',
    'ghcr.io/',
    'ghcr.io/acme/App',
    'https://ghcr.io/acme/app',
    'bad_host.example/app',
    'node:',
    'node:a b',
    'node@',
    'node@sha256:abc',
    `node@${digest}@${digest}`,
    'localhost:port/app',
    ' node',
  ])('refuses %j', (text) => {
    expect(() => parseReference(text)).toThrow(InvalidImageName);
  });
});

describe('canonicalRegistry', () => {
  it('has one name for each of the hosts of Docker Hub', () => {
    const hosts = ['docker.io', 'index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'];
    expect(new Set(hosts.map(canonicalRegistry))).toEqual(new Set(['docker.io']));
  });
});
