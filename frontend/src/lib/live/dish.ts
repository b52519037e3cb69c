import type {
  Alert,
  CallValue,
  ContentChange,
  ContentName,
  Delivered,
  DishSnapshot,
  KeyFrame,
  LiveEvent,
  ProfileValue,
  RunValue,
  WellValue,
} from '$lib/api/types';

/** What the dish page knows: the snapshot as the server gave it, kept current by events. */
export interface DishState extends DishSnapshot {
  /** A person chose this run; null follows the latest. */
  pinned_run: string | null;
  /** Frames whose placements the server holds, as far as events told. */
  frames_followed: number;
}

type Found<T extends LiveEvent['type']> = Extract<LiveEvent, { type: T }>;

export function fromSnapshot(snapshot: DishSnapshot, pinnedRun: string | null): DishState {
  return { ...snapshot, pinned_run: pinnedRun, frames_followed: snapshot.run?.frames_done ?? 0 };
}

/** The state after one event; an event that was already applied changes nothing. */
export function reduce(state: DishState, delivered: Delivered): DishState {
  if (delivered.seq <= state.live_seq) return state;
  const next = apply(state, delivered.event);
  return { ...next, live_seq: delivered.seq };
}

function apply(state: DishState, event: LiveEvent): DishState {
  switch (event.type) {
    case 'run.queued':
    case 'run.started':
      return startRun(state, event.run);
    case 'run.ended':
      return withRun(state, event.run);
    case 'run.progressed':
      return progress(state, event);
    case 'wells.found':
      return isShown(state, event.run_id) ? findWells(state, event) : state;
    case 'well.classified':
      return isShown(state, event.run_id) ? classify(state, event) : state;
    case 'stages.called':
      return isShown(state, event.run_id) ? call(state, event) : state;
    case 'profile.decoded':
      return isShown(state, event.run_id) ? decode(state, event.profile) : state;
    case 'dish.settled':
      return isShown(state, event.run_id) ? settle(state, event) : state;
    case 'alert.raised':
      return isShown(state, event.run_id) ? raise(state, event) : state;
    case 'frames.followed':
      if (!isShown(state, event.run_id)) return state;
      return {
        ...state,
        frames_followed: Math.max(state.frames_followed, event.first_frame + event.frames),
      };
    case 'dish.changed':
      return rename(state, event.label);
    case 'result.withheld':
      return withhold(state, event.name);
    case 'reading.changed':
    case 'correction.changed':
    case 'comment.changed':
    case 'decision.changed':
    case 'fate.changed':
    case 'assignment.changed':
    case 'reader.present':
      return state; // what people say is kept by the pages that show it
    case 'stack.changed':
    case 'run.changed':
    case 'review_settings.changed':
    case 'dish_geometry.changed':
    case 'label_import.changed':
    case 'label_sync.changed':
    case 'data_set.changed':
    case 'training.progress':
    case 'training.finished':
    case 'weights.changed':
    case 'weights.use_changed':
    case 'detector_settings.changed':
    case 'check.changed':
    case 'shadow.changed':
    case 'admission.changed':
    case 'recalibration.changed':
      return state; // these belong to the lab's topic
  }
}

/** A result that this person sees later: until then there is none. */
function withhold(state: DishState, place: string): DishState {
  if (state.hidden_places.includes(place)) return state;
  return { ...state, hidden_places: [...state.hidden_places, place].sort() };
}

const isShown = (state: DishState, runId: string): boolean => state.run?.id === runId;

const newestFirst = (a: RunValue, b: RunValue): number => (a.created_at < b.created_at ? 1 : -1);

function withRun(state: DishState, run: RunValue): DishState {
  const runs = [...state.runs.filter((other) => other.id !== run.id), run].sort(newestFirst);
  const isLatest = runs[0]?.id === run.id;
  return {
    ...state,
    runs,
    run: isShown(state, run.id) ? run : state.run,
    dish: isLatest ? { ...state.dish, run } : state.dish,
  };
}

/** A run that is queued or claimed has no findings: those of an earlier attempt are gone. */
function startRun(state: DishState, run: RunValue): DishState {
  const next = withRun(state, run);
  const isShownNow = state.pinned_run ? state.pinned_run === run.id : next.runs[0]?.id === run.id;
  if (!isShownNow) return next;
  return {
    ...next,
    run,
    wells: [],
    key_frames: [],
    content_changes: [],
    alerts: [],
    profiles: [],
    calls: {},
    frames_followed: 0,
    dish: counted(next.dish, next.runs[0]?.id === run.id ? [] : null, 0),
  };
}

function progress(state: DishState, event: Found<'run.progressed'>): DishState {
  const run = state.runs.find((candidate) => candidate.id === event.run_id);
  if (!run) return state;
  return withRun(state, { ...run, frames_done: event.frames_done, frames_total: event.frames_total });
}

interface Placed {
  row: number;
  column: number;
}

const byPlace = (a: Placed, b: Placed): number => a.row - b.row || a.column - b.column;
const placeKey = ({ row, column }: Placed): string => `${row}.${column}`;

function upsertWells(wells: WellValue[], fresh: WellValue[]): WellValue[] {
  const places = new Map(wells.map((well) => [placeKey(well), well]));
  for (const well of fresh) places.set(placeKey(well), well);
  return [...places.values()].sort(byPlace);
}

/** Whether places mean the same wells in a key frame of this layout as in the one before it. */
export const keepsNames = (before: KeyFrame | undefined, layout: string | undefined): boolean =>
  before?.is_lattice_consistent === true && before.layout === layout;

function findWells(state: DishState, event: Found<'wells.found'>): DishState {
  const { type: _type, run_id, ...keyFrame } = event;
  const others = state.key_frames.filter((other) => other.frame_index !== event.frame_index);
  const key_frames: KeyFrame[] = [...others, keyFrame].sort((a, b) => a.frame_index - b.frame_index);
  const before = others.findLast((other) => other.frame_index < event.frame_index);
  // Places that mean other wells now take nothing over from those that were called so.
  const known = keepsNames(before, event.layout) ? state : { ...state, wells: [], profiles: [], calls: {} };
  const next = recounted({ ...known, key_frames, wells: upsertWells(known.wells, event.wells) });
  return event.layout ? withLayout(next, run_id, event.layout) : next;
}

/** The recording was read to its end: these are its wells, with what each held most of the time. */
function settle(state: DishState, event: Found<'dish.settled'>): DishState {
  return withLayout(recounted({ ...state, wells: upsertWells([], event.wells) }), event.run_id, event.layout);
}

function withLayout(state: DishState, runId: string, layout: string): DishState {
  const run = state.runs.find((candidate) => candidate.id === runId);
  return run ? withRun(state, { ...run, layout }) : state;
}

function rename(state: DishState, label: string): DishState {
  const named = (run: RunValue): RunValue => ({ ...run, dish_label: label });
  return {
    ...state,
    run: state.run && named(state.run),
    runs: state.runs.map(named),
    dish: { ...state.dish, label, run: state.dish.run && named(state.dish.run) },
  };
}

function classify(state: DishState, event: Found<'well.classified'>): DishState {
  const { well, frame_index, previous } = event;
  const { row, column, name, content, confidence } = well;
  const change: ContentChange = { frame_index, row, column, name, content, previous, confidence };
  const others = state.content_changes.filter(
    (other) => !(other.frame_index === frame_index && other.row === row && other.column === column),
  );
  const content_changes = [...others, change].sort(
    (a, b) => a.frame_index - b.frame_index || a.row - b.row || a.column - b.column,
  );
  return recounted({ ...state, content_changes, wells: upsertWells(state.wells, [well]) });
}

/** Calls of single frames count until a profile is decoded over them; rounds of refinement call earlier frames later. */
function call(state: DishState, event: Found<'stages.called'>): DishState {
  const { name } = event;
  const fresh = beyond(
    state.profiles.find((profile) => profile.name === name),
    event.calls,
  );
  if (fresh.length === 0) return state;
  const calls = new Map((state.calls[name] ?? []).map((known) => [known.frame_index, known]));
  for (const one of fresh) calls.set(one.frame_index, one);
  const sorted = [...calls.values()].sort((a, b) => a.frame_index - b.frame_index);
  return { ...state, calls: { ...state.calls, [name]: sorted } };
}

function decode(state: DishState, profile: ProfileValue): DishState {
  const { name } = profile;
  const others = state.profiles.filter((other) => other.name !== name);
  const { [name]: calls = [], ...rest } = state.calls;
  const left = beyond(profile, calls);
  return {
    ...state,
    profiles: [...others, profile].sort(byPlace),
    calls: left.length > 0 ? { ...rest, [name]: left } : rest,
  };
}

function beyond(profile: ProfileValue | undefined, calls: CallValue[]): CallValue[] {
  if (profile?.is_final) return [];
  const read = profile?.last?.frame_index ?? -1;
  return calls.filter(({ frame_index }) => frame_index > read);
}

function raise(state: DishState, event: Found<'alert.raised'>): DishState {
  const { kind, frame_index, place, detail } = event;
  // Two of a kind may begin in one frame: their words tell them apart.
  const others = state.alerts.filter(
    (other) =>
      other.kind !== kind ||
      other.frame_index !== frame_index ||
      other.place !== place ||
      other.detail !== detail,
  );
  const alert: Alert = { kind, frame_index, place, detail };
  const alerts = [...others, alert].sort((a, b) => a.frame_index - b.frame_index);
  return recounted({ ...state, alerts });
}

function recounted(state: DishState): DishState {
  if (state.runs[0]?.id !== state.run?.id) return state; // the dish's figures speak of its latest run
  return { ...state, dish: counted(state.dish, state.wells, state.alerts.length) };
}

function counted(
  dish: DishSnapshot['dish'],
  wells: WellValue[] | null,
  alertCount: number,
): DishSnapshot['dish'] {
  if (!wells) return dish;
  const well_counts: Record<ContentName, number> = { empty: 0, embryo: 0, gas: 0, embryo_gas: 0 };
  for (const well of wells) well_counts[well.content] += 1;
  return { ...dish, well_counts, alert_count: alertCount };
}
