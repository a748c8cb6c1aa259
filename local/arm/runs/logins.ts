import type { LocalRegistry, RunnerRegistry } from '../../contracts.ts';
import type { TaskCredentials } from '../tasks/schema.ts';

export function loginTo({ name, loginServer, admin }: LocalRegistry): RunnerRegistry {
  return { name, loginServer, ...admin };
}

/**
 * Every registry a run may use: its own, the other local ones (as if the task's identity had a role on each), and
 * those the task has a user name and a password for, which win.
 */
export function loginsOf(
  registries: Iterable<LocalRegistry>,
  credentials: TaskCredentials | undefined,
): RunnerRegistry[] {
  const logins = new Map([...registries].map((registry) => [registry.loginServer, loginTo(registry)]));
  for (const [loginServer, { userName, password }] of Object.entries(credentials?.customRegistries ?? {})) {
    if (userName?.value === undefined || password?.value === undefined) continue;
    logins.set(loginServer, { loginServer, username: userName.value, password: password.value });
  }
  return [...logins.values()];
}
