import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];

/** Where the contract lets a field be left out because its row has a default, answers carry it all the same. */
export type Decision = Required<Schemas['DecisionOut']>;
export type Compared = Omit<Schemas['ComparedOut'], 'decision'> & { decision: Decision };
export type DecisionValue = Decision['value'];
export type EffectiveOnset = Schemas['EffectiveOnsetOut'];
export type Score = Schemas['ScoreOut'];
