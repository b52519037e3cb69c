import type { Drafts } from '$lib/keeping/drafts';
import { Typed } from '$lib/keeping/typed.svelte';
import type { Admission, Mapping, Meaning } from './types';

/** What somebody says the classes of a net mean, upon what their names suggest; kept until it is sent. */
export class Answering {
  readonly classes: readonly string[];
  /** Empty: nobody says what it means. */
  readonly typed: Typed<Record<string, Meaning | ''>>;
  readonly isWhole: boolean = $derived.by(() => this.classes.every((name) => name in this.said));

  constructor(
    drafts: Drafts,
    { id, question }: { id: string; question: NonNullable<Admission['question']> },
  ) {
    this.classes = question.classes;
    this.typed = new Typed(drafts, `admission/${id}`, { ...question.suggested });
  }

  /** What is said; left-over words of another reading of the file are not of this question. */
  get said(): Mapping {
    const { value } = this.typed;
    return Object.fromEntries(
      this.classes.flatMap((name) => {
        const meaning = value[name];
        return meaning ? [[name, meaning] as const] : [];
      }),
    );
  }

  say(name: string, meaning: Meaning | ''): void {
    this.typed.say({ [name]: meaning });
  }
}
