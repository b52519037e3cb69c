import { audit } from './ru/audit';
import { adaptation } from './ru/adaptation';
import { compare } from './ru/compare';
import { correct } from './ru/correct';
import { annotation } from './ru/annotation';
import { embryo } from './ru/embryo';
import { house } from './ru/house';
import { outcomes } from './ru/outcomes';
import { phases } from './ru/phases';
import { quality } from './ru/quality';
import { readers } from './ru/readers';
import { reports } from './ru/reports';
import { review } from './ru/review';
import { rules } from './ru/rules';
import { work } from './ru/work';

export const ru = {
  ...adaptation,
  ...audit,
  ...annotation,
  ...embryo,
  ...house,
  ...work,
  ...phases,
  ...compare,
  ...correct,
  ...outcomes,
  ...quality,
  ...readers,
  ...reports,
  ...review,
  ...rules,
};
