/** A handler was interrupted, or could not begin, for no fault of its job: the job goes back to the queue with its try given back. */
export class HandedBackError extends Error {
  override readonly name = 'HandedBackError';
  /** How long the job is to wait before it is tried again. */
  readonly delayMs: number;

  constructor(message: string, delayMs: number) {
    super(message);
    this.delayMs = delayMs;
  }
}
