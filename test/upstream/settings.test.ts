import { expect, it } from 'vitest';
import { parseUpstreamSettings } from '../../src/lib/upstream/settings.ts';

it('speaks TLS to every host unless told otherwise', () => {
  expect(parseUpstreamSettings({}).plainHttp.size).toBe(0);
});

it('takes loopback hosts for plain http', () => {
  const settings = parseUpstreamSettings({ SLUICE_UPSTREAM_PLAIN_HTTP: 'localhost:5000, 127.0.0.1:5001' });
  expect([...settings.plainHttp]).toEqual(['localhost:5000', '127.0.0.1:5001']);
});

it.each(['registry.example', 'localhost.evil.example:80', '10.0.0.1:5000', 'http://localhost:5000'])(
  'refuses plain http to %s',
  (host) => {
    expect(() => parseUpstreamSettings({ SLUICE_UPSTREAM_PLAIN_HTTP: host })).toThrow(
      /SLUICE_UPSTREAM_PLAIN_HTTP.*TLS/,
    );
  },
);

it('names all settings that are wrong at once', () => {
  const wrong = { SLUICE_UPSTREAM_TIMEOUT: '0', SLUICE_UPSTREAM_CONCURRENCY: 'many' };
  expect(() => parseUpstreamSettings(wrong)).toThrow(/SLUICE_UPSTREAM_CONCURRENCY.*SLUICE_UPSTREAM_TIMEOUT/);
});
