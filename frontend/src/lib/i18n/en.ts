import { adaptation } from './en/adaptation';
import { embryo } from './en/embryo';
import { house } from './en/house';
import { phases } from './en/phases';
import { work } from './en/work';

/** The words of the interface; the other languages have the same keys. */
export const en = { ...adaptation, ...embryo, ...house, ...work, ...phases };
