/** A key as `Shift+ArrowLeft`: modifiers, then `event.code`, so that the layout of the keyboard does not matter. */
export interface Chord {
  code: string;
  ctrl: boolean;
  shift: boolean;
  alt: boolean;
}

export function parseChord(text: string): Chord {
  const parts = text.split('+');
  const code = parts.pop() ?? '';
  return { code, ctrl: parts.includes('Ctrl'), shift: parts.includes('Shift'), alt: parts.includes('Alt') };
}

type Pressed = Pick<KeyboardEvent, 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

export const matches = (chord: Chord, event: Pressed): boolean =>
  chord.code === event.code &&
  chord.ctrl === (event.ctrlKey || event.metaKey) &&
  chord.shift === event.shiftKey &&
  chord.alt === event.altKey;

const CAPS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
  Slash: '/',
  Comma: ',',
  Period: '.',
  BracketLeft: '[',
  BracketRight: ']',
  Equal: '+',
  Minus: '−',
  Escape: 'Esc',
};

/** The caps to print for a chord, in the order they are pressed. */
export function caps(text: string): string[] {
  if (text === 'Shift+Slash') return ['?'];
  return text.split('+').map((part) => CAPS[part] ?? part.replace(/^(Key|Digit)/, ''));
}
