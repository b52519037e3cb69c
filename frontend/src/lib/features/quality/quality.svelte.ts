import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { components } from '$lib/api/schema';
import type { App } from '$lib/app.svelte';

type Schemas = components['schemas'];
export type Statistics = Schemas['StatisticsOut'];
export type Share = Schemas['ShareOut'];
export type Timing = Schemas['TimingOut'];
export type Agreement = Schemas['AgreementOut'];
export type Times = Schemas['TimesOut'];

/** The machine stands among the readers under this name. */
export const MACHINE = 'machine';

/** A lab's figures over some time, and how well two readers agree; what is asked for stands in the address. */
export class Quality {
  statistics = $state.raw<Statistics | null>(null);
  agreement = $state.raw<Agreement | null>(null);
  refusal = $state.raw<Refusal | null>(null);
  agreementRefusal = $state.raw<Refusal | null>(null);
  /** Figures of other readers are on their way; those that are shown belong to the readers that they name. */
  isComparing = $state(false);
  readonly #app: App;
  #asked = 0;
  #askedAgreement = 0;

  constructor(app: App) {
    this.#app = app;
  }

  async load(lab: string, since: string, until: string): Promise<void> {
    const asked = ++this.#asked;
    const query = { ...(since ? { since } : {}), ...(until ? { until } : {}) };
    try {
      const params = { path: { lab_id: lab }, query };
      const answer = await body(this.#app.api.GET('/api/labs/{lab_id}/statistics/', { params }));
      if (asked !== this.#asked) return;
      this.statistics = answer;
      this.refusal = null;
    } catch (error) {
      if (asked === this.#asked) this.refusal = asRefusal(error);
    }
  }

  async compare(lab: string, a: string, b: string, isBlindOnly: boolean): Promise<void> {
    const asked = ++this.#askedAgreement;
    this.isComparing = true;
    const query = { ...(a ? { a } : {}), ...(b ? { b } : {}), only_blind: isBlindOnly };
    try {
      const params = { path: { lab_id: lab }, query };
      const answer = await body(this.#app.api.GET('/api/labs/{lab_id}/agreement/', { params }));
      if (asked !== this.#askedAgreement) return;
      this.agreement = answer;
      this.agreementRefusal = null;
    } catch (error) {
      if (asked === this.#askedAgreement) this.agreementRefusal = asRefusal(error);
    } finally {
      if (asked === this.#askedAgreement) this.isComparing = false;
    }
  }
}
