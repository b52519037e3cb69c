import { asRefusal, refusalFrom, unreachable } from '$lib/api/refusal';

/** Pictures that are there, of those that a report needs. */
export interface Progress {
  done: number;
  wanted: number;
}

interface Outside {
  fetch: typeof fetch;
  /** Hands a file to the person. */
  keep: (file: Blob, name: string) => void;
  wait: (ms: number) => Promise<void>;
}

const AGAIN_AFTER_MS = 500;
/** So many answers without one more picture mean that no more will come. */
const PATIENCE = 15;

/** Gets one report at a time: asks again until its pictures are there, and takes it without those that do not come. */
export class ReportSaving {
  progress = $state.raw<Progress | null>(null);
  isBusy = $state(false);
  #stop: AbortController | null = null;
  readonly #outside: Outside;

  constructor(outside: Outside = { fetch: (...asked) => fetch(...asked), keep, wait }) {
    this.#outside = outside;
  }

  /** Resolves once the file was handed over, or to false where the person gave up; throws a Refusal. */
  async save(address: string): Promise<boolean> {
    if (this.isBusy) return false;
    const stop = new AbortController();
    [this.#stop, this.isBusy, this.progress] = [stop, true, null];
    try {
      await this.#untilWritten(address, stop.signal);
      return true;
    } catch (error) {
      if (stop.signal.aborted) return false;
      throw asRefusal(error);
    } finally {
      [this.#stop, this.isBusy, this.progress] = [null, false, null];
    }
  }

  giveUp(): void {
    this.#stop?.abort();
  }

  async #untilWritten(address: string, signal: AbortSignal): Promise<void> {
    let [most, left] = [-1, PATIENCE];
    for (;;) {
      const answer = await this.#ask(`${address}&complete=${left > 0}`, signal);
      if (answer.status !== 202) {
        this.#outside.keep(await answer.blob(), nameIn(answer.headers.get('Content-Disposition') ?? ''));
        return;
      }
      const progress = (await answer.json()) as Progress;
      this.progress = progress;
      left = progress.done > most ? PATIENCE : left - 1;
      most = Math.max(most, progress.done);
      await this.#outside.wait(AGAIN_AFTER_MS);
      signal.throwIfAborted();
    }
  }

  async #ask(address: string, signal: AbortSignal): Promise<Response> {
    let answer: Response;
    try {
      answer = await this.#outside.fetch(address, { signal, credentials: 'same-origin' });
    } catch (error) {
      if (signal.aborted) throw error;
      throw unreachable();
    }
    if (answer.ok) return answer;
    const body: unknown = await answer.json().catch(() => null);
    throw refusalFrom(answer.status, body);
  }
}

/** The name that the server gave a file. */
export function nameIn(disposition: string): string {
  const whole = /filename\*=UTF-8''([^;]+)/.exec(disposition)?.[1];
  return whole ? decodeURIComponent(whole) : (/filename="([^"]+)"/.exec(disposition)?.[1] ?? 'report.pdf');
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function keep(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = Object.assign(document.createElement('a'), { href: address, download: name });
  link.click();
  // The browser reads the file after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
