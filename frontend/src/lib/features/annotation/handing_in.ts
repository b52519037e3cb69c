import type { App } from '$lib/app.svelte';
import { Refusal } from '$lib/api/refusal';
import type { Annotation } from './annotation.svelte';

/** Submit the reading and go on to the next embryo that waits for one; says so where there is none, or why not. */
export async function handIn(annotation: Annotation, app: App): Promise<void> {
  try {
    const isIn = annotation.reading.isSubmitted || (await annotation.submit());
    if (!isIn) {
      app.notices.refusal(new Refusal('reading_waits', app.t('annotation.not_submitted')));
      return;
    }
    if (app.router.query.get('from') === 'review') return app.router.go('/review');
    const next = annotation.nextOpen();
    if (next) app.router.go(annotation.page.addressOf(next, true));
    else app.notices.good(app.t('annotation.all_done'));
  } catch (error) {
    app.report(error);
  }
}
