import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { components } from '$lib/api/schema';
import type { App } from '$lib/app.svelte';

type Schemas = components['schemas'];
// What a model has a default for is optional on the way in only; every answer tells it.
export type RuleSet = Required<Schemas['RuleSetOut']>;
export type Template = Schemas['TemplateOut'];
export type Criterion = Schemas['CriterionOut'];
export type Grade = Schemas['GradeOut'];
export type KnownField = Schemas['FieldOut'];
export type Validation = Schemas['ValidationOut'];
export type Change = Schemas['PatchedRuleSetChangeInRequest'];
export type TemplateKey = NonNullable<Schemas['RuleSetInRequest']['template']>;
export type Endpoint = Schemas['ValidationOut']['endpoint'];

/** A lab's rules, the published ones it may start from, and what criteria may name. */
export class Rules {
  sets = $state.raw<RuleSet[] | null>(null);
  templates = $state.raw<Template[]>([]);
  fields = $state.raw<KnownField[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  /** The rule that was just begun: it appears with its editor open. */
  begun = $state<string | null>(null);
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    try {
      const params = { path: { lab_id: lab } };
      const answer = await body(this.#app.api.GET('/api/labs/{lab_id}/rules/', { params }));
      this.sets = answer.rule_sets as RuleSet[];
      this.templates = answer.templates;
      this.fields = answer.known_fields;
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  /** Start from a published rule, without its thresholds, under a name in the person's language. */
  async startFrom(template: TemplateKey, name: string): Promise<void> {
    const params = { path: { lab_id: this.#app.lab?.id ?? '' } };
    const made = await body(
      this.#app.api.POST('/api/labs/{lab_id}/rules/', { params, body: { template, name } }),
    );
    this.begun = made.id;
    await this.load();
  }

  /** A rule of the lab's own with one criterion to begin with. */
  async create(name: string): Promise<void> {
    const params = { path: { lab_id: this.#app.lab?.id ?? '' } };
    const first = { field: 't5', operator: 'between' as const, score: 1, weight: 1 };
    const made = await body(
      this.#app.api.POST('/api/labs/{lab_id}/rules/', {
        params,
        body: { template: '', name, kind: 'weighted', criteria: [first] },
      }),
    );
    this.begun = made.id;
    await this.load();
  }

  /** Change a rule as it is known here; refused with 412 where somebody changed it meanwhile. */
  async change(set: RuleSet, changes: Change): Promise<void> {
    const params = { path: { rule_id: set.id }, header: { 'If-Match': `"${set.version}"` } };
    await body(this.#app.api.PATCH('/api/rules/{rule_id}/', { params, body: changes }));
    await this.load();
  }

  async remove(set: RuleSet): Promise<void> {
    const params = { path: { rule_id: set.id }, header: { 'If-Match': `"${set.version}"` } };
    await body(this.#app.api.DELETE('/api/rules/{rule_id}/', { params }));
    await this.load();
  }

  async validate(set: RuleSet, endpoint: Endpoint): Promise<Validation> {
    const params = { path: { rule_id: set.id } };
    return body(this.#app.api.POST('/api/rules/{rule_id}/validate/', { params, body: { endpoint } }));
  }
}
