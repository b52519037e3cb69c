import { audit } from './en/audit';
import { adaptation } from './en/adaptation';
import { compare } from './en/compare';
import { correct } from './en/correct';
import { annotation } from './en/annotation';
import { datasets } from './en/datasets';
import { details } from './en/details';
import { detectors } from './en/detectors';
import { embryo } from './en/embryo';
import { house } from './en/house';
import { judging } from './en/judging';
import { keeping } from './en/keeping';
import { labels } from './en/labels';
import { measuring } from './en/measuring';
import { outcomes } from './en/outcomes';
import { phases } from './en/phases';
import { quality } from './en/quality';
import { readers } from './en/readers';
import { reports } from './en/reports';
import { review } from './en/review';
import { rules } from './en/rules';
import { training } from './en/training';
import { work } from './en/work';

/** The words of the interface; the other languages have the same keys. */
export const en = {
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
