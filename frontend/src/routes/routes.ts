import type { Component } from 'svelte';
import { match } from '$lib/routing/match';

// A page is fetched when it is first opened; its parameters are those of its address.
export type Page = Component<Record<string, string>>;

interface Route {
  pattern: string;
  load: () => Promise<unknown>;
  /** Open to people without a session. */
  isPublic?: boolean;
}

export const ROUTES: Route[] = [
  { pattern: '/', load: () => import('./Dishes.svelte') },
  { pattern: '/upload', load: () => import('./Upload.svelte') },
  { pattern: '/dishes/:id', load: () => import('./Dish.svelte') },
  { pattern: '/dishes/:id/wells/:place', load: () => import('./Embryo.svelte') },
  { pattern: '/review', load: () => import('./Review.svelte') },
  { pattern: '/compare', load: () => import('./Compare.svelte') },
  { pattern: '/settings', load: () => import('./Settings.svelte') },
  { pattern: '/lab', load: () => import('./Lab.svelte') },
  { pattern: '/lab/quality', load: () => import('./LabQuality.svelte') },
  { pattern: '/lab/rules', load: () => import('./LabRules.svelte') },
  { pattern: '/labs', load: () => import('./Labs.svelte') },
  { pattern: '/labels', load: () => import('./Labels.svelte') },
  { pattern: '/labels/imports/:id', load: () => import('./LabelImport.svelte') },
  { pattern: '/data-sets', load: () => import('./DataSets.svelte') },
  { pattern: '/data-sets/:id', load: () => import('./DataSet.svelte') },
  { pattern: '/training', load: () => import('./Trainings.svelte') },
  { pattern: '/training/:id', load: () => import('./Training.svelte') },
  { pattern: '/weights', load: () => import('./Detectors.svelte') },
  { pattern: '/weights/:id', load: () => import('./Detector.svelte') },
  { pattern: '/weights/checks/:id', load: () => import('./DetectorCheck.svelte') },
  { pattern: '/weights/shadows/:id', load: () => import('./DetectorShadow.svelte') },
  { pattern: '/audit', load: () => import('./Audit.svelte') },
  { pattern: '/setup', load: () => import('./SetUp.svelte'), isPublic: true },
  { pattern: '/invitation', load: () => import('./Invitation.svelte'), isPublic: true },
];

export interface Matched {
  load: () => Promise<Page>;
  params: Record<string, string>;
  isPublic: boolean;
}

export function routeOf(path: string): Matched | null {
  for (const route of ROUTES) {
    const params = match(route.pattern, path);
    if (!params) continue;
    const load = async (): Promise<Page> => ((await route.load()) as { default: Page }).default;
    return { load, params, isPublic: route.isPublic ?? false };
  }
  return null;
}
