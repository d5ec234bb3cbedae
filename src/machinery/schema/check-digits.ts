/** A ten-digit ISBN, with or without spaces and dashes. */
export function isIsbn10(text: string): boolean {
  const digits = withoutSeparators(text);
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 10; index++) {
    const digit = digits[index] === 'X' ? 10 : Number(digits[index]);
    sum += (index + 1) * digit;
  }
  return sum % 11 === 0;
}

/** A thirteen-digit ISBN, with or without spaces and dashes. */
export function isIsbn13(text: string): boolean {
  const digits = withoutSeparators(text);
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < 13; index++) sum += (index % 2 === 0 ? 1 : 3) * Number(digits[index]);
  return sum % 10 === 0;
}

/** A card number of one of the large issuers with a valid check digit; characters between digits are ignored. */
export function isCreditCard(text: string): boolean {
  if (text.length > 100) return false;
  const digits = text.replaceAll(/[^0-9]/g, '');
  if (!CARD_NUMBER.test(digits)) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = digit * 2;
    sum += index % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const CARD_NUMBER =
  /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

function withoutSeparators(text: string): string {
  return text.slice(0, 100).replaceAll(/[\s-]+/g, '');
}
