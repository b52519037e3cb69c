import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { AuditChain, AuditChoices, AuditEntry } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { midnight } from './period';

const PAGE_SIZE = 50;
const FILTERS = ['actor', 'action', 'subject', 'since', 'until'] as const;
export type FilterName = (typeof FILTERS)[number];

/** The lab's record of changes as the address asks for it, and whether its chain verifies. */
export class AuditRecord {
  entries = $state.raw<AuditEntry[] | null>(null);
  count = $state(0);
  refusal = $state.raw<Refusal | null>(null);
  choices = $state.raw<AuditChoices>({ actors: [], actions: [] });
  /** Null: it is being read. */
  chain = $state.raw<AuditChain | null>(null);
  chainRefusal = $state.raw<Refusal | null>(null);

  readonly #app: App;
  #asked = 0;
  #checked = 0;

  readonly page: number = $derived.by(() => Math.max(1, Number(this.#app.router.query.get('page')) || 1));
  readonly pages: number = $derived(Math.max(1, Math.ceil(this.count / PAGE_SIZE)));
  readonly filters: Record<FilterName, string> = $derived.by(
    () =>
      Object.fromEntries(FILTERS.map((name) => [name, this.#app.router.query.get(name) ?? ''])) as Record<
        FilterName,
        string
      >,
  );
  readonly isFiltered: boolean = $derived(Object.values(this.filters).some((value) => value !== ''));
  /** What a load depends on: whoever shows the record loads it again when this changes. */
  readonly question: string = $derived.by(() => JSON.stringify([this.#app.lab?.id, this.filters, this.page]));

  constructor(app: App) {
    this.#app = app;
  }

  narrow(name: FilterName, value: string): void {
    this.#app.router.setQuery({ [name]: value.trim(), page: null }, { push: true });
  }

  showAll(): void {
    const nothing = Object.fromEntries(FILTERS.map((name) => [name, null]));
    this.#app.router.setQuery({ ...nothing, page: null }, { push: true });
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    const asked = ++this.#asked;
    const { actor, action, subject } = this.filters;
    const since = midnight(this.filters.since);
    const until = midnight(this.filters.until, 1);
    const query = {
      lab,
      page: this.page,
      page_size: PAGE_SIZE,
      ...(actor ? { actor } : {}),
      ...(action ? { action } : {}),
      ...(subject ? { subject } : {}),
      ...(since ? { since } : {}),
      ...(until ? { until } : {}),
    };
    try {
      const answer = await body(this.#app.api.GET('/api/audit/', { params: { query } }));
      if (asked !== this.#asked) return; // a later question was asked meanwhile
      this.entries = answer.results;
      this.count = answer.count;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  /** What the record can be narrowed to; without it the filters still take what is typed. */
  async loadChoices(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    try {
      this.choices = await body(this.#app.api.GET('/api/audit/choices/', { params: { query: { lab } } }));
    } catch (error) {
      this.#app.report(error);
    }
  }

  async check(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    const checked = ++this.#checked;
    this.chain = this.chainRefusal = null;
    try {
      const chain = await body(this.#app.api.GET('/api/audit/chain/', { params: { query: { lab } } }));
      if (checked === this.#checked) this.chain = chain;
    } catch (error) {
      if (checked === this.#checked) this.chainRefusal = asRefusal(error);
    }
  }

  close(): void {
    this.#asked += 1;
    this.#checked += 1;
  }
}
