import { expect, it } from 'vitest';
import { figuresOf } from './figures';

it('tells how right weights are before it tells of single events', () => {
  const metrics = {
    event_arrest_recall: 0.5,
    minutes: 41,
    sequence_accuracy: 0.7584,
    test_phase_accuracy: 0.52,
  };
  expect(figuresOf({ metrics }).map(([name]) => name)).toEqual([
    'sequence accuracy',
    'test phase accuracy',
    'minutes',
    'event arrest recall',
  ]);
});

it('leaves out what is no figure', () => {
  expect(figuresOf({ metrics: { interval: [0.9, 0.95], notes: null, recall: 0.99951 } })).toEqual([
    ['recall', '0.9995'],
  ]);
});
