import { body } from '$lib/api/client';
import { asRefusal, type Refusal } from '$lib/api/refusal';
import type { Invitation, Member, Role } from '$lib/api/types';
import type { App } from '$lib/app.svelte';

export const ROLES: Role[] = ['viewer', 'embryologist', 'admin'];

/** The members of a lab and those who were invited. */
export class People {
  members = $state.raw<Member[] | null>(null);
  invitations = $state.raw<Invitation[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  readonly #app: App;

  constructor(app: App) {
    this.#app = app;
  }

  async load(): Promise<void> {
    const lab = this.#app.lab?.id;
    if (!lab) return;
    const params = { path: { lab_id: lab } };
    try {
      this.members = await body(this.#app.api.GET('/api/labs/{lab_id}/members/', { params }));
      if (this.#app.may('admin', lab)) {
        this.invitations = await body(this.#app.api.GET('/api/labs/{lab_id}/invitations/', { params }));
      }
      this.refusal = null;
    } catch (error) {
      this.refusal = asRefusal(error);
    }
  }

  async setRole(member: Member, role: Role): Promise<void> {
    const params = { path: { lab_id: this.#lab(), member_id: member.id } };
    await this.#change(
      this.#app.api.PATCH('/api/labs/{lab_id}/members/{member_id}/', { params, body: { role } }),
    );
  }

  async remove(member: Member): Promise<void> {
    const params = { path: { lab_id: this.#lab(), member_id: member.id } };
    await this.#change(this.#app.api.DELETE('/api/labs/{lab_id}/members/{member_id}/', { params }));
  }

  async withdraw(invitation: Invitation): Promise<void> {
    const params = { path: { lab_id: this.#lab(), invitation_id: invitation.id } };
    await this.#change(this.#app.api.DELETE('/api/labs/{lab_id}/invitations/{invitation_id}/', { params }));
  }

  async invite(email: string, role: Role): Promise<string> {
    const params = { path: { lab_id: this.#lab() } };
    const made = await body(
      this.#app.api.POST('/api/labs/{lab_id}/invitations/', { params, body: { email, role } }),
    );
    await this.load();
    return made.link;
  }

  #lab(): string {
    return this.#app.lab?.id ?? '';
  }

  async #change(asked: Parameters<typeof body>[0]): Promise<void> {
    try {
      await body(asked);
    } catch (error) {
      this.#app.report(error);
    }
    await this.load();
  }
}
