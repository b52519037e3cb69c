import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { LiveEvent } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Form } from '$lib/keeping/form.svelte';
import { Asking } from '$lib/ui/asking.svelte';

/** What tells one kind of a lab's settings from another. */
interface Kind<Known, Draft, Changes> {
  /** What they are, for the browser's memory. */
  thing: string;
  /** The live event that tells of somebody's change. */
  news: Extract<LiveEvent, { version: number }>['type'];
  draftOf: (known: Known) => Draft;
  /** The draft upon what the server holds now, with what was typed upon what it held before. */
  carried: (before: Known, draft: Draft, now: Known) => Draft;
  /** What to ask of the server: only what is no longer as it was. */
  changesOf: (known: Known, draft: Draft) => Changes;
  /** What was typed that cannot be. */
  wrongIn: (draft: Draft) => string[];
  read: () => Promise<Known>;
  write: (version: number, changes: Changes) => Promise<Known>;
}

/** Settings that a lab keeps by versions, and what is being typed upon them. */
export class LabSettings<Known extends { version: number }, Draft extends object, Changes extends object> {
  refusal = $state.raw<Refusal | null>(null);
  readonly form: Form<Known, Draft>;
  readonly asking = new Asking();
  readonly #kind: Kind<Known, Draft, Changes>;

  readonly wrong: string[] = $derived.by(() => (this.form.draft ? this.#kind.wrongIn(this.form.draft) : []));

  constructor(app: Pick<App, 'drafts'>, kind: Kind<Known, Draft, Changes>) {
    this.#kind = kind;
    const { thing, draftOf, carried, changesOf } = kind;
    const isChanged = (known: Known, draft: Draft): boolean =>
      Object.keys(changesOf(known, draft)).length > 0;
    this.form = new Form({ drafts: app.drafts, thing, draftOf, carried, isChanged });
  }

  /** Read them as they are now; what was typed stays upon them. */
  async load(): Promise<void> {
    try {
      this.form.hear(await this.#kind.read());
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Somebody's change; one's own is answered already. */
  hear(event: LiveEvent): void {
    if (event.type !== this.#kind.news || !('version' in event) || this.asking.isBusy) return;
    if (event.version > (this.form.known?.version ?? 0)) void this.load();
  }

  /** True when the server took what was typed. Where somebody was faster, theirs is shown first. */
  async save(): Promise<boolean> {
    const { known, draft, isChanged } = this.form;
    if (!known || !draft || !isChanged || this.wrong.length > 0) return false;
    const changes = this.#kind.changesOf(known, draft);
    const isDone = await this.asking.run(async () => {
      this.form.sent(await this.#kind.write(known.version, changes));
    });
    if (this.asking.refusal?.code === 'changed_meanwhile') {
      this.asking.refusal = null;
      await this.load();
    }
    return isDone;
  }

  /** Forget what was typed. */
  giveUp(): void {
    this.form.giveUp();
    this.asking.refusal = null;
  }
}
