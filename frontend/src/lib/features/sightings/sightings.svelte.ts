import type { Annotation } from '$lib/features/annotation/annotation.svelte';
import { fieldsOf } from '$lib/features/annotation/fields';
import { added, changed, ownEventsOf, type OwnEvent } from './own';

/** Events that people saw and the machine did not: mine to add and change, others' to look at. */
export class Sightings {
  /** The list of kinds is open: the next key says what is seen here. */
  isChoosing = $state(false);
  #chosen = $state<string | null>(null);
  readonly #annotation: Annotation;

  readonly mine: OwnEvent[] = $derived.by(() => ownEventsOf(this.#annotation.reading.fields));
  readonly theirs: (OwnEvent & { name: string })[] = $derived.by(() =>
    this.#annotation.others.flatMap((reading) =>
      ownEventsOf(fieldsOf(reading)).map((event) => ({ ...event, name: reading.reader.name })),
    ),
  );
  /** The one that was added or gone to last: what "ends here" speaks of. */
  readonly chosen: OwnEvent | null = $derived(
    this.mine.find(({ field }) => field === this.#chosen) ?? this.mine.at(-1) ?? null,
  );

  constructor(annotation: Annotation) {
    this.#annotation = annotation;
  }

  get mayEdit(): boolean {
    return this.#annotation.mayEdit;
  }

  choose(event: OwnEvent): void {
    this.#chosen = event.field;
    this.#annotation.page.seek(event.first);
  }

  /** It begins at the shown frame. */
  add(kind: string): void {
    this.isChoosing = false;
    const { page } = this.#annotation;
    const change = added(kind, page.dish.shown, page.profile?.events ?? []);
    this.#chosen = change.field;
    if (!(change.field in this.#annotation.reading.fields)) this.#annotation.say([change]);
  }

  change(event: OwnEvent, to: Parameters<typeof changed>[1]): void {
    const changes = changed(event, to);
    const target = changes.at(-1);
    if (!target) return;
    const isTaken = target.field !== event.field && target.field in this.#annotation.reading.fields;
    // Two of one kind that begin in one frame are one.
    if (isTaken) return;
    this.#chosen = target.field;
    this.#annotation.say(changes);
  }

  beginHere(event: OwnEvent): void {
    this.change(event, { first: this.#annotation.page.dish.shown });
  }

  /** The one in hand ends at the shown frame. */
  endHere(event: OwnEvent | null = this.chosen): void {
    if (event) this.change(event, { last: this.#annotation.page.dish.shown });
  }

  remove(event: OwnEvent): void {
    this.#annotation.remove(event.field);
  }
}
