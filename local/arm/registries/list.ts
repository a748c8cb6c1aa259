import { page } from '../http/page.ts';
import type { Handler } from '../http/types.ts';
import { registryDocument } from './document.ts';

/** By subscription and by resource group: there is one of each, so both show all registries, by name. */
export const listRegistries: Handler = (state, request) => {
  const registries = [...state.registries.values()].sort((a, b) => a.name.localeCompare(b.name));
  return {
    status: 200,
    headers: { 'api-supported-versions': request.apiVersion },
    body: page(state, request, registries, (registry) => registryDocument(state, registry)),
  };
};
