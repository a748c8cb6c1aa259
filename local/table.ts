import { colors } from './colors.ts';
import type { LocalSummary } from './summary.ts';

interface Row {
  readonly part: string;
  readonly endpoint: string;
  readonly hint: string;
}

/** What runs where, and what to try with it. */
export function printTable(summary: LocalSummary, settingsFile: string): string {
  const rows = describe(summary, settingsFile);
  const [partWidth, endpointWidth] = [width(rows, 'part'), width(rows, 'endpoint')];
  const lines = rows.map(
    ({ part, endpoint, hint }) =>
      `  ${colors.bold(part.padEnd(partWidth))}  ${colors.cyan(endpoint.padEnd(endpointWidth))}  ${colors.dim(hint)}`,
  );
  return ['', 'A local Azure is running. Ctrl-C ends it.', '', ...lines, '', ...examples(summary), ''].join('\n');
}

const width = (rows: readonly Row[], key: 'part' | 'endpoint') => Math.max(...rows.map((row) => row[key].length));

function describe(summary: LocalSummary, settingsFile: string): Row[] {
  const { page, arm, storage, events, functions, registries, identity, ca } = summary;
  const row = (part: string, endpoint: string | undefined, hint: string): Row[] =>
    endpoint === undefined ? [] : [{ part, endpoint, hint }];
  return [
    ...row('front page', page, 'open it in a browser: images, runs, events'),
    ...registries.flatMap((registry) => row(`registry ${registry.name}`, registry.loginServer, 'push and pull images')),
    ...row('ARM', arm, `subscription ${summary.subscription}, group ${summary.resourceGroup}`),
    ...row('functions', functions, 'the app in this folder; its keys are on the front page'),
    ...row('events', events, 'GET /deliveries; POST /faults to lose, double or delay some'),
    ...row('tables', storage?.table, 'account devstoreaccount1'),
    ...row('queues', storage?.queue, 'account devstoreaccount1'),
    ...row('blobs', storage?.blob, 'account devstoreaccount1'),
    ...row('identity', identity.endpoint, 'IDENTITY_ENDPOINT; the header is in the settings'),
    ...row('certificate', ca, 'NODE_EXTRA_CA_CERTS'),
    ...row('app settings', settingsFile, 'for another functions host'),
  ];
}

function examples({ registries, ca }: LocalSummary): string[] {
  const [first] = registries;
  if (!first) return [];
  const folder = ca.slice(0, ca.lastIndexOf('/'));
  const login = `--username ${first.username} --password ${first.password}`;
  return [
    '  Push an image:',
    `    buildah login --cert-dir ${folder} ${login} ${first.loginServer}`,
    `    buildah push --cert-dir ${folder} IMAGE ${first.loginServer}/public/node:9-alpine`,
  ];
}
