/** One thing wrong with the catalog, and where. `line` and `column` count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `images.node.gate.soak`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  readonly expected: string;
  readonly hint?: string;
}

/** `sluice.yaml:12:5  images.node.gate.soak: … Expected … Did you mean …?` */
export function formatProblem(problem: Problem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === undefined ? '' : `\n    ${problem.hint}`;
  return `${place}  ${path}${problem.message}\n    Expected ${problem.expected}.${hint}`;
}

/** All problems, in the order of the file, with a closing count. */
export function formatProblems(problems: readonly Problem[]): string {
  const lines = problems.map(formatProblem);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${lines.join('\n')}\n${count}.`;
}
