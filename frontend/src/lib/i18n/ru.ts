import { house } from './ru/house';
import { work } from './ru/work';

export const ru = { ...house, ...work };
