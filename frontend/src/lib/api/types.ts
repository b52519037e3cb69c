import type { components } from './schema';

type Schemas = components['schemas'];

// Short names for what the contract defines; nothing is described here a second time.
export type Role = Schemas['RoleEnum'];
export type ContentName = Schemas['ContentEnum'];
export type RunState = Schemas['LiveRunValueStateEnum'];
export type StackState = Schemas['StackOutStateEnum'];
export type AlertKind = Schemas['AlertKindEnum'];
export type Language = Schemas['LanguageEnum'];
export type Theme = Schemas['ThemeEnum'];
export type Method = Schemas['ConfirmInMethodEnum'];

export type RefusalValue = Schemas['RefusalOut'];
export type WellValue = Schemas['LiveWellValue'];
export type RunValue = Schemas['LiveRunValue'];
export type Session = Schemas['SessionOut'];
export type User = Schemas['UserOut'];
export type Profile = Schemas['PatchedProfileInRequest'];
export type Lab = Schemas['LabOut'];
export type Stack = Schemas['StackOut'];
export type Dish = Schemas['DishOut'];
export type DishSnapshot = Schemas['DishSnapshotOut'];
export type KeyFrame = Schemas['KeyFrameOut'];
export type ContentChange = Schemas['ContentChangeOut'];
export type Alert = Schemas['AlertOut'];
export type ProfileValue = Schemas['LiveProfileValue'];
export type CallValue = Schemas['LiveCallValue'];
export type OnsetValue = Schemas['LiveOnsetValue'];
export type IntervalValue = Schemas['LiveIntervalValue'];
export type EmbryoEventValue = Schemas['LiveEmbryoEventValue'];
export type StageName = CallValue['stage'];
export type PhaseName = OnsetValue['phase'];
export type CoarseName = CallValue['coarse'];
export type Hours = Schemas['HoursOut'];
export type Patient = Schemas['PatientOut'];
export type Weights = Schemas['WeightsOut'];
export type Adaptation = Schemas['AdaptationOut'];
export type Material = Schemas['MaterialOut'];
export type ApiToken = Schemas['TokenOut'];
export type Member = Schemas['MemberOut'];
export type Invitation = Schemas['InvitationOut'];
export type AuditEntry = Schemas['EntryOut'];
export type AuditChain = Schemas['ChainOut'];
export type AuditChoices = Schemas['ChoicesOut'];
export type UnfinishedUpload = Schemas['UploadOut'];
export type Folder = Schemas['FolderOut'];

// What a model has a default for is optional on the way in only; every answer tells it.
export type ReadingValue = Required<Schemas['ReadingOut']>;
export type CommentValue = Required<Schemas['CommentOut']>;
export type VerdictValue = Required<Schemas['VerdictOut']>;
export type CorrectionValue = Required<Schemas['CorrectionOut']>;
export type SignMeaning = Schemas['SignatureOut']['meaning'];

export type LiveEvent = Schemas['LiveEvent'];
export type Delivered = Schemas['LiveDelivered'];
export type ServerMessage = Schemas['LiveServerMessage'];
export type ClientMessage = Schemas['LiveClientMessage'];
