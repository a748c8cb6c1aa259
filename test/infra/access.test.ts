import picomatch from 'picomatch';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { at, deployment, readJson, readText } from './deployment.ts';

interface Access {
  readonly roles: Readonly<Record<string, { readonly id: string; readonly grants: readonly string[] }>>;
  readonly customRoles: Readonly<Record<string, { readonly description: string; readonly actions: readonly string[] }>>;
  readonly assignments: readonly {
    readonly who: string;
    readonly role: string;
    readonly on: string;
    readonly why: string;
  }[];
  readonly calls: readonly { readonly port: string; readonly on: string; readonly action: string }[];
}

const access = readJson<Access>('infra/access.json');
const everything = deployment('everything');

const grantsOf = (role: string) => access.roles[role]?.grants ?? access.customRoles[role]?.actions ?? [];
const ofApp = access.assignments.filter(({ who }) => who === 'app');

/** `…/entities/*` covers `…/entities/read` and itself. */
function covers(grant: string, action: string): boolean {
  return grant === action || picomatch.isMatch(action, grant);
}

/** Methods of ports that go out into the world, which is to say that they answer later: `Importer.start`. */
function portMethods(): string[] {
  return ['ports.ts', 'record.ts', 'history.ts'].flatMap(methodsIn);
}

function methodsIn(file: string): string[] {
  const source = ts.createSourceFile(file, readText(`src/lib/pipeline/${file}`), ts.ScriptTarget.Latest);
  return source.statements.filter(ts.isInterfaceDeclaration).flatMap(({ name, members }) =>
    members
      .filter((member) => ts.isMethodSignature(member))
      .filter(
        ({ type }) =>
          type && ts.isTypeReferenceNode(type) && /^(Promise|AsyncIterable)$/.test(type.typeName.getText(source)),
      )
      .map((method) => `${name.text}.${method.name.getText(source)}`),
  );
}

/** Ports that stay inside the process. */
const inside = new Set(['Clock.sleep']);

describe('the table of access', () => {
  test('names every call that the code makes, and no other', () => {
    const called = portMethods().filter((name) => !inside.has(name));
    const known = new Set(access.calls.map(({ port }) => port));
    const listed = (name: string) => known.has(name) || known.has(name.split('.')[0] ?? '');
    expect(called.length).toBeGreaterThan(15);
    expect(called.filter((name) => !listed(name))).toEqual([]);

    const exists = (port: string) => called.some((name) => name === port || name.startsWith(`${port}.`));
    expect([...known].filter((port) => !port.startsWith('host: ') && !exists(port))).toEqual([]);
  });

  test.each(access.calls)('lets the app make $port on $on: $action', ({ on, action }) => {
    const grants = ofApp.filter((assignment) => assignment.on === on).flatMap(({ role }) => grantsOf(role));
    expect(grants.some((grant) => covers(grant, action))).toBe(true);
  });

  test.each(ofApp)('gives the app nothing that no call needs: $role on $on', ({ role, on }) => {
    const actions = access.calls.filter((call) => call.on === on).map(({ action }) => action);
    const needed = grantsOf(role).filter((grant) => actions.some((action) => covers(grant, action)));
    if (role in access.customRoles) expect(needed).toEqual(grantsOf(role));
    expect(needed).not.toEqual([]);
  });

  test('says why of each assignment, and stands in the page on security', () => {
    const page = readText('docs/security.md');
    for (const { role, why } of access.assignments) {
      expect(why).toMatch(/\.$/);
      expect(page).toContain(role);
    }
  });

  test('gives nobody a role that is wider than its name: no Owner, no Contributor of everything', () => {
    const wide = [
      '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
      'b24988ac-6180-42a0-ab88-20f7382dd24c',
      '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    ];
    expect(Object.values(access.roles).filter(({ id }) => wide.includes(id))).toEqual([]);
    const actions = Object.values(access.customRoles).flatMap((role) => role.actions);
    expect(actions.filter((action) => action.includes('*') || /roleAssignments|listCredentials/.test(action))).toEqual(
      [],
    );
  });
});

describe('what is deployed', () => {
  const definitions = new Map(
    everything.ofType('Microsoft.Authorization/roleDefinitions').map((role) => [role.name, at(role, 'properties')]),
  );
  const names = new Map([
    ...Object.entries(access.roles).map(([name, { id }]) => [id, name] as const),
    ...[...definitions].map(([id, role]) => [id, String(at(role, 'roleName')).replace(' (production)', '')] as const),
  ]);
  const assigned = everything.ofType('Microsoft.Authorization/roleAssignments').map(({ id, properties }) => ({
    role: names.get(String(properties?.roleDefinitionId).split('/').at(-1) ?? '') ?? 'unknown',
    on: scopeOf(id),
    why: String(properties?.description),
  }));

  test('is the table, whole and nothing else', () => {
    const scopes = (on: string) =>
      assigned.filter((assignment) => assignment.on === on).map(({ role, why }) => `${role}: ${why}`);
    // Two registries send events there.
    const times = ({ who }: { who: string }) => (who === 'topic' ? 2 : 1);
    for (const on of new Set(access.assignments.map((assignment) => assignment.on))) {
      const wanted = access.assignments
        .filter((assignment) => assignment.on === on)
        .flatMap((assignment) => Array(times(assignment)).fill(`${assignment.role}: ${assignment.why}`) as string[]);
      expect(scopes(on).sort(), on).toEqual(wanted.sort());
    }
    expect(assigned.filter(({ on }) => on === 'unknown')).toEqual([]);
  });

  test('defines custom roles as the table says, for the subscriptions in which they are given', () => {
    const built = [...definitions.values()].map((role) => at(role, 'permissions', 0, 'actions'));
    expect(built.sort()).toEqual(
      Object.values(access.customRoles)
        .map(({ actions }) => actions)
        .sort(),
    );
    for (const role of definitions.values()) {
      expect(at(role, 'assignableScopes')).toEqual([
        '/subscriptions/00000000-0000-0000-0000-000000000001',
        '/subscriptions/00000000-0000-0000-0000-00000000000a',
        '/subscriptions/00000000-0000-0000-0000-00000000000b',
      ]);
    }
  });

  test('gives operators nothing where no group was named', () => {
    const kinds = deployment('tutorial')
      .ofType('Microsoft.Authorization/roleAssignments')
      .map((assignment) => at(assignment, 'properties', 'principalType'));
    expect(new Set(kinds)).toEqual(new Set(['ServicePrincipal']));
  });
});

/** The scope of the table that an assignment of the snapshot is on, by what the snapshot's catalog says of each registry. */
function scopeOf(id: string): string {
  const [target = ''] = id.split('/providers/Microsoft.Authorization/');
  const scopes: [RegExp, string][] = [
    [/registries\/contosocentral$/, 'buffer'],
    [/registries\/contosoteam$/, 'watched'],
    [/registries\/contosogolden$/, goldenScope(id)],
    [/\/sthost\w+$/, 'hostStorage'],
    [/\/ststate\w+$/, 'stateStorage'],
    [/\/vaults\/[\w-]+$/, 'vault'],
    [/\/components\/[\w-]+$/, 'insights'],
    [/\/workspaces\/[\w-]+$/, 'workspace'],
    [/^\/subscriptions\/[0-9a-f-]+$/, 'bufferSubscription'],
  ];
  return scopes.find(([pattern]) => pattern.test(target))?.[1] ?? 'unknown';
}

/** A registry that is upstream and is searched for dependents stands in two scopes. */
function goldenScope(id: string): string {
  const assignment = everything.resources.find((resource) => resource.id === id);
  const why = at(assignment, 'properties', 'description');
  return access.assignments.find((row) => row.why === why)?.on ?? 'unknown';
}
