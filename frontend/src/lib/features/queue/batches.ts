/** What was accepted in one go, as it can be taken back; `keys` are those of the items on the page. */
export interface Batch {
  id: string;
  count: number;
  keys: string[];
}

export interface Batches {
  read(): Batch[];
  write(batches: readonly Batch[]): void;
}

const NAME = 'embryovision.accepted';
const MOST = 50;

/** Kept with the tab, so that a reload does not take away what can be undone. */
export const remembered = (): Batches => ({
  read: () => {
    try {
      return JSON.parse(sessionStorage.getItem(NAME) ?? '[]') as Batch[];
    } catch {
      return [];
    }
  },
  write: (batches) => {
    try {
      sessionStorage.setItem(NAME, JSON.stringify(batches.slice(-MOST)));
    } catch {
      // Full or forbidden: it can be undone until the page is left.
    }
  },
});
