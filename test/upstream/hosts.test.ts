import { describe, expect, it } from 'vitest';
import { maySendCredentials, originOf } from '../../src/lib/upstream/hosts.ts';

const may = (registry: string, realm: string, allowed?: string) =>
  maySendCredentials(new URL(registry), new URL(realm), allowed);

describe('where credentials may go', () => {
  it.each([
    ['the registry itself', 'https://ghcr.io', 'https://ghcr.io/token'],
    ['the registry itself, on its own port', 'https://registry.example:5000', 'https://registry.example:5000/auth'],
    ['a host below it', 'https://registry.example', 'https://auth.registry.example/token'],
    ['its parent zone', 'https://registry.gitlab.com', 'https://gitlab.com/jwt/auth'],
    ["Docker Hub's token host", 'https://registry-1.docker.io', 'https://auth.docker.io/token'],
  ])('sends them to %s', (_, registry, realm) => {
    expect(may(registry, realm)).toBe(true);
  });

  it.each([
    ['a stranger', 'https://ghcr.io', 'https://evil.example/token'],
    ['the same host without TLS', 'https://ghcr.io', 'http://ghcr.io/token'],
    ['a registry without TLS', 'http://localhost:5000', 'https://localhost:5000/token'],
    ['another port of the host', 'https://registry.example', 'https://registry.example:8443/token'],
    ['another port of a host below', 'https://registry.example', 'https://auth.registry.example:8443/token'],
    ['a sibling: they share a parent, and nothing else', 'https://a.azurecr.io', 'https://b.azurecr.io/oauth2/token'],
    ['a name that only ends alike', 'https://ghcr.io', 'https://evilghcr.io/token'],
    ['a name that only begins alike', 'https://ghcr.io', 'https://ghcr.io.evil.example/token'],
    ['a top-level name', 'https://ghcr.io', 'https://io/token'],
    ['another address', 'https://10.2.3.4', 'https://10.2.3.5/token'],
    ["Docker Hub's token host, for another registry", 'https://quay.io', 'https://auth.docker.io/token'],
  ])('does not send them to %s', (_, registry, realm) => {
    expect(may(registry, realm)).toBe(false);
  });

  it('sends them to a further host that the settings name, over https only', () => {
    expect(may('https://docker.corp.example', 'https://sso.corp.example/t', 'sso.corp.example')).toBe(true);
    expect(may('https://docker.corp.example', 'http://sso.corp.example/t', 'sso.corp.example')).toBe(false);
    expect(may('https://docker.corp.example', 'https://sso.corp.example:444/t', 'sso.corp.example')).toBe(false);
  });
});

describe("a registry's origin", () => {
  it.each([
    ['docker.io', 'https://registry-1.docker.io'],
    ['index.docker.io', 'https://registry-1.docker.io'],
    ['registry.hub.docker.com', 'https://registry-1.docker.io'],
    ['ghcr.io', 'https://ghcr.io'],
    ['registry.example:5000', 'https://registry.example:5000'],
    ['localhost:5001', 'https://localhost:5001'],
    ['localhost:5000', 'http://localhost:5000'],
  ])('of %s is %s', (host, origin) => {
    expect(originOf(host, new Set(['localhost:5000']))).toBe(origin);
  });
});
