import { defineConfig } from 'vitest/config';
import { ensureCertificate } from './local/certificate.ts';

// Node reads NODE_EXTRA_CA_CERTS once, when a process starts. Tests run in processes that are forked after this file
// was read and inherit its environment, so every test trusts the parts that startLocalAzure serves over TLS, and so do
// the commands a test spawns. startLocalAzure takes the certificate from the same variable.
const certificate = await ensureCertificate(new URL('.local/test-ca', import.meta.url).pathname);
process.env.NODE_EXTRA_CA_CERTS = certificate.caFile;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/fixtures/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The real registries, builds and the simulation each keep a core busy; more workers would only make them slower.
    maxWorkers: 2,
    reporters: process.env.CI ? ['default', ['json', { outputFile: '.local/test-results.json' }]] : ['default'],
  },
});
