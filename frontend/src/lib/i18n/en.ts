import { house } from './en/house';
import { work } from './en/work';

/** The words of the interface; the other languages have the same keys. */
export const en = { ...house, ...work };
