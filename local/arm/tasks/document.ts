import { serviceTime } from '../clock.ts';
import type { ArmState } from '../state.ts';
import type { NamedValue, TaskContent, TaskCredentials, TaskStep } from './schema.ts';
import type { TaskRecord } from './store.ts';

export function taskId(state: ArmState, task: Pick<TaskRecord, 'registry' | 'name'>): string {
  return `${state.registries.get(task.registry.toLowerCase())?.resourceId ?? ''}/tasks/${task.name}`;
}

/** A task as it is shown, in the recorded order of properties. Secrets are shown by `listDetails` alone. */
export function taskDocument(state: ArmState, task: TaskRecord, withSecrets = false): Record<string, unknown> {
  const { location, tags, properties } = task.content;
  return {
    type: 'Microsoft.ContainerRegistry/registries/tasks',
    ...identityDocument(state, task),
    properties: propertiesDocument(task, properties, withSecrets),
    id: taskId(state, task),
    name: task.name,
    location,
    ...(tags ? { tags } : {}),
    systemData: {
      createdBy: task.createdBy,
      createdByType: 'Application',
      createdAt: serviceTime(task.creationDate),
      lastModifiedBy: task.modifiedBy,
      lastModifiedByType: 'Application',
      lastModifiedAt: serviceTime(task.modifiedAt),
    },
  };
}

function propertiesDocument(
  task: TaskRecord,
  { step, trigger, credentials, logTemplate, isSystemTask, ...settings }: TaskContent['properties'],
  withSecrets: boolean,
): Record<string, unknown> {
  const shown = withSecrets ? credentials : hideCredentials(credentials);
  return {
    provisioningState: 'Succeeded',
    creationDate: serviceTime(task.creationDate),
    ...settings,
    step: stepDocument(step, task, withSecrets),
    ...(trigger ? { trigger } : {}),
    ...(shown && Object.keys(shown).length > 0 ? { credentials: shown } : {}),
    ...(logTemplate === undefined ? {} : { logTemplate }),
    isSystemTask,
  };
}

function identityDocument(state: ArmState, task: TaskRecord): Record<string, unknown> {
  const { identity } = task.content;
  if (!identity) return {};
  const assigned = identity.type?.startsWith('SystemAssigned')
    ? { principalId: task.principalId, tenantId: state.scope.tenant }
    : {};
  return { identity: { ...assigned, ...identity } };
}

function stepDocument(
  { contextPath, contextAccessToken, ...step }: TaskStep,
  task: TaskRecord,
  withSecrets: boolean,
): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...step };
  if ('arguments' in step && step.arguments) shown.arguments = namedValues(step.arguments, withSecrets);
  if ('values' in step && step.values) shown.values = namedValues(step.values, withSecrets);
  return {
    ...shown,
    ...(task.baseImageDependencies ? { baseImageDependencies: task.baseImageDependencies } : {}),
    ...(contextPath === undefined ? {} : { contextPath }),
    ...(withSecrets && contextAccessToken !== undefined ? { contextAccessToken } : {}),
  };
}

function namedValues(values: readonly NamedValue[], withSecrets: boolean): unknown[] {
  return values.map((entry) => (withSecrets || !entry.isSecret ? entry : { name: entry.name, isSecret: true }));
}

function hideCredentials(credentials: TaskCredentials | undefined): TaskCredentials | undefined {
  if (!credentials?.customRegistries) return credentials;
  const hide = <T extends { value?: string | undefined; type?: string | undefined }>(secret: T) =>
    secret.type === 'Vaultsecret' ? secret : { ...secret, value: undefined };
  const customRegistries = Object.fromEntries(
    Object.entries(credentials.customRegistries).map(([host, { userName, password, identity }]) => [
      host,
      {
        ...(userName ? { userName: hide(userName) } : {}),
        ...(password ? { password: hide(password) } : {}),
        ...(identity === undefined ? {} : { identity }),
      },
    ]),
  );
  return { ...credentials, customRegistries };
}
