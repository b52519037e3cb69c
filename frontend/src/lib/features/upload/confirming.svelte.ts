import { body } from '$lib/api/client';
import type { Method, Patient, Stack } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Form } from '$lib/keeping/form.svelte';
import { Asking } from '$lib/ui/asking.svelte';

export const LAYOUTS = ['3x3', '4x3', '4x4', '5x5'] as const;
export const METHODS: Method[] = ['unknown', 'ivf', 'icsi'];

/** What is typed about a recording. */
interface Said {
  patientCode: string;
  cycleLabel: string;
  method: Method;
  dishLabel: string;
  incubator: string;
  hpi: number | null;
  interval: number | null;
  layout: string;
}

/** What a person says about a recognised recording before its analysis. */
export class Confirming {
  readonly asking = new Asking();
  readonly form: Form<Recognised, Said>;
  patients = $state.raw<Patient[]>([]);
  /** Cycles of the patient that is named, where the code is known. */
  readonly cycles: string[] = $derived.by(
    () =>
      this.patients
        .find(({ code }) => code === this.said.patientCode.trim())
        ?.cycles.map(({ label }) => label) ?? [],
  );
  readonly #app: App;
  readonly #stack: Stack;

  constructor(app: App, stack: Stack) {
    this.#app = app;
    this.#stack = stack;
    this.form = new Form<Recognised, Said>({
      drafts: app.drafts,
      thing: `confirm/${stack.id}`,
      draftOf: saidOf,
      // What was recognised does not change; what was typed stands.
      carried: (_, said, now) => ({ ...saidOf(now), ...said }),
      isChanged: (known, said) => JSON.stringify(saidOf(known)) !== JSON.stringify(said),
    });
    this.form.hear({ ...stack, version: 0 });
  }

  get said(): Said {
    return this.form.draft ?? saidOf(this.#stack);
  }

  /** Patients of the lab whose code holds what was typed, for completion. */
  async suggest(): Promise<void> {
    const query = {
      lab: this.#stack.lab,
      ...(this.said.patientCode ? { search: this.said.patientCode } : {}),
    };
    try {
      this.patients = await body(this.#app.api.GET('/api/patients/', { params: { query } }));
    } catch {
      // Completion is a comfort; the field works without it.
    }
  }

  /** Confirm, and answer the recording as it stands then; null where the server refused. */
  async send(analyse: boolean): Promise<Stack | null> {
    const { said } = this;
    let confirmed: Stack | null = null;
    await this.asking.run(async () => {
      confirmed = await body(
        this.#app.api.POST('/api/stacks/{stack_id}/confirm/', {
          params: { path: { stack_id: this.#stack.id } },
          body: {
            patient_code: said.patientCode.trim(),
            cycle_label: said.cycleLabel.trim(),
            method: said.method,
            dish_label: said.dishLabel.trim(),
            incubator: said.incubator.trim(),
            hpi_at_first_frame: said.hpi,
            interval_minutes: said.interval,
            layout: said.layout,
            analyse,
          },
        }),
      );
    });
    if (confirmed) this.form.giveUp();
    return confirmed;
  }
}

type Recognised = Pick<Stack, 'name' | 'hpi_at_first_frame' | 'interval_minutes'> & { version: number };

const saidOf = ({ name, hpi_at_first_frame, interval_minutes }: Omit<Recognised, 'version'>): Said => ({
  patientCode: '',
  cycleLabel: '1',
  method: 'unknown',
  dishLabel: name.replace(/\.(ome\.)?[a-z0-9]{2,5}$/i, '').slice(0, 60),
  incubator: '',
  hpi: hpi_at_first_frame,
  interval: interval_minutes,
  layout: '',
});
