/** Members a client may send back as it got them; the service ignores them. */
const readOnly: readonly (readonly string[])[] = [
  ['id'],
  ['name'],
  ['type'],
  ['systemData'],
  ['identity', 'principalId'],
  ['identity', 'tenantId'],
  ['properties', 'provisioningState'],
  ['properties', 'creationDate'],
  ['properties', 'step', 'baseImageDependencies'],
];

type Json = Record<string, unknown>;

/** Nulls mean absent. */
export function withoutNulls(body: unknown): unknown {
  return mergePatch({}, body);
}

/** A body without nulls and without what only the service writes. */
export function writableBody(body: unknown): unknown {
  const copy = withoutNulls(body);
  for (const path of readOnly) remove(copy, path);
  return copy;
}

/**
 * RFC 7396, except that entries of trigger lists are matched by name, and that a step of another type replaces
 * the old one.
 */
export function mergePatch(current: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch.map((entry) => mergePatch(namesake(current, entry), entry));
  if (!isObject(patch)) return patch;
  const merged: Json = isObject(current) && sameKind(current, patch) ? { ...current } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete merged[key];
    else Object.defineProperty(merged, key, { ...plain, value: mergePatch(merged[key], value) });
  }
  return merged;
}

function sameKind(current: Json, patch: Json): boolean {
  return !('type' in current && 'type' in patch) || current.type === patch.type;
}

/** Assigning by definition keeps a member named `__proto__` a member. */
const plain = { enumerable: true, configurable: true, writable: true } as const;

function namesake(current: unknown, entry: unknown): unknown {
  if (!Array.isArray(current) || !isObject(entry) || !('schedule' in entry || 'sourceTriggerEvents' in entry)) {
    return undefined;
  }
  return current.find((other) => isObject(other) && other.name === entry.name);
}

function remove(body: unknown, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (key === undefined || !isObject(body)) return;
  if (rest.length === 0) delete body[key];
  else remove(body[key], rest);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
