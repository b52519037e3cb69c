import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];
export type WeightsDetail = Schemas['WeightsDetailOut'];
export type WeightsState = Schemas['WeightsStateEnum'];
export type Task = Schemas['DetectorTaskEnum'];
export type Use = Schemas['UseOut'];
export type Uses = Schemas['UsesOut'];
export type TaskUse = Uses['tasks'][number];
export type Check = Schemas['CheckOut'];
export type CheckDetail = Schemas['CheckDetailOut'];
export type Gain = Schemas['CheckGainOut'];
export type Judged = Schemas['JudgedOut'];
export type SetFigures = Schemas['SetFiguresOut'];
export type Reliability = Schemas['ReliabilityFiguresOut'];
export type Difference = Schemas['CheckDifferenceOut'];
export type Verdict = Difference['verdict'];
export type JobState = Schemas['JobStateEnum'];
// What a model has a default for is optional on the way in only; every answer tells it.
export type Admission = Required<Schemas['AdmissionOut']>;
export type AdmissionChoices = Schemas['AdmissionChoicesOut'];
export type Meaning = AdmissionChoices['meanings'][number];
export type Mapping = Record<string, Meaning>;
export type Shadow = Schemas['ShadowOut'];
export type ShadowReport = Schemas['ShadowReportOut'];
export type Look = Schemas['LookOut'];
export type Settings = Schemas['DetectorSettingsOut'];
export type SettingsChanges = Schemas['PatchedDetectorSettingsInRequest'];
export type Drift = Schemas['DriftOut'];
export type Incubator = Schemas['IncubatorOut'];
export type FigureName = Schemas['DriftFigureEnum'];
export type Recalibration = Schemas['RecalibrationOut'];
export type Recalibrations = Schemas['RecalibrationsOut'];

export const TASKS = ['wells', 'stages'] as const satisfies readonly Task[];
