// Why Postino cannot start, as one sentence for the person who started it. Pure.

/** The message is the whole explanation and says what to do; main.ts prints it and exits with 78. */
export class StartProblem extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'StartProblem';
  }
}
