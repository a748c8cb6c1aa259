/** What is wrong with a task file. It ends the run, and its message stands in the log. */
export class TaskFileProblem extends Error {
  /** Where in the text that was being read, before it is traced back to what the author wrote. */
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.name = 'TaskFileProblem';
    this.offset = offset;
  }
}
