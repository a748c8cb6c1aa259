import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureCertificate, trustedCertificate } from '../../local/certificate.ts';
import { listen } from '../../local/listen.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-certificate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each(['localhost', '127.0.0.1'])('a client that trusts the authority reaches a part at %s', async (host) => {
  const certificate = await ensureCertificate(join(folder, 'tls'));
  const listening = await listen((_, response) => response.end('here'), { certificate, part: 'a test' });
  try {
    const ca = await readFile(certificate.caFile);
    const status = await new Promise((resolve, reject) => {
      get({ host, port: listening.port, ca }, (response) => resolve(response.resume().statusCode)).once(
        'error',
        reject,
      );
    });
    expect(status).toBe(200);
  } finally {
    await listening.close();
  }
});

test('is valid for IPv6 too, and cannot sign others', async () => {
  const { cert } = await ensureCertificate(join(folder, 'tls'));
  const parsed = new X509Certificate(cert);
  expect(parsed.checkIP('::1')).toBeTruthy();
  expect(parsed.ca).toBe(false);
});

test('is made once and found again', async () => {
  const first = await ensureCertificate(join(folder, 'tls'));
  expect(await ensureCertificate(join(folder, 'tls'))).toEqual(first);
});

test('two starters at the same time end up with the same one', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => ensureCertificate(join(folder, 'tls'))));
  const again = await ensureCertificate(join(folder, 'tls'));
  for (const certificate of made) expect(certificate).toEqual(again);
  expect(await readdir(folder)).toEqual(['tls']);
});

test('is made anew when less than a day of it is left', async () => {
  const first = await ensureCertificate(join(folder, 'tls'));
  const late = new Date(new X509Certificate(first.cert).validTo);
  const second = await ensureCertificate(join(folder, 'tls'), () => late);
  expect(second.cert).not.toBe(first.cert);
});

test('the key is for its owner alone, and the authority has a folder of its own', async () => {
  const { keyFile, caFolder } = await ensureCertificate(join(folder, 'tls'));
  expect((await stat(keyFile)).mode & 0o077).toBe(0);
  expect(await readdir(caFolder)).toEqual(['ca.crt']);
});

test('is taken from NODE_EXTRA_CA_CERTS where that names one of ours, and from nowhere else', async () => {
  const certificate = await ensureCertificate(join(folder, 'tls'));
  expect(await trustedCertificate({ NODE_EXTRA_CA_CERTS: certificate.caFile })).toEqual(certificate);
  expect(await trustedCertificate({ NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt' })).toBeUndefined();
  expect(await trustedCertificate({})).toBeUndefined();
});
