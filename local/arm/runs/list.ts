import { armError } from '../http/errors.ts';
import { nextLink, pageSize, readToken, writeToken } from '../http/page.ts';
import type { ArmRequest, Handler } from '../http/types.ts';
import { registryOf } from '../state.ts';
import { runDocument } from './document.ts';
import { parseFilter } from './filter.ts';

/**
 * Newest first. `$top` bounds all pages together; `$skiptoken` carries the run the next page starts below and how
 * many are still wanted, so that runs scheduled meanwhile neither repeat nor hide one.
 */
export const listRuns: Handler = (state, request) => {
  const registry = registryOf(state, request.params);
  const matches = parseFilter(request.query.get('$filter') ?? '');
  const { below, wanted } = position(request);
  const found = state.runs.list(registry.name).filter((run) => run.sequence < below && matches(run));
  const size = Math.min(pageSize, wanted);
  const shown = found.slice(0, size);
  const value = shown.map((run) => runDocument(state, run));
  const last = shown.at(-1);
  const left = wanted - shown.length;
  if (!last || left <= 0 || found.length <= shown.length) return { status: 200, body: { value } };
  const token = writeToken(`${last.sequence},${Number.isFinite(left) ? left : ''}`);
  return { status: 200, body: { value, nextLink: nextLink(state, request, token) } };
};

function position(request: ArmRequest): { below: number; wanted: number } {
  const token = request.query.get('$skiptoken');
  if (token === null) return { below: Number.POSITIVE_INFINITY, wanted: top(request.query.get('$top')) };
  const match = /^(\d+),(\d*)$/.exec(readToken(token));
  if (!match) throw armError(400, 'InvalidSkipToken', `The skip token '${token}' is invalid.`);
  return {
    below: Number(match[1]),
    wanted: match[2] ? Number(match[2]) : Number.POSITIVE_INFINITY,
  };
}

function top(text: string | null): number {
  if (text === null || text === '') return Number.POSITIVE_INFINITY;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw armError(
      400,
      'InvalidQueryParameterValue',
      `The value '${text}' of '$top' is invalid: a positive whole number is expected.`,
    );
  }
  return Number(text);
}
