// What changed between two texts: characters within one token, words in prose.

/** More cells than this are not compared one by one. */
const CELLS = 250_000;

/** Below this share of equal parts two texts are simply two texts. */
const ALIKE = 0.4;

/** The parts that are compared: words where there is more than one, else characters. */
function parted(before, after) {
  const words = /\s/.test(before + after);
  return [before, after].map((text) => (words ? (text.match(/\s+|\S+/gu) ?? []) : [...text]));
}

/** Which parts of two lists are the same in the same order: the length of the longest common subsequence from each place. */
function common(a, b) {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        a[i] === b[j] ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  return (i, j) => lengths[i * width + j];
}

function push(pieces, text, tag) {
  const last = pieces.at(-1);
  if (last && last[1] === tag) last[0] += text;
  else pieces.push([text, tag]);
}

/**
 * Two texts as pieces, `[text, tag]`: `before` with what is gone in `del`, `after` with what is new in `ins`.
 * Nothing is marked where they have little in common, or are too long to compare.
 */
export function pieces(before, after) {
  const plain = { before: [[before]], after: [[after]] };
  const [a, b] = parted(before, after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if ((x.length + 1) * (y.length + 1) > CELLS) return plain;
  const length = common(x, y);
  if ((start + end + length(0, 0)) / Math.max(a.length, b.length, 1) < ALIKE) return plain;
  const made = { before: [], after: [] };
  const both = (list) => {
    push(made.before, list.join(""));
    push(made.after, list.join(""));
  };
  both(a.slice(0, start));
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      both([x[i]]);
      i += 1;
      j += 1;
    } else if (j >= y.length || (i < x.length && length(i + 1, j) >= length(i, j + 1))) {
      push(made.before, x[i], "del");
      i += 1;
    } else {
      push(made.after, y[j], "ins");
      j += 1;
    }
  }
  both(a.slice(a.length - end));
  return { before: made.before.filter(([text]) => text !== ""), after: made.after.filter(([text]) => text !== "") };
}
