import { createContext } from 'svelte';
import { body, makeApi, type Api } from './api/client';
import { asRefusal, type Refusal } from './api/refusal';
import type { Delivered, Lab, Profile, Role, Session, Theme, User } from './api/types';
import { Formats } from './i18n/formats';
import { isLanguage, preferredLanguage, Translator, type Language } from './i18n/translator.svelte';
import { Commands } from './keys/commands.svelte';
import { LiveClient } from './live/client.svelte';
import { Drafts } from './keeping/drafts';
import { LabFeed } from './live/lab.svelte';
import { Router } from './routing/router.svelte';
import { remembered, remember } from './storage';
import { Notices } from './ui/notices.svelte';
import type { WeightsUploads } from './features/detectors/uploads.svelte';
import type { LabelUploads } from './features/labels/uploads.svelte';
import type { Uploader } from './features/upload/uploader.svelte';

const RANKS: Record<Role, number> = { viewer: 0, embryologist: 1, admin: 2 };

/** What all pages share: who is here, in which lab, in which language, and the ways to the server. */
export class App {
  readonly api: Api;
  readonly router = new Router();
  readonly commands = new Commands();
  readonly words: Translator;
  readonly t: Translator['t'];
  readonly format: Formats;
  readonly notices = new Notices();
  readonly live: LiveClient;
  readonly labFeed: LabFeed;

  session = $state.raw<Session | null>(null);
  failure = $state.raw<Refusal | null>(null);
  theme = $state<Theme>('dark');
  isOffline = $state(!navigator.onLine);
  /** Made when the first upload begins: its library is not part of the first page. */
  uploader = $state.raw<Uploader | null>(null);
  labelUploads = $state.raw<LabelUploads | null>(null);
  weightsUploads = $state.raw<WeightsUploads | null>(null);
  /** What this person typed and did not send yet. */
  readonly drafts = new Drafts(() => this.user?.id ?? '');
  #labId = $state<string | null>(remembered('lab'));

  readonly user = $derived<User | null>(this.session?.user ?? null);
  readonly labs = $derived((this.session?.memberships ?? []).map(({ lab }) => lab));
  readonly lab = $derived<Lab | null>(this.labs.find(({ id }) => id === this.#labId) ?? this.labs[0] ?? null);
  readonly role = $derived<Role | null>(this.roleIn(this.lab?.id));

  constructor() {
    const language = remembered('language');
    this.words = new Translator(isLanguage(language) ? language : preferredLanguage(navigator.languages));
    this.t = this.words.t;
    this.format = new Formats(this.words);
    this.theme = document.documentElement.dataset['theme'] === 'light' ? 'light' : 'dark';
    this.api = makeApi(() => this.#signedOut());
    this.live = new LiveClient({
      url: `${location.origin.replace(/^http/, 'ws')}/ws/live/`,
      signedOut: () => this.#signedOut(),
      poll: async (topic, after) => {
        const { seq, events } = await body(
          this.api.GET('/api/events/', { params: { query: { topic, after } } }),
        );
        // The client's types widen a box of four numbers to a list.
        return { seq, events: events as Delivered[] };
      },
    });
    this.labFeed = new LabFeed(this.live, this.api);
  }

  start(): () => void {
    this.router.start();
    const wake = (): void => {
      this.isOffline = !navigator.onLine;
      if (!navigator.onLine) return;
      this.live.wake();
      void this.#sendWaiting();
    };
    const press = (event: KeyboardEvent): void => void this.commands.press(event);
    addEventListener('online', wake);
    addEventListener('offline', wake);
    addEventListener('keydown', press);
    void this.load();
    return () => {
      removeEventListener('online', wake);
      removeEventListener('offline', wake);
      removeEventListener('keydown', press);
      this.router.stop();
      this.#disconnect();
    };
  }

  async load(): Promise<void> {
    this.failure = null;
    try {
      this.enter(await body(this.api.GET('/api/session/')));
    } catch (error) {
      this.failure = asRefusal(error);
    }
  }

  /** Take over a session the server answered: after signing in, set-up or an invitation. */
  enter(session: Session): void {
    this.session = session;
    if (!session.user) return;
    this.setLanguage(session.user.language ?? this.words.language);
    this.setTheme(session.user.theme ?? this.theme);
    this.live.open();
    this.#followLab();
    void this.#sendWaiting();
  }

  async signOut(): Promise<void> {
    try {
      await body(this.api.DELETE('/api/session/'));
    } finally {
      this.#signedOut();
      await this.load();
      this.router.go('/');
    }
  }

  roleIn(labId: string | null | undefined): Role | null {
    return this.session?.memberships.find(({ lab }) => lab.id === labId)?.role ?? null;
  }

  may(atLeast: Role, labId: string | undefined = this.lab?.id): boolean {
    const role = this.roleIn(labId);
    return role !== null && RANKS[role] >= RANKS[atLeast];
  }

  chooseLab(id: string): void {
    this.#labId = id;
    remember('lab', id);
    this.#followLab();
  }

  /** The uploads of this visit. */
  async openUploader(): Promise<Uploader> {
    if (!this.uploader) {
      const { Uploader: Made } = await import('./features/upload/uploader.svelte');
      this.uploader ??= new Made(this.api);
    }
    return this.uploader;
  }

  /** The label files of this visit. */
  async openLabelUploads(): Promise<LabelUploads> {
    if (!this.labelUploads) {
      const { LabelUploads: Made } = await import('./features/labels/uploads.svelte');
      this.labelUploads ??= new Made(this.api);
    }
    return this.labelUploads;
  }

  /** The weights files of this visit. */
  async openWeightsUploads(): Promise<WeightsUploads> {
    if (!this.weightsUploads) {
      const { WeightsUploads: Made } = await import('./features/detectors/uploads.svelte');
      this.weightsUploads ??= new Made(this.api);
    }
    return this.weightsUploads;
  }

  /** Change the person's own account. */
  async changeMe(change: Profile): Promise<void> {
    // A preference is told to the server even when the person leaves the page right after choosing it.
    const user = await body(this.api.PATCH('/api/me/', { body: change, keepalive: true }));
    if (this.session) this.session = { ...this.session, user };
  }

  setLanguage(language: Language): void {
    this.words.language = language;
    document.documentElement.lang = language;
    remember('language', language);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset['theme'] = theme;
    remember('theme', theme);
  }

  /** Show what went wrong without leaving the page; answers whether it was a refusal worth keeping a form open for. */
  report(error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    this.notices.refusal(asRefusal(error));
  }

  #followLab(): void {
    if (this.lab) void this.labFeed.follow(this.lab.id);
  }

  /** What was said without a network, or in a tab that closed too early, whichever page is open now. */
  async #sendWaiting(): Promise<void> {
    try {
      this.drafts.tidy();
      const { sendAllWaiting } = await import('./waiting');
      await sendAllWaiting(this);
    } catch {
      // It stays where it is kept; the next visit, or the network's return, tries again.
    }
  }

  #disconnect(): void {
    this.labFeed.stop();
    this.live.close();
  }

  #signedOut(): void {
    if (!this.session?.user) return;
    this.#disconnect();
    this.uploader?.close();
    this.uploader = null;
    this.labelUploads?.close();
    this.labelUploads = null;
    this.weightsUploads?.close();
    this.weightsUploads = null;
    this.session = { ...this.session, user: null, memberships: [] };
  }
}

export const [getApp, setApp] = createContext<App>();
