// Reads and checks what was typed into the card fields. Error codes are Stripe's.
export const digits = (text) => text.replace(/\D/g, "");

export function grouped(number) {
  const plain = digits(number).slice(0, 19);
  return /^3[47]/.test(plain)
    ? [plain.slice(0, 4), plain.slice(4, 10), plain.slice(10, 15)].filter(Boolean).join(" ")
    : plain.replace(/(\d{4})(?=\d)/g, "$1 ");
}

export function formattedExpiry(text) {
  let plain = digits(text).slice(0, 4);
  if (/^[2-9]/.test(plain)) plain = `0${plain}`.slice(0, 4);
  return plain.length > 2 ? `${plain.slice(0, 2)} / ${plain.slice(2)}` : plain;
}

function passesLuhn(number) {
  let sum = 0;
  [...number].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}

export function numberError(text) {
  const number = digits(text);
  const whole = /^3[47]/.test(number) ? 15 : 16;
  if (number.length < whole) return "incomplete_number";
  return passesLuhn(number) ? null : "invalid_number";
}

export function expiryError(text, now = new Date()) {
  const plain = digits(text);
  if (plain.length < 4) return "incomplete_expiry";
  const month = Number(plain.slice(0, 2));
  const year = 2000 + Number(plain.slice(2));
  if (month < 1 || month > 12) return "invalid_expiry_month";
  const past = year < now.getFullYear() || (year === now.getFullYear() && month < now.getMonth() + 1);
  return past ? "invalid_expiry_year_past" : null;
}

export function cvcError(text, number) {
  const whole = /^3[47]/.test(digits(number)) ? 4 : 3;
  return digits(text).length < whole ? "incomplete_cvc" : null;
}
