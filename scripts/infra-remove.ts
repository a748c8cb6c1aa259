// Removes what Sluice has outside its own resource group, before `azd down`: `npm run infra:remove`.
import { az, required, run } from './infra/az.ts';

interface EventSource {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly topic: string;
}

interface Assignment {
  readonly id: string;
  readonly scope: string;
}

run(() => {
  const environment = required('AZURE_ENV_NAME');
  for (const source of JSON.parse(required('SLUICE_EVENT_SOURCES')) as EventSource[]) removeEvents(source, environment);
  const roles = list<{ name: string; roleName: string }>([
    'role',
    'definition',
    'list',
    '--custom-role-only',
    'true',
  ]).filter(({ roleName }) => roleName.startsWith('Sluice ') && roleName.endsWith(` (${environment})`));
  const assignments = [
    ...identities().flatMap((principal) => assignmentsOf(['--assignee', principal])),
    ...roles.flatMap(({ name }) => assignmentsOf(['--role', name])),
  ];
  for (const id of new Set(assignments.map((assignment) => assignment.id)))
    az(['role', 'assignment', 'delete', '--ids', id]);
  for (const { name } of roles) az(['role', 'definition', 'delete', '--name', name, '--custom-role-only', 'true']);
  console.log(`Removed ${assignments.length} role assignments and ${roles.length} roles. Now: azd down`);
});

/** The topic too, where it is ours: others may use one that was there before. */
function removeEvents({ subscription, resourceGroup, topic }: EventSource, environment: string): void {
  const scope = ['--subscription', subscription, '--resource-group', resourceGroup];
  const found = list<{ name: string; tags?: Record<string, string> }>(['eventgrid', 'system-topic', 'list', ...scope]);
  const present = found.find(({ name }) => name === topic);
  if (present === undefined) return;
  const subscriptionOf = ['eventgrid', 'system-topic', 'event-subscription', 'delete', '--name', 'sluice-pushes'];
  az([...subscriptionOf, '--system-topic-name', topic, ...scope, '--yes']);
  const ours = present.tags?.application === 'sluice' && present.tags['azd-env-name'] === environment;
  if (ours) az(['eventgrid', 'system-topic', 'delete', '--name', topic, ...scope, '--yes']);
  console.log(`Removed the event subscription of ${topic}${ours ? ', and the topic' : ''}.`);
}

function identities(): string[] {
  const all = list<{ principalId: string; tags?: Record<string, string> }>([
    ...['identity', 'list', '--resource-group', required('AZURE_RESOURCE_GROUP')],
  ]);
  return all.filter(({ tags }) => tags?.application === 'sluice').map(({ principalId }) => principalId);
}

function assignmentsOf(filter: readonly string[]): Assignment[] {
  return list<Assignment>(['role', 'assignment', 'list', '--all', ...filter]);
}

function list<T>(args: readonly string[]): T[] {
  return JSON.parse(az([...args, '--output', 'json'])) as T[];
}
