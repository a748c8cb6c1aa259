import type { LocalAzure } from '../index.ts';
import { deliveriesTable } from './events.ts';
import { type Html, html } from './html.ts';
import type { Page } from './layout.ts';
import { code, empty, link, table } from './parts.ts';
import { pushExample } from './registry.ts';
import { runsTable } from './runs.ts';

export async function overview(azure: LocalAzure, now: Date): Promise<Page> {
  const body = html`<h1>What runs where</h1>${endpoints(azure)}
<h2>Images</h2>${await images(azure)}
${azure.has('functions') ? html`<h2>Functions</h2>${functions(azure)}` : undefined}
<h2>Latest task runs</h2>${runsTable(azure, now, 5)}
<h2>Latest events</h2>${deliveriesTable(azure, now, 5)}`;
  return { title: 'Overview', body };
}

function endpoints(azure: LocalAzure): Html {
  const { arm, registries, storage, events, identity, ca, functions: host, ...summary } = azure.summary();
  const row = (part: string, endpoint: string | undefined, note: Html | string) =>
    endpoint === undefined ? [] : [[part, code(endpoint), note]];
  return table(
    ['Part', 'Endpoint', 'Good to know'],
    [
      ...registries.flatMap(({ name, loginServer, username, password }) =>
        row(`Registry ${name}`, loginServer, html`admin user ${code(username)}, password ${code(password)}`),
      ),
      ...row(
        'Resource Manager',
        arm,
        html`subscription ${code(summary.subscription)}, group ${code(summary.resourceGroup)}`,
      ),
      ...row('Functions host', host, html`host key ${code(summary.functionsKey ?? '')}`),
      ...azure.beside.map(({ part, address, note }) => [part, link(address), note]),
      ...row('Events', events, 'GET /deliveries, GET and PUT /subscriptions, POST /faults'),
      ...row('Tables', storage?.table, 'account devstoreaccount1, Azurite’s well-known key, or a token'),
      ...row('Queues', storage?.queue, 'the same account'),
      ...row('Blobs', storage?.blob, 'the same account'),
      ...row('Identity', identity.endpoint, html`IDENTITY_ENDPOINT; IDENTITY_HEADER is ${code(identity.header)}`),
      ...row('Certificate', ca, 'NODE_EXTRA_CA_CERTS for every client'),
    ],
  );
}

async function images(azure: LocalAzure): Promise<Html> {
  const rows = await Promise.all(
    [...azure.registries.values()].map(async ({ name, loginServer, view }) => {
      const repositories = await view.repositories();
      const tags = repositories.reduce((sum, repository) => sum + repository.tags.length, 0);
      return [
        html`<a href="/registries/${name}">${name}</a>`,
        code(loginServer),
        String(repositories.length),
        String(tags),
      ];
    }),
  );
  if (rows.length === 0) return empty('No registry was started.');
  const none = rows.every(([, , count]) => count === '0');
  const [first] = azure.registries.values();
  return html`${table(['Registry', 'Login server', 'Repositories', 'Tags'], rows)}${
    none && first ? empty('There are no images yet. Push one:', pushExample(azure, first)) : undefined
  }`;
}

function functions(azure: LocalAzure): Html {
  const { functions: listed, errors } = azure.functions;
  const rows = listed.map(({ name, trigger, url, methods = [] }) => [
    name,
    trigger,
    url === undefined ? '' : html`${methods.join(', ')} ${code(url)}`,
  ]);
  const failed = errors.map((error) => html`<p class="problem">${JSON.stringify(error)}</p>`);
  return html`${rows.length > 0 ? table(['Function', 'Trigger', 'Address'], rows) : empty('The app has no functions.')}${failed}`;
}
