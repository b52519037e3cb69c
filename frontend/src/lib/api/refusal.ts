/** What the server, or the way to it, would not do: what happened, why, and what to do next. */
export class Refusal extends Error {
  readonly code: string;
  readonly hint: string;
  readonly status: number;
  readonly fields: Record<string, string[]>;

  constructor(
    code: string,
    detail: string,
    {
      hint = '',
      status = 0,
      fields = {},
    }: { hint?: string; status?: number; fields?: Record<string, string[]> } = {},
  ) {
    super(detail);
    this.name = 'Refusal';
    this.code = code;
    this.hint = hint;
    this.status = status;
    this.fields = fields;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function asLines(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(asLines);
  if (isRecord(value)) return Object.values(value).flatMap(asLines);
  return [String(value)];
}

/** Make a refusal from an answer's body, whatever stands between us and the server may have put there. */
export function refusalFrom(status: number, body: unknown): Refusal {
  if (isRecord(body) && typeof body['code'] === 'string') {
    const fields = isRecord(body['fields']) ? body['fields'] : {};
    return new Refusal(body['code'], String(body['detail'] ?? ''), {
      hint: String(body['hint'] ?? ''),
      status,
      fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, asLines(value)])),
    });
  }
  if (status >= 500) return new Refusal('server_error', '', { status });
  return new Refusal('unexpected_answer', `HTTP ${status}`, { status });
}

/** Whether it is worth asking the same again later: the server was not there, or had no time. */
export const isAway = ({ code, status }: Refusal): boolean =>
  code === 'unreachable' || status >= 500 || status === 429;

export const unreachable = (): Refusal => new Refusal('unreachable', '');

/** Whatever was thrown, as something that can be shown. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof TypeError) return unreachable();
  return new Refusal('unexpected', error instanceof Error ? error.message : String(error));
}
