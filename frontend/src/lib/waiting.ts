import type { App } from './app.svelte';
import { openReading } from './features/annotation/outbox';
import { CORRECTIONS, openCorrections } from './features/correction/outbox';
import { Journal } from './keeping/journal';
import { BrowserKeeper } from './keeping/keeper';
import { sendWaiting } from './keeping/outbox';

/** Send what a person said without a network, or in a tab that closed too early, of whatever is not open now. */
export async function sendAllWaiting(app: App): Promise<void> {
  const user = app.user?.id;
  if (!user) return;
  const keeper = new BrowserKeeper();
  await sendWaiting(user, { keeper, journal: new Journal() }, (name) => {
    const [, stack, what] = name.split('/');
    if (!stack || !what) return null;
    return what === CORRECTIONS
      ? openCorrections(app, stack, keeper)
      : openReading(app, stack, what, { keeper });
  });
}
