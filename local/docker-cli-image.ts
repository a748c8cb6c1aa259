import { join } from 'node:path';
import type { LocalAzure } from './index.ts';
import { BaseImages } from './runner/base-image.ts';

/** Where the catalog looks for what starts the sandbox of a validation. */
export const dockerCli = 'tools/docker-cli:latest';

/** Puts it into the buffer, as whoever deploys Sluice does once on Azure: without it, no validation can start. */
export async function makeDockerCli(azure: LocalAzure, signal?: AbortSignal): Promise<void> {
  const [buffer] = azure.registries.values();
  if (!buffer) return;
  const images = new BaseImages(join(azure.state, 'docker-cli'), azure.certificate.caFile);
  const reference = `${buffer.loginServer}/${dockerCli}`;
  await images.make({ kind: 'docker-cli', reference, login: buffer.admin, ...(signal ? { signal } : {}) });
}
