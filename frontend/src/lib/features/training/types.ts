import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];
export type Training = Schemas['TrainingOut'];
export type TrainingState = Training['state'];
export type Recipe = Training['recipe'];
export type CurvePoint = Schemas['CurvePointOut'];
export type Final = Schemas['FinalOut'];
export type Contender = Schemas['ContenderOut'];
export type Choices = Schemas['TrainingChoicesOut'];
export type Asked = Schemas['TrainingInRequest'];
