import { expect, test } from 'vitest';
import { unreachable, Refusal } from '$lib/api/refusal';
import type { ReadingValue } from '$lib/api/types';
import type { Change } from '$lib/keeping/edits';
import { same, valueIn, type Value } from '$lib/keeping/fields';
import { Journal } from '$lib/keeping/journal';
import { MemoryKeeper, type Keeper } from '$lib/keeping/keeper';
import { ChangedMeanwhile } from '$lib/keeping/server';
import { fieldsOf } from './fields';
import { Reading, type ReadingServer } from './reading.svelte';

const EMPTY: ReadingValue = {
  stack: 's',
  place: 'A1',
  reader: { id: '1', name: 'Anna' },
  version: 0,
  state: 'draft',
  is_blind: false,
  submitted_at: null,
  updated_at: null,
  onsets: {},
  absent: [],
  warnings: [],
  events: {},
  grades: {},
  measurements: {},
  profile: {},
  seconds_spent: 0,
  is_signed: false,
  signature: null,
} as ReadingValue;

/** Keeps the contract of readings: every write names the version it knows. */
class Server implements ReadingServer {
  reading: ReadingValue = EMPTY;
  asked: Change[][] = [];
  isAway = false;
  losesAnswers = false;
  refuses: Refusal | null = null;

  load(): Promise<ReadingValue> {
    return this.isAway ? Promise.reject(unreachable()) : Promise.resolve(this.reading);
  }

  change(version: number, changes: Change[]): Promise<ReadingValue> {
    if (this.isAway) return Promise.reject(unreachable());
    if (this.refuses) return Promise.reject(this.refuses);
    if (version !== this.reading.version) return Promise.reject(new ChangedMeanwhile(this.reading));
    this.asked.push(changes);
    const next = structuredClone(this.reading) as unknown as Record<string, Record<string, Value>>;
    for (const { field, value } of changes) {
      const [group = '', ...name] = field.split('.');
      const held = Object.entries(next[group] ?? {}).filter(([key]) => key !== name.join('.'));
      next[group] = Object.fromEntries(value === null ? held : [...held, [name.join('.'), value]]);
    }
    this.reading = { ...(next as unknown as ReadingValue), version: version + 1, state: 'draft' };
    return this.losesAnswers ? Promise.reject(unreachable()) : Promise.resolve(this.reading);
  }

  submit(version: number): Promise<ReadingValue> {
    if (version !== this.reading.version) return Promise.reject(new ChangedMeanwhile(this.reading));
    this.reading = { ...this.reading, version: version + 1, state: 'submitted' };
    return Promise.resolve(this.reading);
  }
}

const own = (frame_index: number): Value => ({ frame_index, source: 'own' });

async function opened(server: ReadingServer, keeper: Keeper = new MemoryKeeper()): Promise<Reading> {
  const reading = new Reading({ name: 'r', server, keeper, pauseMs: 100_000, retryMs: 100_000 });
  await reading.load();
  return reading;
}

test('what is said stands at once and is with the server after sending', async () => {
  const server = new Server();
  const reading = await opened(server);
  reading.change([{ field: 'onsets.t2', value: own(40) }]);
  expect(reading.fields['onsets.t2']).toEqual(own(40));
  expect(reading.saved).toBe('saving');
  expect(await reading.flush()).toBe(true);
  expect(reading.saved).toBe('saved');
  expect(fieldsOf(server.reading)['onsets.t2']).toEqual(own(40));
});

test('changes of one field are sent as its last value, and in the order of the fields', async () => {
  const server = new Server();
  const reading = await opened(server);
  reading.change([{ field: 'onsets.t2', value: own(40) }]);
  reading.change([{ field: 'onsets.t3', value: own(60) }]);
  reading.change([{ field: 'onsets.t2', value: own(41) }]);
  await reading.flush();
  expect(server.asked).toEqual([
    [
      { field: 'onsets.t3', value: own(60) },
      { field: 'onsets.t2', value: own(41) },
    ],
  ]);
});

test('edits made while the server is away outlive the tab and are sent later', async () => {
  const [server, keeper] = [new Server(), new MemoryKeeper()];
  const reading = await opened(server, keeper);
  server.isAway = true;
  reading.change([{ field: 'grades.icm', value: 'B' }]);
  expect(await reading.flush()).toBe(false);
  expect(reading.saved).toBe('waiting');
  const later = await opened(server, keeper);
  expect(later.fields['grades.icm']).toBe('B');
  expect(later.saved).toBe('waiting');
  server.isAway = false;
  expect(await later.flush()).toBe(true);
  expect(server.reading.grades).toEqual({ icm: 'B' });
});

/** A tab's storage of text, which others of the same browser read. */
class Shelf extends Map<string, string> {
  get length(): number {
    return this.size;
  }
  key = (place: number): string | null => [...this.keys()][place] ?? null;
  getItem = (name: string): string | null => this.get(name) ?? null;
  setItem = (name: string, text: string): void => void this.set(name, text);
  removeItem = (name: string): void => void this.delete(name);
}

test('what was said right before the tab closed is there though the store had no time to take it', async () => {
  const [server, keeper, shelf] = [new Server(), new MemoryKeeper(), new Shelf()];
  const usual = { name: 'r', server, pauseMs: 100_000, retryMs: 100_000 };
  const closing: Keeper = {
    read: (name) => keeper.read(name),
    change: () => new Promise(() => undefined),
    names: () => keeper.names(),
    forget: (name) => keeper.forget(name),
  };
  const reading = new Reading({ ...usual, keeper: closing, journal: new Journal(shelf), now: () => 1 });
  void reading.load();
  reading.change([{ field: 'onsets.t2', value: own(40) }]);
  reading.change([{ field: 'onsets.t2', value: own(41) }]);
  expect(new Journal(shelf).names()).toEqual(['r']);
  const later = new Reading({ ...usual, keeper, journal: new Journal(shelf) });
  await later.load();
  expect(later.fields['onsets.t2']).toEqual(own(41));
  expect(await later.flush()).toBe(true);
  expect(fieldsOf(server.reading)['onsets.t2']).toEqual(own(41));
  expect(shelf.size).toBe(0);
});

test('what the store has taken is struck from the journal', async () => {
  const [server, keeper, shelf] = [new Server(), new MemoryKeeper(), new Shelf()];
  const reading = new Reading({ name: 'r', server, keeper, journal: new Journal(shelf), pauseMs: 100_000 });
  await reading.load();
  reading.change([{ field: 'grades.icm', value: 'A' }]);
  expect(shelf.size).toBe(1);
  await reading.flush();
  expect(shelf.size).toBe(0);
});

test('fields that do not overlap are merged without a question', async () => {
  const server = new Server();
  const [one, other] = [await opened(server), await opened(server)];
  one.change([{ field: 'onsets.t2', value: own(40) }]);
  other.change([{ field: 'onsets.t4', value: own(80) }]);
  await one.flush();
  expect(await other.flush()).toBe(true);
  expect(fieldsOf(server.reading)).toEqual({ 'onsets.t2': own(40), 'onsets.t4': own(80) });
  expect(other.saved).toBe('saved');
});

test('overlapping fields wait with both values until a person chooses', async () => {
  const [server, keeper] = [new Server(), new MemoryKeeper()];
  const [one, other] = [await opened(server), await opened(server, keeper)];
  one.change([{ field: 'onsets.t2', value: own(40) }]);
  other.change([{ field: 'onsets.t2', value: own(44) }]);
  other.change([{ field: 'grades.te', value: 'A' }]);
  await one.flush();
  await other.flush();
  expect(other.saved).toBe('conflict');
  expect(other.kept.conflicts).toMatchObject([{ field: 'onsets.t2', mine: own(44), theirs: own(40) }]);
  expect(server.reading.grades).toEqual({ te: 'A' });
  const reopened = await opened(server, keeper);
  expect(reopened.kept.conflicts).toHaveLength(1);
  reopened.choose('onsets.t2', 'mine');
  expect(await reopened.flush()).toBe(true);
  expect(fieldsOf(server.reading)['onsets.t2']).toEqual(own(44));
});

test('theirs may be chosen, and then nothing is sent', async () => {
  const server = new Server();
  const [one, other] = [await opened(server), await opened(server)];
  one.change([{ field: 'onsets.t2', value: own(40) }]);
  other.change([
    { field: 'onsets.t2', value: null },
    { field: 'onsets.t2', value: own(44) },
  ]);
  await one.flush();
  await other.flush();
  const { version } = server.reading;
  other.choose('onsets.t2', 'theirs');
  expect(await other.flush()).toBe(true);
  expect(server.reading.version).toBe(version);
  expect(other.fields['onsets.t2']).toEqual(own(40));
});

test('an answer that was lost on its way is no conflict with oneself', async () => {
  const server = new Server();
  const reading = await opened(server);
  server.losesAnswers = true;
  reading.change([{ field: 'onsets.t2', value: own(40) }]);
  await reading.flush();
  expect(reading.saved).toBe('waiting');
  server.losesAnswers = false;
  reading.change([{ field: 'onsets.t2', value: own(41) }]);
  expect(await reading.flush()).toBe(true);
  expect(fieldsOf(server.reading)['onsets.t2']).toEqual(own(41));
});

test('undo and redo survive a reload', async () => {
  const [server, keeper] = [new Server(), new MemoryKeeper()];
  const reading = await opened(server, keeper);
  reading.change([{ field: 'onsets.t2', value: own(40) }]);
  reading.change([{ field: 'grades.icm', value: 'A' }]);
  await reading.flush();
  const later = await opened(server, keeper);
  later.undo();
  later.undo();
  expect(later.fields).toEqual({});
  later.redo();
  expect(later.fields).toEqual({ 'onsets.t2': own(40) });
  await later.flush();
  expect(fieldsOf(server.reading)).toEqual({ 'onsets.t2': own(40) });
});

test('undo takes nothing back that somebody else said since', async () => {
  const server = new Server();
  const [one, other] = [await opened(server), await opened(server)];
  one.change([{ field: 'onsets.t2', value: own(40) }]);
  await one.flush();
  await other.refresh();
  other.change([{ field: 'onsets.t2', value: own(50) }]);
  await other.flush();
  await one.refresh();
  one.undo();
  expect(one.fields['onsets.t2']).toEqual(own(50));
});

test('what the server refuses stays until the person gives it up', async () => {
  const server = new Server();
  const reading = await opened(server);
  server.refuses = new Refusal('invalid', 'No such frame.', { status: 400 });
  reading.change([{ field: 'onsets.t2', value: own(999) }]);
  await reading.flush();
  expect(reading.saved).toBe('refused');
  expect(reading.fields['onsets.t2']).toEqual(own(999));
  server.refuses = null;
  reading.discard();
  expect(await reading.flush()).toBe(true);
  expect(reading.fields).toEqual({});
});

test('a reading is handed in with all that was said before', async () => {
  const server = new Server();
  const reading = await opened(server);
  reading.change([{ field: 'onsets.t2', value: own(40) }]);
  expect(await reading.submit()).toBe(true);
  expect(server.reading.state).toBe('submitted');
  expect(reading.isSubmitted).toBe(true);
  reading.change([{ field: 'onsets.t2', value: own(41) }]);
  expect(reading.isSubmitted).toBe(false);
});

test('another tab’s edits in the same browser are sent once and never lost', async () => {
  const [server, keeper] = [new Server(), new MemoryKeeper()];
  const [one, other] = [await opened(server, keeper), await opened(server, keeper)];
  one.change([{ field: 'onsets.t2', value: own(40) }]);
  other.change([{ field: 'onsets.t3', value: own(50) }]);
  await Promise.all([one.flush(), other.flush()]);
  await Promise.all([one.flush(), other.flush()]);
  expect(fieldsOf(server.reading)).toEqual({ 'onsets.t2': own(40), 'onsets.t3': own(50) });
  expect((await keeper.read('r')).edits).toEqual([]);
});

/** A small generator with a seed, so that a failure can be seen again. */
function* chances(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

interface Word {
  who: number;
  field: string;
  value: Value;
  /** What the server held when this was said, as far as the editor knew. */
  seen: Value;
}

/** One editor's way to the server; notes every value that is overwritten by somebody who never saw it. */
class Watched implements ReadingServer {
  constructor(
    readonly server: Server,
    readonly who: number,
    readonly said: Word[],
    readonly overwritten: string[],
  ) {}

  load = (): Promise<ReadingValue> => this.server.load();
  submit = (version: number): Promise<ReadingValue> => this.server.submit(version);

  change(version: number, changes: Change[]): Promise<ReadingValue> {
    const before = fieldsOf(this.server.reading);
    const isTaken = !this.server.isAway && version === this.server.reading.version;
    for (const { field, value } of isTaken ? changes : []) {
      const held = valueIn(before, field);
      const own = this.said.filter((word) => word.who === this.who && word.field === field);
      const isKnown = own.some((word) => same(word.value, value) && same(word.seen, held));
      if (!isKnown && !own.some((word) => same(word.value, held))) this.overwritten.push(field);
    }
    return this.server.change(version, changes);
  }
}

test('no interleaving of two editors, with a network that fails, loses what either said', async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const chance = chances(seed);
    const roll = (sides: number): number => Math.floor(chance.next().value * sides);
    const [server, said, overwritten] = [new Server(), [] as Word[], [] as string[]];
    const ways = [0, 1].map((who) => new Watched(server, who, said, overwritten));
    const keepers = [new MemoryKeeper(), new MemoryKeeper()];
    const open = (who: number): Promise<Reading> =>
      opened(ways[who] as Watched, keepers[who] as MemoryKeeper);
    const editors = [await open(0), await open(1)];
    for (let step = 0; step < 40; step += 1) {
      const [who, deed] = [roll(2), roll(6)];
      [server.isAway, server.losesAnswers] = [roll(4) === 0, roll(6) === 0];
      const editor = editors[who] as Reading;
      if (deed < 3) {
        const [field, value] = [`onsets.t${2 + roll(3)}`, own(100 * who + step)];
        said.push({ who, field, value, seen: valueIn(fieldsOf(editor.known), field) });
        editor.change([{ field, value }]);
      } else if (deed < 5) await editor.flush();
      else editors[who] = await open(who);
    }
    server.isAway = server.losesAnswers = false;
    for (const editor of [...editors, ...editors, ...editors]) await editor.flush();
    expect(overwritten, `seed ${seed}`).toEqual([]);
    const held = fieldsOf(server.reading);
    for (const [who, editor] of editors.entries()) {
      for (const field of new Set(said.filter((word) => word.who === who).map((word) => word.field))) {
        const last = said.findLast((word) => word.who === who && word.field === field);
        const isOpen = editor.kept.conflicts.some(
          (one) => one.field === field && same(one.mine, last?.value),
        );
        const isSent = server.asked.flat().some((one) => one.field === field && same(one.value, last?.value));
        expect(same(held[field], last?.value) || isOpen || isSent, `seed ${seed}, ${field}`).toBe(true);
      }
    }
  }
});
