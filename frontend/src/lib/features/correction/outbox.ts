import type { CorrectionValue } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { BrowserKeeper, type Keeper } from '$lib/keeping/keeper';
import { Versioned } from '$lib/keeping/versioned.svelte';
import { fieldsOf } from './fields';
import { RestCorrections } from './server';

/** In the place where the name of a reading tells its embryo. */
export const CORRECTIONS = 'corrections';

/** The corrections of a recording, with those of mine that wait in this browser. */
export const openCorrections = (
  app: App,
  stack: string,
  keeper: Keeper = new BrowserKeeper(),
): Versioned<CorrectionValue> =>
  new Versioned({
    name: `${app.user?.id ?? ''}/${stack}/${CORRECTIONS}`,
    server: new RestCorrections(app.api, stack),
    fieldsOf,
    keeper,
    pauseMs: 0,
  });
