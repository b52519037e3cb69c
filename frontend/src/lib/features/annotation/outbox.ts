import type { App } from '$lib/app.svelte';
import { Journal } from './journal';
import { BrowserKeeper, isWaiting, type Keeper } from './keeping';
import { Reading } from './reading.svelte';
import { RestReading } from './server';

const FORGET_AFTER_MS = 60 * 24 * 3600 * 1000;

/** Readings that are open in this tab send what waits for them by themselves. */
const open = new Set<string>();

export const nameOf = (user: string, stack: string, place: string): string => `${user}/${stack}/${place}`;

/** My reading of one embryo; `close` sends what waits and leaves the rest to the next visit. */
export function openReading(
  app: App,
  stack: string,
  place: string,
  seconds: () => number,
): { reading: Reading; close: () => void } {
  const name = nameOf(app.user?.id ?? '', stack, place);
  open.add(name);
  const server = new RestReading(app.api, stack, place);
  const reading = new Reading({ name, server, keeper: new BrowserKeeper(), seconds });
  return {
    reading,
    close: () => {
      open.delete(name);
      reading.close();
    },
  };
}

/** Send what waits in this browser for readings that are not open, such as after a day without a network. */
export async function sendWaiting(
  app: App,
  keeper: Keeper = new BrowserKeeper(),
  journal: Journal = new Journal(),
): Promise<void> {
  const user = app.user?.id;
  if (!user) return;
  for (const name of new Set([...(await namesIn(keeper)), ...journal.names()])) {
    const [owner, stack, place] = name.split('/');
    if (owner !== user || !stack || !place || open.has(name)) continue;
    const kept = await keeper.read(name);
    if (!isWaiting(kept) && journal.left(name).length === 0) {
      if (Date.now() - kept.touchedAt > FORGET_AFTER_MS) await keeper.forget(name);
      continue;
    }
    const reading = new Reading({ name, server: new RestReading(app.api, stack, place), keeper, journal });
    await reading.load();
    await reading.flush();
    reading.close();
  }
}

// A browser that forbids storage has nothing waiting.
const namesIn = (keeper: Keeper): Promise<string[]> => keeper.names().catch(() => []);
