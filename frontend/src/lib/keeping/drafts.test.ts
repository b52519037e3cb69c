import { expect, test } from 'vitest';
import { Drafts } from './drafts';
import { Form } from './form.svelte';
import { shelf } from './shelf.fixture';
import { Typed } from './typed.svelte';

const DAY_MS = 24 * 3600 * 1000;

test('what was typed is there after the tab closed, with its time, until it is sent', () => {
  const browser = shelf();
  const before = new Typed(
    new Drafts(
      () => 'ann',
      browser,
      () => 1000,
    ),
    'comment/s/A1',
    '',
  );
  before.value = 'Looks uneven';
  const after = new Typed(new Drafts(() => 'ann', browser), 'comment/s/A1', '');
  expect([after.value, after.restoredAt]).toEqual(['Looks uneven', 1000]);
  after.sent();
  const later = new Typed(new Drafts(() => 'ann', browser), 'comment/s/A1', '');
  expect([later.value, later.restoredAt]).toEqual(['', null]);
});

test('a person is not shown what somebody else typed in the same browser, nor what is about another thing', () => {
  const browser = shelf();
  new Typed(new Drafts(() => 'ann', browser), 'comment/s/A1', '').value = 'mine';
  expect(new Typed(new Drafts(() => 'bob', browser), 'comment/s/A1', '').value).toBe('');
  expect(new Typed(new Drafts(() => 'ann', browser), 'comment/s/A2', '').value).toBe('');
});

test('a part that came with a later release stands as it starts, beside what was left', () => {
  const drafts = new Drafts(() => 'ann', shelf());
  new Typed<object>(drafts, 'invitation', {}).say({ email: 'b@example.org' });
  const after = new Typed(drafts, 'invitation', { email: '', role: 'viewer' });
  expect(after.value).toEqual({ email: 'b@example.org', role: 'viewer' });
  after.say({ role: 'admin' });
  const later = new Typed(drafts, 'invitation', { email: '', role: 'viewer' });
  expect(later.value).toEqual({ email: 'b@example.org', role: 'admin' });
});

test('typing back what stood before leaves nothing behind', () => {
  const drafts = new Drafts(() => 'ann', shelf());
  const label = new Typed(drafts, 'dish-label/d', 'Dish 1');
  label.value = 'Dish 2';
  label.value = 'Dish 1';
  expect(drafts.read('dish-label/d')).toBeNull();
});

test('what is kept for too long, or cannot be read, is dropped', () => {
  const browser = shelf();
  let now = 0;
  const drafts = new Drafts(
    () => 'ann',
    browser,
    () => now,
  );
  drafts.write('old', 'a');
  browser.setItem('embryovision.typed/ann/broken', '{');
  browser.setItem('embryovision.other', 'stays');
  now = 59 * DAY_MS;
  drafts.write('new', 'b');
  now = 61 * DAY_MS;
  drafts.tidy();
  expect([drafts.read('old'), drafts.read<string>('new')?.value, browser.length]).toEqual([null, 'b', 2]);
});

test('a browser that forbids storage, or is full, lets people type', () => {
  const full = {
    ...shelf(),
    setItem: () => {
      throw new DOMException('full', 'QuotaExceededError');
    },
  };
  for (const browser of [null, full]) {
    const typed = new Typed(new Drafts(() => 'ann', browser), 'comment', '');
    typed.value = 'text';
    expect(typed.value).toBe('text');
  }
});

interface Note {
  version: number;
  text: string;
  sacs: string;
}
const note = (version: number, text = '', sacs = ''): Note => ({ version, text, sacs });

function form(drafts: Drafts): Form<Note, Omit<Note, 'version'>> {
  return new Form<Note, Omit<Note, 'version'>>({
    drafts,
    thing: 'note/1',
    draftOf: ({ text, sacs }) => ({ text, sacs }),
    carried: (before, draft, now) => ({
      text: draft.text === before.text ? now.text : draft.text,
      sacs: draft.sacs === before.sacs ? now.sacs : draft.sacs,
    }),
    isChanged: (known, draft) => draft.text !== known.text || draft.sacs !== known.sacs,
  });
}

const typing = (one: ReturnType<typeof form>, change: Partial<Note>): void => {
  one.draft = { text: '', sacs: '', ...one.draft, ...change };
  one.keep();
};

test('a form that was closed half filled in comes back upon what the server holds by then', () => {
  const drafts = new Drafts(
    () => 'ann',
    shelf(),
    () => 5,
  );
  const before = form(drafts);
  before.hear(note(1, 'as it was'));
  typing(before, { text: 'as I say' });
  const after = form(drafts);
  after.hear(note(2, 'as it was', '2'));
  expect([after.draft, after.isOvertaken, after.restoredAt]).toEqual([
    { text: 'as I say', sacs: '2' },
    true,
    5,
  ]);
  after.sent(note(3, 'as I say', '2'));
  const later = form(drafts);
  later.hear(note(3, 'as I say', '2'));
  expect([later.isChanged, later.restoredAt]).toEqual([false, null]);
});

test('what the server took although its answer never came is not restored', () => {
  const drafts = new Drafts(() => 'ann', shelf());
  const before = form(drafts);
  before.hear(note(1));
  typing(before, { text: 'sent' });
  const after = form(drafts);
  after.hear(note(2, 'sent'));
  expect([after.isChanged, after.isOvertaken, after.restoredAt, drafts.read('note/1')]).toEqual([
    false,
    false,
    null,
    null,
  ]);
});

test('what was restored can be discarded, and is gone then', () => {
  const drafts = new Drafts(() => 'ann', shelf());
  const before = form(drafts);
  before.hear(note(1));
  typing(before, { text: 'half' });
  const after = form(drafts);
  after.hear(note(1));
  after.giveUp();
  expect([after.draft, drafts.read('note/1')]).toEqual([{ text: '', sacs: '' }, null]);
});

test('a tab that only looks does not forget what another one is typing', () => {
  const drafts = new Drafts(() => 'ann', shelf());
  const [looking, writing] = [form(drafts), form(drafts)];
  looking.hear(note(1));
  writing.hear(note(1));
  typing(writing, { text: 'mine' });
  looking.keep();
  expect(drafts.read('note/1')).not.toBeNull();
});

test('what an older release left in another shape does not break the form', () => {
  const drafts = new Drafts(() => 'ann', shelf());
  drafts.write('note/1', { other: 1 });
  const one = form(drafts);
  one.hear(note(1, 'as it is'));
  expect(one.draft).toEqual({ text: 'as it is', sacs: '' });
});
