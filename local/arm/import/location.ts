import { createHash, randomBytes } from 'node:crypto';
import { ticks } from '../clock.ts';
import type { ArmState } from '../state.ts';

/**
 * Where an import is polled: not under the registry, the region in capitals, and another address with each answer
 * (`t` the time, `c`, `s`, `h` what ARM signs it with; not checked here).
 */
export function operationLocation(state: ArmState, operationId: string, apiVersion: string): string {
  const path = `/subscriptions/${state.scope.subscription}/providers/Microsoft.ContainerRegistry/locations/${state.scope.location.toUpperCase()}/operationResults/${operationId}`;
  const signature = randomBytes(96).toString('base64url');
  const query = new URLSearchParams({
    'api-version': apiVersion,
    t: ticks(state.clock.now()),
    c: createHash('sha512').update(state.endpoint).digest('base64url'),
    s: signature,
    h: createHash('sha256').update(`${path}${signature}`).digest('base64url'),
  });
  return `${state.endpoint}${path}?${query.toString()}`;
}
