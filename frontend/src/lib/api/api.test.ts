import { expect, test } from 'vitest';
import { csrfToken } from './client';
import { frameUrl, widthFor } from './frames';
import { asRefusal, refusalFrom } from './refusal';

test('a typed answer becomes a refusal with its fields', () => {
  const refusal = refusalFrom(400, {
    code: 'invalid',
    detail: 'Some fields are not right.',
    hint: 'Correct them.',
    fields: { email: ['Enter an address.'], lab: { name: ['Too long.'] } },
  });
  expect([refusal.code, refusal.message, refusal.hint, refusal.status]).toEqual([
    'invalid',
    'Some fields are not right.',
    'Correct them.',
    400,
  ]);
  expect(refusal.fields).toEqual({ email: ['Enter an address.'], lab: ['Too long.'] });
});

test('what a proxy says is a refusal too', () => {
  expect(refusalFrom(502, '<html>').code).toBe('server_error');
  expect(refusalFrom(418, null).code).toBe('unexpected_answer');
  expect(asRefusal(new TypeError('Failed to fetch')).code).toBe('unreachable');
});

test('the cookie that proves our page is found among others', () => {
  expect(csrfToken('a=b; embryovision_csrf=tok%3Den; c=d')).toBe('tok=en');
  expect(csrfToken('a=b')).toBe('');
});

test('a frame is asked for in the smallest width that is sharp', () => {
  expect(widthFor(300, 2048)).toBe(384);
  expect(widthFor(800, 2048)).toBe(1536);
  expect(widthFor(1600, 2048)).toBe(0);
  expect(widthFor(900, 384)).toBe(0);
});

test('addresses of frames are filled in', () => {
  const stack = { frame_url_template: '/media/frames/s/h/{index}-{plane}-{width}.jpg' };
  expect(frameUrl(stack, 3, 1, 384)).toBe('/media/frames/s/h/3-1-384.jpg');
});
