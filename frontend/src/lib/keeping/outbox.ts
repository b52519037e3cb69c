import type { Journal } from './journal';
import { isWaiting, type Keeper } from './keeper';

const FORGET_AFTER_MS = 60 * 24 * 3600 * 1000;

/** Things that are open in this tab send what waits for them by themselves. */
const open = new Set<string>();

export interface Sending {
  load(): Promise<void>;
  flush(): Promise<boolean>;
  close(): void;
}

/** Say that a thing is open here; calling the answer says that it no longer is. */
export function opened(name: string): () => void {
  open.add(name);
  return () => void open.delete(name);
}

/** Send what waits in this browser for a person's things that are not open, such as after a day without a network. */
export async function sendWaiting(
  user: string,
  { keeper, journal }: { keeper: Keeper; journal: Journal },
  reopen: (name: string) => Sending | null,
): Promise<void> {
  // A browser that forbids storage has nothing waiting.
  const stored = await keeper.names().catch(() => []);
  for (const name of new Set([...stored, ...journal.names()])) {
    if (!name.startsWith(`${user}/`) || open.has(name)) continue;
    const kept = await keeper.read(name);
    if (!isWaiting(kept) && journal.left(name).length === 0) {
      if (Date.now() - kept.touchedAt > FORGET_AFTER_MS) await keeper.forget(name);
      continue;
    }
    const thing = reopen(name);
    await thing?.load();
    await thing?.flush();
    thing?.close();
  }
}
