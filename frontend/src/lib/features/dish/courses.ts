import type { CallValue, ProfileValue } from '$lib/api/types';
import { courseOf, type Course } from '$lib/features/phases/course';

interface Entry {
  profile: ProfileValue | null;
  calls: readonly CallValue[];
  frames: number;
  course: Course;
}

const NONE: readonly CallValue[] = [];

/** The course of every embryo; news of one leaves the others' values as they are, so that only its strip is drawn anew. */
export class CourseBook {
  #entries = new Map<string, Entry>();

  read(
    profiles: readonly ProfileValue[],
    calls: Readonly<Record<string, CallValue[]>>,
    frames: number,
  ): Map<string, Course> {
    const known = new Map(profiles.map((profile) => [profile.name, profile]));
    const names = new Set([...known.keys(), ...Object.keys(calls)]);
    this.#entries = new Map(
      [...names].map((name) => [
        name,
        this.#entry(name, known.get(name) ?? null, calls[name] ?? NONE, frames),
      ]),
    );
    return new Map([...this.#entries].map(([name, { course }]) => [name, course]));
  }

  #entry(name: string, profile: ProfileValue | null, calls: readonly CallValue[], frames: number): Entry {
    const before = this.#entries.get(name);
    if (before?.profile === profile && before.calls === calls && before.frames === frames) return before;
    return { profile, calls, frames, course: courseOf(profile, calls, frames) };
  }
}
