import { describe, expect, it } from 'vitest';
import { nameIn, ReportSaving } from './saving.svelte';

const progress = (done: number) => new Response(JSON.stringify({ done, wanted: 9 }), { status: 202 });
const report = () =>
  new Response('%PDF', { headers: { 'Content-Disposition': 'attachment; filename="D1-report.pdf"' } });

function outside(answers: (address: string) => Response) {
  const [asked, kept]: [string[], string[]] = [[], []];
  const saving = new ReportSaving({
    fetch: (address) => {
      asked.push(String(address));
      return Promise.resolve(answers(String(address)));
    },
    keep: (_, name) => void kept.push(name),
    wait: () => Promise.resolve(),
  });
  return { asked, kept, saving };
}

describe('saving a report', () => {
  it('asks again until the pictures are there', async () => {
    const left = [progress(2), progress(7), report()];
    const { asked, kept, saving } = outside(() => left.shift() ?? report());
    expect(await saving.save('/r?language=ru')).toBe(true);
    expect(kept).toEqual(['D1-report.pdf']);
    expect(asked).toEqual(Array(3).fill('/r?language=ru&complete=true'));
    expect(saving.isBusy).toBe(false);
  });

  it('takes the report without pictures that never come', async () => {
    const { asked, kept, saving } = outside((address) =>
      address.endsWith('complete=true') ? progress(4) : report(),
    );
    await saving.save('/r?language=en');
    expect(kept).toHaveLength(1);
    expect(asked.at(-1)).toContain('complete=false');
  });

  it('keeps nothing once the person gives up', async () => {
    const { kept, saving } = outside(() => {
      saving.giveUp();
      return progress(1);
    });
    expect(await saving.save('/r?language=en')).toBe(false);
    expect(kept).toEqual([]);
  });

  it('tells why the server would not', async () => {
    const refusal = { code: 'not_found', detail: 'Nothing here.', hint: '' };
    const { saving } = outside(() => new Response(JSON.stringify(refusal), { status: 404 }));
    await expect(saving.save('/r?language=en')).rejects.toMatchObject({ code: 'not_found' });
    expect(saving.isBusy).toBe(false);
  });

  it('saves under the name that the server gives, in any letters', () => {
    expect(nameIn(`attachment; filename="5.pdf"; filename*=UTF-8''%D0%A7%205.pdf`)).toBe('Ч 5.pdf');
    expect(nameIn('attachment; filename="D1.pdf"')).toBe('D1.pdf');
  });
});
