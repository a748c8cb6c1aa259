import { describe, expect, it } from 'vitest';
import { maskSecrets } from '../../src/lib/http/mask.ts';

const random = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYm';

/** Each line with the part that must not be seen. */
const secrets: readonly [what: string, line: string, secret: string][] = [
  ['a bearer token', 'Authorization: Bearer abc.def-ghi_123', 'abc.def-ghi_123'],
  ['a bearer token in JSON', '{"Authorization":"Bearer abcdefgh1234"}', 'abcdefgh1234'],
  ['a bearer token without its header', 'sent bearer s3cr3t-t0ken-value', 's3cr3t-t0ken-value'],
  ['basic credentials', 'authorization=Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['a JSON Web Token', 'got eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl back', 'eyJzdWIiOi'],
  ['a password by name', 'DB_PASSWORD=hunter2 next', 'hunter2'],
  ['a quoted password with spaces', 'password: "correct horse battery"', 'correct horse battery'],
  ['a password in JSON', '{"password": "hunter2","a":1}', 'hunter2'],
  ['a token by name', 'export NPM_TOKEN=abc123def', 'abc123def'],
  ['a client secret', 'clientSecret=q1w2e3r4', 'q1w2e3r4'],
  ['an API key', 'x-api-key: 0123456789', '0123456789'],
  ['an AWS secret', 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'wJalrXUtnFEMI'],
  ['an AWS key id', 'using AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
  ['a docker auth', '{"auths":{"r.example":{"auth":"dXNlcjpwYXNz"}}}', 'dXNlcjpwYXNz'],
  ['an identity token', '"identitytoken":"abcdefg"', 'abcdefg'],
  ['a signed link', 'https://a.blob.core.windows.net/x?sv=1&sig=Ab%2Fc%3D&se=2', 'Ab%2Fc%3D'],
  ['the password of a URL', 'git clone https://user:pa55word@git.example/x', 'pa55word'],
  ['a password on a command line', 'docker login -u me -p hunter2 r.example', 'hunter2'],
  ['a long password option', 'az acr login --password hunter2', 'hunter2'],
  ['a GitHub token', `ghp_${'a1'.repeat(18)}`, 'a1a1a1'],
  ['a fine-grained GitHub token', `github_pat_${'a1'.repeat(18)}`, 'a1a1a1'],
  ['a GitLab token', `glpat-${'a1'.repeat(10)}`, 'a1a1a1'],
  ['an npm token', `npm_${'a1'.repeat(18)}`, 'a1a1a1'],
  ['a Docker Hub token', `dckr_pat_${'a1'.repeat(14)}`, 'a1a1a1'],
  ['a storage key', `AccountKey=${random}==;EndpointSuffix=x`, random],
  ['a registry password', `login ${random}+ACRab12cd`, '+ACRab12cd'],
  ['a private key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', 'MIIE'],
  ['a private key that is cut off', 'x\n-----BEGIN PRIVATE KEY-----\nMIIE\nABCD', 'ABCD'],
  ['a private key that began before', 'MIIE\nABCD\n-----END PRIVATE KEY-----\nrest', 'MIIE'],
];

describe('credentials in text', () => {
  it.each(secrets)('masks %s', (_, line, secret) => {
    expect(line).toContain(secret);
    expect(maskSecrets(`before\n${line}`)).not.toContain(secret);
  });

  it('masks every one of many in a text', () => {
    const text = secrets
      .filter(([what]) => !what.startsWith('a private key that'))
      .map(([, line]) => line)
      .join('\n');
    const masked = maskSecrets(text);
    for (const [, line, secret] of secrets) if (text.includes(line)) expect(masked).not.toContain(secret);
  });
});

describe('text that holds none', () => {
  it.each([
    `node@sha256:${'0123456789abcdef'.repeat(4)}`,
    'failed to run step ID: sluice-validation: exit status 3',
    'Step 3/7 : RUN npm ci --omit=dev',
    '2026/03/01 12:00:00 Launching container with name: sluice-validation',
    'Run ID: ca1 was successful after 51s',
    'https://registry-1.docker.io/v2/library/node/manifests/20',
    'docker run -p8080:80 --rm image',
    'the registry wants a user name and password',
  ])('keeps %s', (line) => {
    expect(maskSecrets(line)).toBe(line);
  });

  it('does not take long over a long line', () => {
    const line = `${'a'.repeat(20_000)} ${'token '.repeat(2000)} ${'+A'.repeat(5000)}`;
    expect(maskSecrets(line).length).toBeGreaterThan(0);
  });
});
