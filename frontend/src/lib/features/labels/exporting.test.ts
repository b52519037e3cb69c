import { expect, test } from 'vitest';
import { addressOf, countsQuery, usual } from './exporting';

test('an export without filters asks for everything of its source', () => {
  expect(addressOf('lab', usual)).toBe(
    '/api/labs/lab/label-exports/label-studio.zip?source=imported&annotators=true&pictures=false',
  );
});

test('several imports are several values, and a name with signs in it stays one', () => {
  const address = addressOf('lab', {
    ...usual,
    form: 'coco',
    imports: ['a', 'b'],
    annotator: 'Анна & Co',
    withPictures: true,
  });
  const query = new URL(address, 'http://lab').searchParams;
  expect(query.getAll('label_import')).toEqual(['a', 'b']);
  expect(query.get('annotator')).toBe('Анна & Co');
  expect(query.get('pictures')).toBe('true');
});

test('filters of another source are not asked for', () => {
  const asked = countsQuery({ ...usual, source: 'onsets', imports: ['a'], annotator: 'x', dishes: ['d'] });
  expect(asked).toEqual({ source: 'onsets', dish: ['d'], annotators: true });
});
