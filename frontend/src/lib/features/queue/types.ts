import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];

export type QueueItem = Schemas['QueueItemOut'];
export type Reason = QueueItem['reasons'][number];
export type ReviewPace = Schemas['PaceOut'];
export type SureOnes = Schemas['SureOut'];
