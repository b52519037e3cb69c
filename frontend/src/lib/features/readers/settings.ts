import { body } from '$lib/api/client';
import type { App } from '$lib/app.svelte';
import { LabSettings } from '$lib/features/lab/settings.svelte';
import { tag } from '$lib/keeping/server';
import { carried, changesOf, draftOf, wrongIn, type Changes, type Draft, type Settings } from './draft';

const ROUTE = '/api/labs/{lab_id}/review-settings/';

/** How a lab reviews, and what is being typed upon it. */
export function reviewSettings(app: App, lab: string): LabSettings<Settings, Draft, Changes> {
  const path = { lab_id: lab };
  return new LabSettings(app, {
    thing: `review-settings/${lab}`,
    news: 'review_settings.changed',
    draftOf,
    carried,
    changesOf,
    wrongIn,
    read: () => body(app.api.GET(ROUTE, { params: { path } })),
    write: (version, changes) =>
      body(app.api.PATCH(ROUTE, { params: { path, header: tag(version) }, body: changes })),
  });
}
