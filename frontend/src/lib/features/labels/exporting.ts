export const FORMS = ['label-studio', 'yolo', 'coco', 'csv'] as const;
export type Form = (typeof FORMS)[number];
export const SOURCES = ['imported', 'dishes', 'onsets'] as const;

export interface Asked {
  form: Form;
  source: (typeof SOURCES)[number];
  imports: string[];
  annotator: string;
  dishes: string[];
  frames: number;
  withAnnotators: boolean;
  withPictures: boolean;
}

export const usual: Asked = {
  form: 'label-studio',
  source: 'imported',
  imports: [],
  annotator: '',
  dishes: [],
  frames: 1,
  withAnnotators: true,
  withPictures: false,
};

/** What is asked of the server; filters of another source are left out. */
export const countsQuery = (asked: Asked) => ({
  source: asked.source,
  ...(asked.source === 'imported'
    ? { label_import: asked.imports, annotator: asked.annotator.trim() }
    : { dish: asked.dishes }),
  ...(asked.source === 'dishes' ? { frames: asked.frames } : {}),
  annotators: asked.withAnnotators,
});

/** Where the archive is fetched; the browser saves it while it is written. */
export function addressOf(lab: string, asked: Asked): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(countsQuery(asked))) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== '') query.append(name, String(one));
  }
  query.set('pictures', String(asked.withPictures));
  return `/api/labs/${lab}/label-exports/${asked.form}.zip?${query}`;
}
