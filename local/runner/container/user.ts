export interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

export type ResolvedUser =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly message: string };

/**
 * `user[:group]`, each a name or a number, looked up in the image's own files (Docker's rules: a number needs no entry,
 * a user without a group has its own, and the supplementary groups only count when no group is given).
 */
export function resolveUser(
  user: string,
  files: { readonly passwd: string; readonly group: string },
  groupAdd: readonly string[],
): ResolvedUser {
  const [given = '', groupName] = user.split(':');
  const name = given || '0';
  const users = entries(files.passwd);
  const groups = entries(files.group);
  const account = users.find((entry) => entry[0] === name) ?? users.find((entry) => entry[2] === name);
  const uid = number(account?.[2] ?? name);
  if (uid === undefined) return unknown(`unable to find user ${name}: no matching entries in passwd file`);
  const gid = groupName ? groupId(groups, groupName) : (number(account?.[3] ?? '0') ?? 0);
  if (gid === undefined) return unknown(`unable to find group ${groupName}: no matching entries in group file`);
  const additional = groupName || !account ? [] : memberships(groups, account[0] ?? '');
  for (const wanted of groupAdd) {
    const id = groupId(groups, wanted);
    if (id === undefined) return unknown(`unable to find group ${wanted}: no matching entries in group file`);
    additional.push(id);
  }
  return { ok: true, identity: { uid, gid, additionalGids: [...new Set(additional)] } };
}

function unknown(message: string): ResolvedUser {
  return { ok: false, message };
}

function entries(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'));
}

function groupId(groups: readonly string[][], name: string): number | undefined {
  return number(groups.find((entry) => entry[0] === name)?.[2] ?? name);
}

function memberships(groups: readonly string[][], user: string): number[] {
  const ids = groups.filter((entry) => entry[3]?.split(',').includes(user)).map((entry) => number(entry[2] ?? ''));
  return ids.filter((id) => id !== undefined);
}

function number(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
