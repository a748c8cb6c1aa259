/** Which built-in role lets an identity do what ARM or a registry refused. */
interface Remedy {
  readonly action: RegExp;
  readonly role: string;
}

const remedies: readonly Remedy[] = [
  { action: /importImage/i, role: 'Container Registry Data Importer and Data Reader' },
  { action: /scheduleRun|\/runs?\b|\/tasks?\b|listLogSasUrl|cancel/i, role: 'Container Registry Tasks Contributor' },
  { action: /delete|remove/i, role: 'AcrDelete' },
  { action: /push|write|put|move/i, role: 'AcrPush' },
  { action: /pull|read|list/i, role: 'AcrPull' },
];

/** Advice for a refusal: `action` is what ARM names, or what was tried. */
export function adviceForRefusal(action: string, scope: string): string {
  const role = remedies.find((remedy) => remedy.action.test(action))?.role ?? 'Reader';
  return `give Sluice's identity the role '${role}' on ${scope}`;
}

/*
 * ARM words a refusal in two ways:
 *   … does not have authorization to perform action 'X' over scope 'S' or the scope is invalid …
 *   … has permission to perform action 'X' on scope 'S'; however, it does not have permission to perform action 'read' on
 *   the linked scope(s) 'L' or the linked scope(s) are invalid.
 */
const linked = /does not have permission to perform action\(?s?\)? '([^']*)' on the linked scope\(s\) '([^']*)'/i;
const direct = /does not have authorization to perform action '([^']*)' over scope '([^']*)'/i;

/** Reads the refusal that a message tells of; undefined where it tells of none. */
export function refusalIn(message: string): { readonly linked: boolean; readonly advice: string } | undefined {
  const [, , source] = linked.exec(message) ?? [];
  // Reading a source for an import takes the importing role there too: 'read' alone does not show that.
  if (source !== undefined)
    return { linked: true, advice: adviceForRefusal('importImage', source.split(',')[0] ?? source) };
  const [, action, scope] = direct.exec(message) ?? [];
  if (action === undefined || scope === undefined) return undefined;
  return { linked: false, advice: adviceForRefusal(action, scope) };
}
