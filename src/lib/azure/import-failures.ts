import { maskSecrets } from '../http/mask.ts';
import type { ImportState } from '../pipeline/ports.ts';
import { refusalIn } from './roles.ts';

export type ImportFailureState = Exclude<ImportState, { kind: 'running' } | { kind: 'succeeded' }>;

interface Rule {
  readonly pattern: RegExp;
  readonly state: 'exists' | 'gone' | 'retry' | 'stall';
  readonly advice?: string;
}

const credentialsAdvice =
  "upstream refuses the pull: add credentials to the image's upstream in sluice.yaml, or renew their app settings";

/**
 * What an import's failure means, by its message: the status does not tell causes apart. The first rule that fits counts.
 * Words are Azure's own as reported; where none fits, it is tried again within bounds.
 */
const rules: readonly Rule[] = [
  { pattern: /already exists in target registry|tag\b.*\balready exists/i, state: 'exists' },
  {
    pattern: /unable to find manifest|MANIFEST_UNKNOWN|manifest unknown|NAME_UNKNOWN|Invalid message (?:404|NotFound)/i,
    state: 'gone',
  },
  {
    pattern: /HAP429|\b429\b|too ?many ?requests|rate limit/i,
    state: 'retry',
    advice: "upstream limits pulls: credentials in the image's upstream raise the limit",
  },
  {
    pattern: /client with IP|network rule|firewall|private endpoint|PublicNetworkAccess/i,
    state: 'stall',
    advice: 'the source registry must let trusted Azure services through its network rules',
  },
  {
    pattern: /\bmore than 50\b|manifests or more|at most 50|too many manifests/i,
    state: 'stall',
    advice: 'Azure imports at most 50 manifests of an image: push it into staging/ by other means',
  },
  {
    pattern: /quota|storage limit|size limit/i,
    state: 'stall',
    advice: 'the registry is full: remove old tags, or choose a larger SKU',
  },
  {
    pattern: /\b401\b|unauthorized|authentication required|\b403\b|forbidden|\bdenied\b|invalid username/i,
    state: 'stall',
    advice: credentialsAdvice,
  },
  {
    pattern: /no such host|could not resolve|name or service not known|certificate/i,
    state: 'stall',
    advice: "check the upstream's host in sluice.yaml",
  },
  {
    pattern: /error copying blobs|time(?:d )?out|temporar|unavailable|internal server error|\b50[0234]\b/i,
    state: 'retry',
  },
];

/** `message` as ARM gave it: `Operation registries-… failed. Resource … ` and then the cause. */
export function classifyImportFailure(message: string): ImportFailureState {
  const refusal = refusalIn(message);
  const why = maskSecrets(causeIn(message));
  if (refusal) return { kind: 'failed', next: 'stall', why: `${why}; ${refusal.advice}` };
  const rule = rules.find(({ pattern }) => pattern.test(why));
  switch (rule?.state) {
    case 'exists':
      return { kind: 'exists' };
    case 'gone':
      return { kind: 'gone', why };
    default:
      return {
        kind: 'failed',
        next: rule?.state ?? 'retry',
        why: rule?.advice === undefined ? why : `${why}; ${rule.advice}`,
      };
  }
}

/** Operation and resource ids would match rules by chance: a guid may hold 401. */
function causeIn(message: string): string {
  const cause = message
    .replace(/^.*?Operation registries-\S+ failed\.?\s*/is, '')
    .replace(/^Resource\s+\/subscriptions\/\S+\s*/i, '')
    .replace(/sha256:[a-f0-9]{64}/g, 'that digest')
    .trim();
  return cause === '' ? message : cause;
}
