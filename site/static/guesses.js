/* A result waits for the reader's answer, which is kept, shown with the result,
   and compared with it where both are numbers, or yes and no, or the same words. */
'use strict';

const SAID = {
  yours: guess => `Your answer: ${guess}`,
  right: 'Right.',
  wrong: 'Not so.',
  part: (right, all) => `${right} of ${all} are right.`,
  within: 'That is in the result.',
  low: much => `Too low, ${much}.`,
  high: much => `Too high, ${much}.`,
  percent: share => `by ${share} %`,
  times: factor => `by a factor of ${factor}`,
  off: difference => `by ${difference}`,
};
const LABEL = /(^|\n|\s{2,})[^:\n[(]*:(?=\s)/g;  // "pile: (2, 3)   flat: (2, 9)"
const NUMBER = /(?<![\w.])(?:(?<![)\]])[-−])?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?:\s?%)?/gi;
const LONGEST = 12;  // numbers of a result in which one number may be looked for

/* Return the numbers of a text; each knows how exactly it is written. */
function readNumbers(text, thousands) {
  const plain = text.replace(/(?<=\d)\s*[x×]\s*(?=\d)/gi, ' ');
  const joined = thousands ? plain.replace(/(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])/g, n => n.replaceAll(',', '')) : plain;
  return (joined.match(NUMBER) ?? []).map(found => {
    const written = found.replace('−', '-').replace(/\s?%/, ''), hundredth = found.endsWith('%') ? 0.01 : 1;
    const [, decimals = '', power = '0'] = /\d+(?:\.(\d+))?(?:e(.*))?/i.exec(written);
    return { value: hundredth * Number(written), half: 0.5 * hundredth * 10 ** (Number(power) - decimals.length) };
  });
}

/* As exactly as the guess is written, but never more than a twentieth off. */
function isRight(guess, truth) {
  const off = Math.abs(guess.value - truth.value), tiny = 1e-9 * Math.abs(truth.value);
  return off <= Math.min(guess.half, 0.05 * Math.abs(truth.value)) + tiny;
}

function areRight(guess, truth) {
  return guess.length === truth.length && guess.every((number, i) => isRight(number, truth[i]));
}

/* Say how far a number is from the true one. */
function judgeOne(guess, truth) {
  if (isRight(guess, truth)) return SAID.right;
  const say = guess.value < truth.value ? SAID.low : SAID.high;
  const ratio = Math.max(guess.value / truth.value, truth.value / guess.value);
  if (!(ratio > 0) || !Number.isFinite(ratio)) return say(SAID.off(Number(Math.abs(guess.value - truth.value).toPrecision(3))));
  if (ratio >= 2) return say(SAID.times(Number(ratio.toPrecision(2))));
  const share = 100 * Math.abs(guess.value / truth.value - 1);
  return say(SAID.percent(Number(share.toPrecision(share < 10 ? 1 : 2))));
}

function judgeNumbers(guess, result, truth) {
  if (guess.length === 1 && truth.length === 1) return judgeOne(guess[0], truth[0]);
  if (areRight(guess, truth)) return SAID.right;
  const groups = (result.match(/[[(][^[\]()]*[\])]/g) ?? []).map(group => readNumbers(group, false));
  if (guess.length > 1 && groups.some(group => areRight(guess, group))) return SAID.within;
  if (guess.length === truth.length) {
    return SAID.part(guess.filter((number, i) => isRight(number, truth[i])).length, truth.length);
  }
  const found = truth.length <= LONGEST && guess.every(number => truth.some(true_ => isRight(number, true_)));
  return found ? SAID.within : '';
}

const readAnswers = text => (text.toLowerCase().match(/\b(?:true|false|yes|no)\b/g) ?? [])
  .map(word => word === 'true' || word === 'yes');
const readWords = text => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function judgeWords(guess, result) {
  if (!guess) return '';
  const truth = readAnswers(result), said = readAnswers(guess);
  if (truth.length) {
    if (said.length !== truth.length) return '';
    const right = said.filter((answer, i) => answer === truth[i]).length;
    if (right === truth.length) return SAID.right;
    return truth.length === 1 ? SAID.wrong : SAID.part(right, truth.length);
  }
  const words = readWords(result), given = readWords(guess);
  if (!words.length || words.length > 4) return '';
  return words.every(word => given.includes(word)) ? SAID.right : SAID.wrong;
}

/* Return what a comparison tells of a guess, or '' where it can tell nothing.
   In brackets commas part numbers; elsewhere "1,100" may be one number or two. */
function compare(guess, result) {
  const bare = result.replace(LABEL, '$1');
  const truth = readNumbers(bare.replace(/[[(][^[\]()]*[\])]/g, group => group.replaceAll(',', ' ')), true);
  if (!truth.length) return judgeWords(guess, bare);
  const ways = /[[(]/.test(guess) ? [false, true] : [true, false];
  const told = ways.map(thousands => readNumbers(guess, thousands))
    .map(numbers => (numbers.length ? judgeNumbers(numbers, bare, truth) : ''));
  return [SAID.right, SAID.within].find(best => told.includes(best)) ?? told[0];
}

const guesses = {
  name: `guesses ${document.documentElement.dataset.page}`,
  read() {
    try { return JSON.parse(localStorage.getItem(this.name)) || {}; } catch { return {}; }
  },
  add(key, guess) { keep(this.name, JSON.stringify({ ...this.read(), [key]: guess })); },
};

const isTeaching = () => 'teach' in document.documentElement.dataset;

function showResult(box, guess) {
  const said = [...box.nextElementSibling.querySelectorAll('pre')].map(box => box.textContent).join('\n');
  const verdict = guess && compare(guess, said);
  box.classList.add('answered');
  box.querySelector('[role=status]').textContent = guess ? `${SAID.yours(guess)}${verdict && '. '}${verdict}` : '';
}

/* In the teaching view each result waits anew, whatever was answered. */
function showAnswered(boxes) {
  const kept = guesses.read();
  for (const box of boxes) {
    const { key } = box.dataset;
    if (!isTeaching() && Object.hasOwn(kept, key)) showResult(box, String(kept[key] ?? ''));
    else box.classList.remove('answered');
  }
}

function answer(box) {
  const guess = box.querySelector('input')?.value.trim() ?? '';
  if (!isTeaching()) guesses.add(box.dataset.key, guess);
  showResult(box, guess);
  letScroll([...box.nextElementSibling.querySelectorAll('pre, .output')]);
}

function makeField(box) {
  const field = Object.assign(document.createElement('input'), { name: 'guess', autocomplete: 'off', maxLength: 200 });
  field.addEventListener('keydown', event => {
    if (event.key === 'Enter' && !event.isComposing) answer(box);
  });
  box.querySelector('.field').replaceWith(field);
}

/* Browsers look at each field of a new page, to fill it in, and lay out all
   that stands around it. So fields are made near the reader first, and the
   others one by one when nothing else is to do. */
function makeFieldsNear(boxes) {
  const waiting = new Set(boxes);
  const make = box => {
    near.unobserve(box);
    if (waiting.delete(box)) makeField(box);
  };
  const near = new IntersectionObserver(entries => entries.filter(e => e.isIntersecting).forEach(e => make(e.target)),
    { rootMargin: '100%' });
  boxes.forEach(box => near.observe(box));
  atLeisure(waiting, make);
}

function setUpPredictions() {
  const boxes = [...document.querySelectorAll('.guess')];
  for (const box of boxes) box.querySelector('button').addEventListener('click', () => answer(box));
  document.querySelector('.views [name=teach]')?.addEventListener('change', () => showAnswered(boxes));
  showAnswered(boxes);
  makeFieldsNear(boxes);
}

setUpPredictions();
