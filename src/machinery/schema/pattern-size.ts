/**
 * About how many instructions a pattern of RE2 becomes, which is what compiling and matching it takes: `a{1000}`
 * is a short text and a long program. Told from the text, without making the program; for what is no pattern
 * it is any number.
 */
export function patternSizeOf(pattern: string): number {
  const outer: { readonly size: number }[] = [];
  // Of the alternatives around the place that was read last, and of the last operand in them.
  let size = 0;
  let last = 0;
  for (let index = 0; index < pattern.length; index++) {
    switch (pattern[index]) {
      case '(':
        outer.push({ size: size + last });
        size = 0;
        last = 0;
        break;
      case ')':
        last += size + GROUP_SIZE;
        size = outer.pop()?.size ?? 0;
        break;
      case '{': {
        const repetition = REPETITION.exec(pattern.slice(index, index + REPETITION_LENGTH_MAX));
        if (repetition === null) {
          size += last;
          last = 1;
          break;
        }
        const [text, from = '', to = ''] = repetition;
        last *= Math.max(1, Number(from), Number(to)) + 1;
        index += text.length - 1;
        break;
      }
      case '*':
      case '+':
      case '?':
        last += 1;
        break;
      default: {
        size += last;
        const { length, weight } = atomAt(pattern, index);
        last = weight;
        index += length - 1;
      }
    }
  }
  return outer.reduce((sum, group) => sum + group.size, size + last);
}

const REPETITION = /^\{(\d+)(?:,(\d*))?\}/;
const REPETITION_LENGTH_MAX = 12;
const GROUP_SIZE = 2;
/** Classes of Unicode have some hundred ranges, each of which is compared with. */
const UNICODE_CLASS_SIZE = 25;

function atomAt(pattern: string, index: number): { readonly length: number; readonly weight: number } {
  const character = pattern[index];
  if (character === '\\') {
    const isUnicode = /[pP]/.test(pattern[index + 1] ?? '');
    return { length: 2, weight: isUnicode ? UNICODE_CLASS_SIZE : 1 };
  }
  if (character !== '[') return { length: 1, weight: 1 };
  let weight = 1;
  // A bracket at the very beginning of a class belongs to it.
  let end = index + (pattern[index + 1] === '^' ? 2 : 1) + 1;
  for (; end < pattern.length && pattern[end] !== ']'; end++) {
    if (pattern[end] !== '\\') continue;
    if (/[pP]/.test(pattern[end + 1] ?? '')) weight += UNICODE_CLASS_SIZE;
    end++;
  }
  return { length: end - index + 1, weight };
}
