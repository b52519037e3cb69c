import { expect, test } from 'vitest';
import { Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import { Drafts } from '$lib/keeping/drafts';
import { shelf } from '$lib/keeping/shelf.fixture';
import { LabSettings } from './settings.svelte';

interface Known {
  version: number;
  threshold: number;
}

const changed = (version: number): LiveEvent => ({ type: 'review_settings.changed', version });

/** Settings over a server where other people change them, too. */
function opened() {
  const server = { held: { version: 1, threshold: 5 }, reads: 0 };
  const settings = new LabSettings<Known, { threshold: number }, { threshold?: number }>(
    { drafts: new Drafts(() => 'ann', shelf()) },
    {
      thing: 'settings/l',
      news: 'review_settings.changed',
      draftOf: ({ threshold }) => ({ threshold }),
      carried: (_, draft) => draft,
      changesOf: (known, { threshold }) => (threshold === known.threshold ? {} : { threshold }),
      wrongIn: ({ threshold }) => (threshold < 0 ? ['threshold'] : []),
      read: () => {
        server.reads += 1;
        return Promise.resolve(server.held);
      },
      write: (version, change) => {
        if (version !== server.held.version) {
          return Promise.reject(new Refusal('changed_meanwhile', ''));
        }
        server.held = { ...server.held, ...change, version: version + 1 };
        return Promise.resolve(server.held);
      },
    },
  );
  return { server, settings };
}

test('what is wrong, or as it was, is not sent', async () => {
  const { server, settings } = opened();
  await settings.load();
  expect(await settings.save()).toBe(false);
  settings.form.draft = { threshold: -1 };
  expect([settings.wrong, await settings.save(), server.held.version]).toEqual([['threshold'], false, 1]);
});

test('where somebody was faster, theirs is shown and what was typed stays to be sent again', async () => {
  const { server, settings } = opened();
  await settings.load();
  settings.form.draft = { threshold: 7 };
  server.held = { version: 2, threshold: 6 };
  expect(await settings.save()).toBe(false);
  expect([settings.asking.refusal, settings.form.isOvertaken, settings.form.draft]).toEqual([
    null,
    true,
    { threshold: 7 },
  ]);
  expect(await settings.save()).toBe(true);
  expect(server.held).toEqual({ version: 3, threshold: 7 });
});

test('only news of a later version of these settings is asked for', async () => {
  const { server, settings } = opened();
  await settings.load();
  settings.hear(changed(1));
  settings.hear({ type: 'dish_geometry.changed', version: 9 });
  expect(server.reads).toBe(1);
  settings.hear(changed(2));
  expect(server.reads).toBe(2);
});
