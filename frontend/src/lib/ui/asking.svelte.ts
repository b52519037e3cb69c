import { asRefusal, type Refusal } from '$lib/api/refusal';

/** One question to the server at a time, as a form or a button asks it: busy, refused, or done. */
export class Asking {
  isBusy = $state(false);
  refusal = $state.raw<Refusal | null>(null);

  /** The refusal's words about one field. */
  errors(field: string): string[] {
    return this.refusal?.fields[field] ?? [];
  }

  /** True when the server did it. */
  async run(ask: () => Promise<void>): Promise<boolean> {
    if (this.isBusy) return false;
    this.isBusy = true;
    this.refusal = null;
    try {
      await ask();
      return true;
    } catch (error) {
      this.refusal = asRefusal(error);
      return false;
    } finally {
      this.isBusy = false;
    }
  }
}
