import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];
export type ListedImport = Schemas['LabelImportOut'];
export type LabelImport = Schemas['LabelImportDetailOut'];
export type ImportState = LabelImport['state'];
export type Progress = Schemas['LabelProgressOut'];
export type FoundWord = Schemas['LabelWordOut'];
export type Meaning = NonNullable<FoundWord['meaning']>;
export type Remark = Schemas['LabelRemarkOut'];
export type Report = Schemas['LabelReportOut'];
export type Conflict = Schemas['LabelConflictOut'];
export type Connection = Schemas['ConnectionOut'];
export type ConnectionState = Schemas['ConnectionStateOut'];
export type Sync = Schemas['LabelSyncOut'];
export type SyncReport = Schemas['SyncReportOut'];
export type ExportCounts = Schemas['ExportCountsOut'];
