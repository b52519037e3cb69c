import { adaptation } from './ru/adaptation';
import { embryo } from './ru/embryo';
import { house } from './ru/house';
import { phases } from './ru/phases';
import { work } from './ru/work';

export const ru = { ...adaptation, ...embryo, ...house, ...work, ...phases };
