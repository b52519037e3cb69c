import { body } from '$lib/api/client';
import type {
  EmbryoEventValue,
  LiveEvent,
  OnsetValue,
  PhaseName,
  ReadingValue,
  SignMeaning,
} from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import type { EmbryoPage } from '$lib/features/embryo/page.svelte';
import { Comments } from './comments.svelte';
import { outOfOrder } from './course';
import type { Change } from '$lib/keeping/edits';
import type { Value } from '$lib/keeping/fields';
import { gradeField, type Grade } from './grades';
import {
  acceptedValue,
  eventField,
  nearestWord,
  MACHINE_PROFILE,
  rejectedValue,
  verdictOn,
  wordsOf,
  type Word,
} from './machine';
import { openReading } from './outbox';
import { onsetField, saidOf, type Said } from './phases';
import { PHASES } from '$lib/features/phases/stages';
import { Calibration } from '$lib/features/measuring/calibration.svelte';
import { Measuring } from '$lib/features/measuring/measuring.svelte';
import { Sightings } from '$lib/features/sightings/sightings.svelte';
import { Presence } from './presence.svelte';
import type { Reading } from './reading.svelte';
import { tag } from '$lib/keeping/server';
import { Stopwatch } from './stopwatch';

/** Annotating the embryo of an open page: my reading, what others handed in, remarks, and who else is here. */
export class Annotation {
  readonly page: EmbryoPage;
  readonly reading: Reading;
  readonly comments: Comments;
  readonly presence: Presence;
  readonly measuring: Measuring;
  readonly sightings: Sightings;
  /** Readings of this recording that I may see, mine among them. */
  readings = $state.raw<ReadingValue[]>([]);
  isSubmitting = $state(false);
  readonly stack: string;
  readonly #app: App;
  readonly #watch = new Stopwatch();
  #unfollow: (() => void) | null = null;
  #isClosed = false;

  /** The machine's findings and other people's readings wait until I handed in mine. */
  readonly isHidden: boolean = $derived.by(
    () => this.page.dish.state?.hidden_places.includes(this.page.place) ?? false,
  );
  readonly mayEdit: boolean = $derived.by(() => this.page.dish.mayEdit);
  readonly others: ReadingValue[] = $derived.by(() =>
    this.readings.filter(
      ({ place, state, reader }) =>
        place === this.page.place && state === 'submitted' && reader.id !== this.#app.user?.id,
    ),
  );
  /** What the machine says of single phases: nothing where the pictures are too small for them. */
  readonly onsets: OnsetValue[] = $derived.by(() => (this.page.profile?.is_coarse ? [] : this.page.onsets));
  readonly words: Word[] = $derived.by(() => wordsOf(this.onsets, this.page.profile?.events ?? []));
  /** What A and X speak about: the machine's word that lies nearest to the shown frame. */
  readonly word: Word | null = $derived.by(() =>
    nearestWord(this.words, this.page.dish.shown, this.reading.fields),
  );
  /** I said that all the machine says of this embryo counts for nothing. */
  readonly hasRejected: boolean = $derived.by(() => MACHINE_PROFILE in this.reading.fields);
  readonly misordered: PhaseName[] = $derived.by(() => outOfOrder(this.reading.fields));
  /** Frames at which somebody says that something begins, for the keys that step through them. */
  readonly turns: number[] = $derived.by(() => {
    const mine = PHASES.map((phase) => this.frameOf(phase)).filter((frame) => frame !== null);
    return [...new Set([...mine, ...this.page.onsets.map(({ frame_index }) => frame_index)])].sort(
      (a, b) => a - b,
    );
  });

  /** Frames at which an event begins, the machine's and people's. */
  readonly eventFrames: number[] = $derived.by(() => {
    const machines = (this.page.profile?.events ?? []).map(({ first_frame }) => first_frame);
    const seen = [...this.sightings.mine, ...this.sightings.theirs].map(({ first }) => first);
    return [...new Set([...machines, ...seen])].sort((a, b) => a - b);
  });

  constructor(app: App, page: EmbryoPage, stack: string) {
    this.#app = app;
    this.page = page;
    this.stack = stack;
    this.reading = openReading(app, stack, page.place, { seconds: () => this.#watch.take() });
    this.comments = new Comments(app, stack, page.place);
    this.presence = new Presence(app, stack, page.place);
    this.measuring = new Measuring(this, new Calibration(app, stack));
    this.sightings = new Sightings(this);
  }

  async start(): Promise<void> {
    this.#follow();
    this.presence.start();
    const { calibration } = this.measuring;
    await Promise.all([this.reading.load(), this.comments.load(), this.#loadReadings(), calibration.load()]);
  }

  close(): void {
    this.#isClosed = true;
    this.#unfollow?.();
    this.presence.stop();
    this.reading.close();
  }

  /** Somebody is working here. */
  tick(at: number): void {
    this.#watch.tick(at);
  }

  said(phase: PhaseName): Said | null {
    return saidOf(this.reading.fields, phase);
  }

  frameOf(phase: PhaseName): number | null {
    const said = this.said(phase);
    return said === null || said === 'absent' ? null : said.frame;
  }

  /** The phase begins at this frame. */
  put(phase: PhaseName, frame: number): void {
    const said = this.said(phase);
    if (said !== null && said !== 'absent' && said.frame === frame && said.source === 'own') return;
    this.say([{ field: onsetField(phase), value: { frame_index: frame, source: 'own' } }]);
  }

  /** Take back what was said about a field. */
  remove(field: string): void {
    if (field in this.reading.fields) this.say([{ field, value: null }]);
  }

  /** Take back the onset of mine that lies at the shown frame; of several the last. */
  removeHere(): void {
    const phase = PHASES.findLast((one) => this.frameOf(one) === this.page.dish.shown);
    if (phase) this.remove(onsetField(phase));
  }

  /** Take the machine's word over, and show the frame that it speaks of. */
  accept(word: Word): void {
    this.page.seek(word.frame);
    this.say([{ field: word.field, value: acceptedValue(word) }]);
  }

  reject(word: Word): void {
    this.say([{ field: word.field, value: rejectedValue(word) }]);
  }

  /** Judge an event, or take the judgement back where it is the same again. */
  judge(event: EmbryoEventValue, verdict: 'accepted' | 'rejected'): void {
    const word: Word = { kind: 'event', field: eventField(event), frame: event.first_frame, event };
    if (verdictOn(word, this.reading.fields) === verdict) this.remove(word.field);
    else if (verdict === 'accepted') this.accept(word);
    else this.reject(word);
  }

  grade(name: Grade['name'], value: Value): void {
    this.say([{ field: gradeField(name), value }]);
  }

  say(changes: Change[]): void {
    if (!this.mayEdit || this.isSubmitting) return;
    this.presence.edited();
    this.reading.change(changes);
  }

  /** Hand the reading in; true when the server has it. What was hidden is shown then. */
  async submit(): Promise<boolean> {
    if (!this.mayEdit || this.isSubmitting) return false;
    this.isSubmitting = true;
    try {
      if (!(await this.reading.submit())) return false;
      await this.#loadReadings();
      if (this.isHidden) await this.page.dish.load();
      return true;
    } finally {
      this.isSubmitting = false;
    }
  }

  /** Put one's name under what was handed in; the person has just proved who they are. */
  async sign(meaning: SignMeaning): Promise<void> {
    const { known } = this.reading;
    if (!known) return;
    await body(
      this.#app.api.POST('/api/readings/{stack_id}/{place}/sign/', {
        params: { path: { stack_id: this.stack, place: this.page.place }, header: tag(known.version) },
        body: { meaning },
      }),
    );
    await this.reading.refresh();
  }

  /** The next embryo of the dish whose reading I did not hand in yet, around the corner at the end. */
  nextOpen(): string | null {
    const done = new Set(
      this.readings
        .filter(({ reader, state }) => reader.id === this.#app.user?.id && state === 'submitted')
        .map(({ place }) => place),
    );
    const { siblings, place } = this.page;
    const here = siblings.indexOf(place);
    const ahead = [...siblings.slice(here + 1), ...siblings.slice(0, Math.max(0, here))];
    return ahead.find((name) => !done.has(name)) ?? null;
  }

  async #loadReadings(): Promise<void> {
    const params = { path: { stack_id: this.stack } };
    try {
      const told = await body(this.#app.api.GET('/api/stacks/{stack_id}/readings/', { params }));
      if (!this.#isClosed) this.readings = told as ReadingValue[];
    } catch {
      // Other people's rows are missing then; one's own reading says that the server is away.
    }
  }

  #follow(): void {
    const { state } = this.page.dish;
    if (!state || this.#isClosed) return;
    this.#unfollow?.();
    this.#unfollow = this.#app.live.follow(`dish.${state.dish.id}`, state.live_seq, {
      event: ({ event }) => this.#heard(event),
      gone: () => void this.#catchUp(),
    });
  }

  async #catchUp(): Promise<void> {
    await Promise.all([
      this.page.dish.load(),
      this.#loadReadings(),
      this.comments.load(),
      this.reading.refresh(),
    ]);
    this.#follow();
  }

  #heard(event: LiveEvent): void {
    if (!('place' in event) || !('stack_id' in event) || event.stack_id !== this.stack) return;
    if (event.type === 'assignment.changed') {
      // A blinded reader sees less from now on.
      if (event.reader_id === this.#app.user?.id && event.place === this.page.place)
        void this.page.dish.load();
    } else if (event.type === 'reading.changed') {
      const isMine = event.reader_id === this.#app.user?.id;
      if (isMine && event.place === this.page.place) void this.reading.heard(event.version);
      if (!isMine || event.state === 'submitted') void this.#loadReadings();
    } else if (event.place !== this.page.place) return;
    else if (event.type === 'comment.changed') void this.comments.load();
    else if (event.type === 'reader.present')
      this.presence.heard(event.user_id, event.name, event.doing === 'editing');
  }
}
