import type { ValidationEntry } from '../catalog/model.ts';
import type { Tag } from '../image/names.ts';
import { renderSandbox } from './validation-yaml.ts';

/** Stands where the candidate's digest will: a verdict is of one digest anyway. */
const anyCandidate = `registry/candidate@sha256:${'0'.repeat(64)}`;
/** The tools image is no part of what is asked of a candidate: a newer docker CLI must not undo all verdicts. */
const anyTools = `registry/tools@sha256:${'0'.repeat(64)}`;

/** What would be sent, as one canonical text: the same for all that would be sent alike. */
export function describeValidation(entry: ValidationEntry, tag: Tag): string {
  switch (entry.kind) {
    case 'run':
    case 'script':
      return text({ yaml: renderSandbox(entry, { candidate: anyCandidate, tools: anyTools }) });
    case 'steps': {
      const { content, timeoutSeconds } = entry;
      return text({ yaml: content, timeoutSeconds, ...(usesTag(content) && { tag }) });
    }
    case 'task':
      // What the task does with TAG is not known here.
      return text({ task: entry.task, timeoutSeconds: entry.timeoutSeconds, tag });
  }
}

/** `{{.Values.TAG}}`, with Go's freedom in spaces and pipelines. */
function usesTag(content: string): boolean {
  return /\.Values\.TAG\b|index\s+\.Values\s+"TAG"/.test(content);
}

function text(value: Readonly<Record<string, string | number>>): string {
  return JSON.stringify(value);
}
