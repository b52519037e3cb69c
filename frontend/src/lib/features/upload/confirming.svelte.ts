import { body } from '$lib/api/client';
import type { Method, Patient, Stack } from '$lib/api/types';
import type { App } from '$lib/app.svelte';
import { Asking } from '$lib/ui/asking.svelte';

export const LAYOUTS = ['3x3', '4x3', '4x4', '5x5'] as const;
export const METHODS: Method[] = ['unknown', 'ivf', 'icsi'];

/** What a person says about a recognised recording before its analysis. */
export class Confirming {
  readonly asking = new Asking();
  patientCode = $state('');
  cycleLabel = $state('1');
  method = $state<Method>('unknown');
  dishLabel = $state('');
  hpi = $state<number | null>(null);
  interval = $state<number | null>(null);
  layout = $state('');
  patients = $state.raw<Patient[]>([]);
  /** Cycles of the patient that is named, where the code is known. */
  readonly cycles: string[] = $derived(
    this.patients.find(({ code }) => code === this.patientCode.trim())?.cycles.map(({ label }) => label) ??
      [],
  );
  readonly #app: App;
  readonly #stack: Stack;

  constructor(app: App, stack: Stack) {
    this.#app = app;
    this.#stack = stack;
    this.dishLabel = stack.name.replace(/\.(ome\.)?[a-z0-9]{2,5}$/i, '').slice(0, 60);
    this.hpi = stack.hpi_at_first_frame;
    this.interval = stack.interval_minutes;
  }

  /** Patients of the lab whose code holds what was typed, for completion. */
  async suggest(): Promise<void> {
    const query = { lab: this.#stack.lab, ...(this.patientCode ? { search: this.patientCode } : {}) };
    try {
      this.patients = await body(this.#app.api.GET('/api/patients/', { params: { query } }));
    } catch {
      // Completion is a comfort; the field works without it.
    }
  }

  /** Confirm, and answer the recording as it stands then; null where the server refused. */
  async send(analyse: boolean): Promise<Stack | null> {
    let confirmed: Stack | null = null;
    await this.asking.run(async () => {
      confirmed = await body(
        this.#app.api.POST('/api/stacks/{stack_id}/confirm/', {
          params: { path: { stack_id: this.#stack.id } },
          body: {
            patient_code: this.patientCode.trim(),
            cycle_label: this.cycleLabel.trim(),
            method: this.method,
            dish_label: this.dishLabel.trim(),
            hpi_at_first_frame: this.hpi,
            interval_minutes: this.interval,
            layout: this.layout,
            analyse,
          },
        }),
      );
    });
    return confirmed;
  }
}
