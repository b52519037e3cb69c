import type { Task, TaskUse, Use } from './types';

/** A change of what a lab uses, which takes the password. */
export type Deed =
  | { kind: 'propose'; task: Task; weights: string; name: string }
  | { kind: 'follow'; task: Task }
  | { kind: 'roll_back'; task: Task; name: string }
  | { kind: 'confirm'; task: Task; use: string; name: string };

export const confirming = ({ id, task, weights_name }: Use): Deed => ({
  kind: 'confirm',
  task: task as Task,
  use: id,
  name: weights_name,
});

/** An empty name stands for the server's default. */
export const rollingBack = ({ task, back_to_name }: TaskUse): Deed => ({
  kind: 'roll_back',
  task,
  name: back_to_name,
});
