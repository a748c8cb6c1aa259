import { X509Certificate } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Certificate } from './contracts.ts';

/** The certificate with the files it lies in, for the parts that are told a path rather than the text. */
export interface CertificateFiles extends Certificate {
  readonly keyFile: string;
  readonly certFile: string;
  /** Holds `ca.crt` and nothing else: what skopeo and buildah take as `--cert-dir`. */
  readonly caFolder: string;
}

const day = 24 * 60 * 60 * 1000;
/** Apple's and Chromium's limit for a server certificate. */
const lifetime = 825 * day;

/**
 * Reads the certificate in `folder`, or makes one there: a certificate authority whose key is thrown away at once, and
 * the one server certificate it ever signed, for localhost. Two processes that make it at the same time end up with
 * the same one.
 */
export async function ensureCertificate(folder: string, now: () => Date = () => new Date()): Promise<CertificateFiles> {
  const present = await readCertificate(folder, now());
  if (present) return present;
  if (await isThere(folder)) await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  // Other users may trust it; the key in it is for its owner alone.
  await chmod(draft, 0o755);
  await writeNew(draft, now());
  // It fails when another process was first: a folder that holds something is not replaced.
  await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  const made = await readCertificate(folder, now());
  if (!made) throw new Error(`Making a certificate in ${folder} failed: it cannot be read back. Is it writable?`);
  return made;
}

/**
 * The certificate that clients in this process trust already, when NODE_EXTRA_CA_CERTS names one of ours. Node reads
 * that variable once, at its start, so a library that wants to be trusted has to serve with this one.
 */
export async function trustedCertificate(env: NodeJS.ProcessEnv = process.env): Promise<CertificateFiles | undefined> {
  const caFile = env.NODE_EXTRA_CA_CERTS;
  return caFile ? readCertificate(dirname(dirname(resolve(caFile))), new Date()) : undefined;
}

async function readCertificate(folder: string, now: Date): Promise<CertificateFiles | undefined> {
  const files = paths(folder);
  try {
    const [key, cert] = await Promise.all([readFile(files.keyFile, 'utf8'), readFile(files.certFile, 'utf8')]);
    const endsIn = new Date(new X509Certificate(cert).validTo).getTime() - now.getTime();
    return endsIn > day ? { key, cert, ...files } : undefined;
  } catch {
    return undefined;
  }
}

async function writeNew(folder: string, now: Date): Promise<void> {
  // Loaded only where it is needed: that takes longer than all the rest of most starts.
  const { generate } = await import('selfsigned');
  const period = { notBeforeDate: new Date(now.getTime() - day), notAfterDate: new Date(now.getTime() + lifetime) };
  const kind = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256', ...period } as const;
  const authority = await generate([{ name: 'commonName', value: 'Sluice local authority' }], {
    ...kind,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...kind,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  const files = paths(folder);
  await mkdir(files.caFolder);
  await writeFile(files.caFile, authority.cert);
  await writeFile(files.certFile, server.cert);
  await writeFile(files.keyFile, server.private, { mode: 0o600 });
}

/** Another process may be making it just now: what was not there a moment ago is not removed. */
const isThere = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );

function paths(folder: string) {
  const caFolder = join(folder, 'ca');
  return {
    caFolder,
    caFile: join(caFolder, 'ca.crt'),
    certFile: join(folder, 'server.pem'),
    keyFile: join(folder, 'server.key'),
  };
}
