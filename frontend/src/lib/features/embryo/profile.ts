import type { components } from '$lib/api/schema';

type Schemas = components['schemas'];

/** Every called frame of one embryo in order of time, one value a frame in each list. */
export type CalledFrames = Schemas['CalledFramesOut'];
export type Stager = Schemas['StagerOut'];
