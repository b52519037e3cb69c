import createClient, { type Client } from 'openapi-fetch';
import { refusalFrom, unreachable } from './refusal';
import type { paths } from './schema';

export type Api = Client<paths>;

const COOKIE = 'embryovision_csrf';

/** The header value that tells a page of ours from a page of others. */
export function csrfToken(cookies: string = document.cookie): string {
  const found = cookies.split('; ').find((part) => part.startsWith(`${COOKIE}=`));
  return found ? decodeURIComponent(found.slice(COOKIE.length + 1)) : '';
}

/** Every call of the REST contract; `onSignedOut` hears of a session that ended. */
export function makeApi(onSignedOut: () => void): Api {
  const api = createClient<paths>({ baseUrl: location.origin, credentials: 'same-origin' });
  api.use({
    onRequest({ request }) {
      if (request.method !== 'GET') request.headers.set('X-CSRFToken', csrfToken());
      return request;
    },
    onResponse({ request, response }) {
      const isSession = new URL(request.url).pathname === '/api/session/';
      if (response.status === 401 && !isSession) onSignedOut();
    },
  });
  return api;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer; anything else is thrown as a Refusal. */
export async function body<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw unreachable();
  }
  if (!answer.response.ok) throw refusalFrom(answer.response.status, answer.error);
  return answer.data as T;
}
