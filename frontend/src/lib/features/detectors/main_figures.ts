import type { Weights } from '$lib/api/types';
import { isRecord } from './records';
import type { Task } from './types';

/** A figure that weights of a task state about themselves, under the names that manifests use for it. */
interface Stated {
  key: string;
  names: readonly string[];
  isHigherBetter: boolean;
}

const STATED: Record<Task, readonly Stated[]> = {
  wells: [
    { key: 'recall', names: ['hard_recall', 'usual_recall'], isHigherBetter: true },
    { key: 'content_f1', names: ['hard_content_f1', 'usual_content_f1'], isHigherBetter: true },
    { key: 'gas_outside', names: ['hard_gas_outside_accuracy'], isHigherBetter: true },
  ],
  stages: [
    { key: 'phase', names: ['sequence_accuracy', 'test_phase_accuracy'], isHigherBetter: true },
    { key: 'coarse', names: ['test_coarse_accuracy'], isHigherBetter: true },
    { key: 'honesty', names: ['sequence_ece', 'test_calibration_error'], isHigherBetter: false },
  ],
};

export interface Column {
  key: string;
  isHigherBetter: boolean;
  /** One for each of the weights, in their order; null where their manifest does not say. */
  values: (number | null)[];
}

/** The main figures of weights side by side; a figure is of one and the same name for all, else it is no comparison. */
export function columnsOf(task: Task, all: readonly Pick<Weights, 'manifest'>[]): Column[] {
  return STATED[task].map(({ key, names, isHigherBetter }) => {
    const told = names.map((name) => all.map(({ manifest }) => stated(manifest, name)));
    const count = (values: (number | null)[]): number => values.filter((value) => value !== null).length;
    // The name that most of them state.
    const values = told.reduce((best, other) => (count(other) > count(best) ? other : best));
    return { key, isHigherBetter, values };
  });
}

function stated(manifest: Weights['manifest'], name: string): number | null {
  const metrics = manifest['metrics'];
  const value = isRecord(metrics) ? metrics[name] : undefined;
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
