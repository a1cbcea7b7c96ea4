// Numbers by their digits: what a JavaScript number would round is compared as it is written.

/** A number's text as a whole number of the power of ten that goes with it. */
function parts(text) {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  return { units: BigInt(`${sign}${whole}${fraction}`), power: Number(exponent) - fraction.length };
}

/** Two numbers as whole numbers of the same unit. */
function aligned(a, b) {
  const [x, y] = [parts(a), parts(b)];
  const power = Math.min(x.power, y.power);
  return [x, y].map(({ units, power: own }) => units * 10n ** BigInt(own - power));
}

/** Below 0, 0 or above 0, as the first number is less, the same or more. */
export function compare(a, b) {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Whether a number is a whole multiple of another that is not 0. */
export function isMultiple(a, b) {
  const [x, y] = aligned(a, b);
  return x % y === 0n;
}
