import { body } from '$lib/api/client';
import type { App } from '$lib/app.svelte';
import { LabSettings } from '$lib/features/lab/settings.svelte';
import { tag } from '$lib/keeping/server';
import type { Settings, SettingsChanges } from './types';

const ROUTE = '/api/labs/{lab_id}/detector-settings/';
export const MOST_RUNS = 200;

/** The settings as they are being typed. */
export interface Draft {
  retries: boolean;
  runs: string;
}

export const draftOf = ({ retries_on_previous, shadow_runs }: Settings): Draft => ({
  retries: retries_on_previous,
  runs: String(shadow_runs),
});

/** What was typed that cannot be. */
export function wrongIn({ runs }: Draft): string[] {
  const isWhole = /^\d+$/.test(runs.trim());
  return isWhole && Number(runs) >= 1 && Number(runs) <= MOST_RUNS ? [] : ['runs'];
}

/** What to ask of the server: only what is no longer as it was, so that others' changes stay. */
export function changesOf(known: Settings, draft: Draft): SettingsChanges {
  const before = draftOf(known);
  return {
    ...(draft.retries === before.retries ? {} : { retries_on_previous: draft.retries }),
    ...(draft.runs.trim() === before.runs ? {} : { shadow_runs: Number(draft.runs) }),
  };
}

/** What was typed upon what stood before, upon what stands now. */
export function carried(before: Settings, draft: Draft, now: Settings): Draft {
  const [base, fresh] = [draftOf(before), draftOf(now)];
  return {
    retries: draft.retries === base.retries ? fresh.retries : draft.retries,
    runs: draft.runs === base.runs ? fresh.runs : draft.runs,
  };
}

/** What a lab wants of its detectors, and what is being typed upon it. */
export function detectorSettings(app: App, lab: string): LabSettings<Settings, Draft, SettingsChanges> {
  const path = { lab_id: lab };
  return new LabSettings(app, {
    thing: `detector-settings/${lab}`,
    news: 'detector_settings.changed',
    draftOf,
    carried,
    changesOf,
    wrongIn,
    read: () => body(app.api.GET(ROUTE, { params: { path } })),
    write: (version, changes) =>
      body(app.api.PATCH(ROUTE, { params: { path, header: tag(version) }, body: changes })),
  });
}
