import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];
// What has a default may be left out on the way in only; every answer tells it.
type Told = Schemas['DataSetOut'];
export type Filters = Required<NonNullable<Told['filters']>>;
export type SplitRule = Required<NonNullable<Told['split']>>;
export type Steps = Required<NonNullable<Told['steps']>>;
export interface DataSet extends Omit<Told, 'filters' | 'split' | 'steps'> {
  filters: Filters;
  split: SplitRule;
  steps: Steps;
}
export type Task = DataSet['task'];
export type Counts = Schemas['CountsOut'];
export type Split = Schemas['SplitCountsOut']['split'];
export type Step = Steps['preprocessing'][number];
export type Parameter = Exclude<keyof Step, 'step'>;
export type StepKind = Schemas['StepKindOut'];
export type Choice = Schemas['LabelChoiceOut'];
export type Choices = Schemas['LabelChoicesOut'];
export type Item = Schemas['ItemOut'];
export type Preview = Schemas['PreviewOut'];
