import { audit } from './ru/audit';
import { adaptation } from './ru/adaptation';
import { compare } from './ru/compare';
import { correct } from './ru/correct';
import { annotation } from './ru/annotation';
import { datasets } from './ru/datasets';
import { details } from './ru/details';
import { detectors } from './ru/detectors';
import { embryo } from './ru/embryo';
import { house } from './ru/house';
import { judging } from './ru/judging';
import { keeping } from './ru/keeping';
import { labels } from './ru/labels';
import { measuring } from './ru/measuring';
import { outcomes } from './ru/outcomes';
import { phases } from './ru/phases';
import { quality } from './ru/quality';
import { readers } from './ru/readers';
import { reports } from './ru/reports';
import { review } from './ru/review';
import { rules } from './ru/rules';
import { training } from './ru/training';
import { work } from './ru/work';

export const ru = {
  ...adaptation,
  ...audit,
  ...annotation,
  ...datasets,
  ...embryo,
  ...house,
  ...work,
  ...phases,
  ...compare,
  ...correct,
  ...details,
  ...detectors,
  ...judging,
  ...keeping,
  ...labels,
  ...measuring,
  ...outcomes,
  ...quality,
  ...readers,
  ...reports,
  ...review,
  ...rules,
  ...training,
};
