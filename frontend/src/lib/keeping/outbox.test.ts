import { expect, test } from 'vitest';
import { Journal } from './journal';
import { MemoryKeeper, NOTHING_KEPT } from './keeper';
import { opened, sendWaiting } from './outbox';
import { shelf } from './shelf.fixture';

const edit = { id: '1', field: 'layout', value: '2x2', base: null, reason: '' };

test('what waits is sent for the person who said it, once it is not open in this tab', async () => {
  const keeper = new MemoryKeeper();
  const journal = new Journal(shelf());
  for (const name of ['ann/s/A1', 'ann/s/corrections', 'bob/s/A1']) {
    await keeper.change(name, (kept) => ({ ...kept, edits: [edit] }));
  }
  journal.write('ann/t/B2', [edit], 1);
  await keeper.change('ann/s/old', () => ({ ...NOTHING_KEPT, touchedAt: 1 }));
  const leave = opened('ann/s/A1');
  const sent: string[] = [];
  const send = () =>
    sendWaiting('ann', { keeper, journal }, (name) => ({
      load: async () => void sent.push(name),
      flush: async () => true,
      close: () => undefined,
    }));
  await send();
  expect(sent.splice(0)).toEqual(['ann/s/corrections', 'ann/t/B2']);
  expect(await keeper.names()).not.toContain('ann/s/old');
  leave();
  await send();
  expect(sent).toContain('ann/s/A1');
});
