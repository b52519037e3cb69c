import type { App } from '$lib/app.svelte';
import { BrowserKeeper, type Keeper } from '$lib/keeping/keeper';
import { Reading } from './reading.svelte';
import { RestReading } from './server';

/** My reading of one embryo; `close` sends what waits and leaves the rest to the next visit. */
export function openReading(
  app: App,
  stack: string,
  place: string,
  { seconds, keeper = new BrowserKeeper() }: { seconds?: () => number; keeper?: Keeper } = {},
): Reading {
  const name = `${app.user?.id ?? ''}/${stack}/${place}`;
  const server = new RestReading(app.api, stack, place);
  return new Reading({ name, server, keeper, ...(seconds && { seconds }) });
}
