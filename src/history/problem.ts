// What goes wrong with the history, for people. Pure.

/** The history could not do it; the message says why, in sentences. */
export class HistoryProblem extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'HistoryProblem';
  }
}
