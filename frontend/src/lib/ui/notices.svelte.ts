import type { Refusal } from '$lib/api/refusal';

export interface Notice {
  id: number;
  kind: 'good' | 'bad';
  text?: string;
  refusal?: Refusal;
}

const STAYS_MS = 5_000;

/** Short messages at the edge of the page; good news leaves by itself, bad news waits to be read. */
export class Notices {
  all = $state.raw<Notice[]>([]);
  #next = 0;

  good(text: string): void {
    const id = this.#add({ kind: 'good', text });
    setTimeout(() => this.dismiss(id), STAYS_MS);
  }

  refusal(refusal: Refusal): void {
    const isShown = this.all.some((notice) => notice.refusal?.code === refusal.code);
    if (!isShown) this.#add({ kind: 'bad', refusal });
  }

  dismiss(id: number): void {
    this.all = this.all.filter((notice) => notice.id !== id);
  }

  #add(notice: Omit<Notice, 'id'>): number {
    this.#next += 1;
    this.all = [...this.all, { ...notice, id: this.#next }].slice(-4);
    return this.#next;
  }
}
