import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Typed } from '$lib/keeping/typed.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import type { Choices, DataSet, Filters, SplitRule, StepKind, Steps } from './types';

const REST_MS = 500;

type Whose = Pick<App, 'api' | 'drafts'> & { router: Pick<App['router'], 'go'> };
type Change = Partial<Pick<DataSet, 'name' | 'filters' | 'steps' | 'split'>>;

/** One data set: a draft keeps itself while it is changed and counts what it takes; a frozen one only shows itself. */
export class OneDataSet {
  it = $state.raw<DataSet | null>(null);
  choices = $state.raw<Choices | null>(null);
  kinds = $state.raw<StepKind[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  /** What the server would not keep; what the page shows is not kept until it is put right. */
  keeping = $state.raw<Refusal | null>(null);
  readonly asking = new Asking();
  #waiting = $state.raw<Typed<Change> | null>(null);
  /** Changes that are not with the server yet. */
  readonly pending: Change = $derived(this.#waiting?.value ?? {});
  readonly isDraft = $derived(this.it?.state === 'draft');
  readonly isKept = $derived(Object.keys(this.pending).length === 0);
  readonly mayFreeze = $derived(
    this.isDraft && this.isKept && (this.it?.counts?.items ?? 0) > 0 && !this.asking.isBusy,
  );
  readonly #app: Whose;
  readonly #id: string;
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isSending = false;

  constructor(app: Whose, id: string) {
    this.#app = app;
    this.#id = id;
  }

  readonly filters = $derived<Filters | null>(this.pending.filters ?? this.it?.filters ?? null);
  readonly steps = $derived<Steps | null>(this.pending.steps ?? this.it?.steps ?? null);
  readonly split = $derived<SplitRule | null>(this.pending.split ?? this.it?.split ?? null);

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const params = { path: { data_set_id: this.#id } };
      const it = (await body(this.#app.api.GET('/api/data-sets/{data_set_id}/', { params }))) as DataSet;
      if (asked !== this.#asked) return;
      this.#take(it, this.pending);
      this.refusal = null;
      if (!this.isKept) void this.keep();
      if (it.state === 'draft' && !this.choices) await this.#loadChoices(it.lab);
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  /** Show a change at once and keep it after a moment's rest. */
  change(change: Change): void {
    this.#waiting?.say(change);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(), REST_MS);
  }

  async keep(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#isSending || this.isKept) return;
    this.#isSending = true;
    const sent = this.pending;
    try {
      const params = { path: { data_set_id: this.#id } };
      const { api } = this.#app;
      const it = (await body(api.PATCH('/api/data-sets/{data_set_id}/', { params, body: sent }))) as DataSet;
      this.keeping = null;
      this.#take(it, left(this.pending, sent));
    } catch (error) {
      this.keeping = asRefusal(error);
    } finally {
      this.#isSending = false;
    }
    if (!this.isKept && !this.keeping) await this.keep();
  }

  freeze(): Promise<boolean> {
    return this.asking.run(async () => {
      await this.keep();
      const params = { path: { data_set_id: this.#id } };
      this.it = (await body(
        this.#app.api.POST('/api/data-sets/{data_set_id}/freeze/', { params }),
      )) as DataSet;
    });
  }

  /** Stop a freezing; the data set is a draft again. */
  thaw(): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { data_set_id: this.#id } };
      this.it = (await body(
        this.#app.api.POST('/api/data-sets/{data_set_id}/cancel/', { params }),
      )) as DataSet;
    });
  }

  remove(): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { data_set_id: this.#id } };
      await body(this.#app.api.DELETE('/api/data-sets/{data_set_id}/', { params }));
      this.#app.router.go('/data-sets');
    });
  }

  hear(event: LiveEvent): void {
    if (event.type !== 'data_set.changed' || event.data_set_id !== this.#id) return;
    if (event.state !== 'removed' && this.isKept && !this.#isSending) void this.load();
  }

  close(): void {
    void this.keep();
  }

  /** What waits from an earlier visit is about the data set as it was then; over another one it would undo what others changed. */
  #take(it: DataSet, waiting: Change): void {
    this.it = it;
    this.#waiting?.giveUp();
    this.#waiting = new Typed<Change>(this.#app.drafts, `data-set/${it.id}/${it.updated_at}`, {});
    this.#waiting.say(waiting);
  }

  async #loadChoices(lab: string): Promise<void> {
    const params = { path: { lab_id: lab } };
    [this.choices, this.kinds] = await Promise.all([
      body(this.#app.api.GET('/api/labs/{lab_id}/label-choices/', { params })),
      body(this.#app.api.GET('/api/data-set-steps/')),
    ]);
  }
}

/** Changes made while others were on their way. */
const left = (now: Change, sent: Change): Change =>
  Object.fromEntries(Object.entries(now).filter(([key, value]) => sent[key as keyof Change] !== value));
