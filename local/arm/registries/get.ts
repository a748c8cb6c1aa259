import type { Handler } from '../http/types.ts';
import { registryOf } from '../state.ts';
import { registryDocument } from './document.ts';

export const getRegistry: Handler = (state, request) => ({
  status: 200,
  headers: { 'api-supported-versions': request.apiVersion },
  body: registryDocument(state, registryOf(state, request.params)),
});
