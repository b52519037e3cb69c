import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { components } from '$lib/api/schema';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Typed } from '$lib/keeping/typed.svelte';
import { Asking } from '$lib/ui/asking.svelte';
import { keepOrder, merged, rowsOf, type Said } from './mapping';
import { stageOf } from './report';
import type { Conflict, LabelImport, Meaning, Progress } from './types';

const SHOWN_CONFLICTS = 200;

type Asked = components['schemas']['LabelPreviewInRequest'];
export type Preset = NonNullable<Asked['preset']>;

type Whose = Pick<App, 'api' | 'drafts'>;

/** What a person said about a reading of the file; no word about bare boxes: what the file was read with. */
interface Answered {
  said: Said;
  areBareWells: boolean | null;
  answers: Record<string, string>;
}
const NOTHING: Answered = { said: {}, areBareWells: null, answers: {} };

/** One import from its file to the labels: what it says, what that means here, what would happen, what is not clear. */
export class OneImport {
  it = $state.raw<LabelImport | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  progress = $state.raw<Progress | null>(null);
  conflicts = $state.raw<Conflict[]>([]);
  conflictCount = $state(0);
  readonly asking = new Asking();
  #typed = $state.raw<Typed<Answered> | null>(null);
  #order = $state.raw<string[]>([]);

  /** What the person said since the file was last read. */
  readonly said: Said = $derived(this.#typed?.value.said ?? {});
  readonly areBareWells: boolean = $derived(
    this.#typed?.value.areBareWells ?? this.it?.mapping.wells_without_label ?? false,
  );
  readonly answers: Readonly<Record<string, string>> = $derived(this.#typed?.value.answers ?? {});
  readonly restoredAt: number | null = $derived(this.#typed?.restoredAt ?? null);
  readonly isStale = $derived.by(
    () =>
      Object.keys(this.said).length > 0 ||
      (this.it !== null && this.areBareWells !== (this.it.mapping.wells_without_label ?? false)),
  );
  /** Questions nobody has looked at; the careful answer is taken for them. */
  readonly left = $derived(this.conflictCount - Object.keys(this.answers).length);
  readonly stage = $derived(this.it && stageOf(this.it, this.conflictCount > 0));
  readonly rows = $derived(keepOrder(rowsOf(this.it?.words ?? [], this.said), this.#order));
  readonly open = $derived(this.rows.filter(({ isOpen }) => isOpen));
  readonly mayConfirm = $derived(this.it?.state === 'previewed' && !this.isStale && !this.asking.isBusy);
  readonly #app: Whose;
  readonly #id: string;
  #asked = 0;

  constructor(app: Whose, id: string) {
    this.#app = app;
    this.#id = id;
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const params = { path: { import_id: this.#id } };
      const it = await body(this.#app.api.GET('/api/label-imports/{import_id}/', { params }));
      if (asked !== this.#asked) return;
      this.#take(it);
      this.refusal = null;
      if (it.state === 'previewed') await this.#loadConflicts();
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  hear(event: LiveEvent): void {
    if (event.type !== 'label_import.changed' || event.import_id !== this.#id) return;
    this.progress = { done: event.done, total: event.total };
    if (event.state !== this.it?.state || event.step !== this.it.step) void this.load();
  }

  choosePreset(preset: Preset): Promise<boolean> {
    return this.#preview({ preset, mapping: null });
  }

  say(word: string, meaning: Meaning | ''): void {
    this.#typed?.say({ said: { ...this.said, [word]: meaning } });
  }

  answer(conflict: string, choice: string): void {
    this.#typed?.say({ answers: { ...this.answers, [conflict]: choice } });
  }

  sayBare(areWells: boolean): void {
    this.#typed?.say({ areBareWells: areWells });
  }

  /** Forget what was said since the file was last read. */
  giveUp(): void {
    this.#typed?.giveUp();
  }

  /** Read the file anew with what was said, and tell what would happen. */
  countAgain(): Promise<boolean> {
    const words = merged(this.it?.mapping.words ?? {}, this.said);
    const mapping = { words, wells_without_label: this.areBareWells };
    return this.#preview({ preset: (this.it?.preset ?? '') as Preset, mapping });
  }

  confirm(): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { import_id: this.#id } };
      const asked = { mapping: null, conflicts: this.answers };
      const { api } = this.#app;
      this.#take(await body(api.POST('/api/label-imports/{import_id}/confirm/', { params, body: asked })));
    });
  }

  cancel(): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { import_id: this.#id } };
      this.#take(await body(this.#app.api.POST('/api/label-imports/{import_id}/cancel/', { params })));
    });
  }

  #preview(asked: Asked): Promise<boolean> {
    return this.asking.run(async () => {
      const params = { path: { import_id: this.#id } };
      const { api } = this.#app;
      this.#take(await body(api.POST('/api/label-imports/{import_id}/preview/', { params, body: asked })));
    });
  }

  async #loadConflicts(): Promise<void> {
    const params = { path: { import_id: this.#id }, query: { page_size: SHOWN_CONFLICTS } };
    const answer = await body(this.#app.api.GET('/api/label-imports/{import_id}/conflicts/', { params }));
    this.conflicts = answer.results;
    this.conflictCount = answer.count;
  }

  #take(it: LabelImport): void {
    const before = this.it;
    this.it = it;
    this.progress = it.progress;
    // What was said holds until the file was read with it; by when it was read it is known again in a later visit.
    if (before && (before.state === it.state || it.state !== 'previewed')) return;
    if (before) this.giveUp();
    this.#typed = new Typed(this.#app.drafts, `label-import/${it.id}/${it.started_at ?? ''}`, NOTHING);
    this.#order = rowsOf(it.words, {}).map(({ key }) => key);
  }
}
