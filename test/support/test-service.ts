/** A running database. What a test does to it by kill, pause and their like is real: done to the process, not pretended. */
export type TestService = Readonly<{
  url: string;
  /** Ends it as a power cut does; resolves when it is gone. */
  kill: () => Promise<void>;
  /** Runs it again at the same address with the data it had kept; ends it first when it still runs. */
  restart: () => Promise<void>;
  /** Freezes it: connections stay open, nothing is answered. */
  pause: () => Promise<void>;
  resume: () => Promise<void>;
  /** Ends it for good and removes its data. */
  stop: () => Promise<void>;
}>;
