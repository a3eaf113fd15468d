// Counting with the rule of the line: a score at or above the threshold rejects.

/** Entries of an ascending array that are below the value. */
function countBelow(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

/** How a class splits; scores in [reviewFrom, threshold) go to review. */
function verdicts(sorted, threshold, reviewFrom) {
  const notRejected = countBelow(sorted, threshold);
  const accepted = reviewFrom === null ? notRejected : countBelow(sorted, Math.min(reviewFrom, threshold));
  return { accept: accepted, review: notRejected - accepted, reject: sorted.length - notRejected, all: sorted.length };
}

/** Counts at every distinct score, highest threshold first; the first point rejects nothing. */
function operatingPoints(normal, anomalous) {
  const thresholds = [...new Set([...normal, ...anomalous])].sort((a, b) => b - a);
  return [{ threshold: Infinity, fp: 0, tp: 0 }, ...thresholds.map(threshold =>
    ({ threshold, fp: normal.length - countBelow(normal, threshold), tp: anomalous.length - countBelow(anomalous, threshold) }))];
}

/** P(anomalous > normal) + ½ P(equal); null when a class is missing. */
function auroc(normal, anomalous) {
  if (!normal.length || !anomalous.length) return null;
  let pairs = 0;
  for (const score of anomalous) {
    const below = countBelow(normal, score);
    let equal = 0;
    while (below + equal < normal.length && normal[below + equal] === score) equal++;
    pairs += below + equal / 2;
  }
  return pairs / (normal.length * anomalous.length);
}

const logFactorials = [0];
function logFactorial(n) {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1] + Math.log(i));
  return logFactorials[n];
}

/** Clopper and Pearson's one-sided upper bound: the rate at which at most k of n would be seen with probability 1 − confidence. */
function upperBound(k, n, confidence = 0.95) {
  if (n === 0 || k >= n) return 1;
  let low = k / n, high = 1;
  for (let step = 0; step < 50; step++) {
    const p = (low + high) / 2;
    let atMostK = 0;
    for (let i = k; i >= 0; i--) {
      const term = Math.exp(logFactorial(n) - logFactorial(i) - logFactorial(n - i) + i * Math.log(p) + (n - i) * Math.log1p(-p));
      atMostK += term;
      if (term < atMostK * 1e-15) break;   // terms below k's fall faster than geometrically once p > k / n
    }
    if (atMostK > 1 - confidence) low = p; else high = p;
  }
  return high;
}

const percent = fraction => `${(100 * fraction).toFixed(fraction > 0 && fraction < 0.001 ? 2 : 1)} %`;
/** Six digits for people; every digit is in the data. */
const figure = value => Number.isFinite(value) ? String(Number(value.toPrecision(6))) : 'above every score';
