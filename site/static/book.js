/* The page's few manners: its color mode, and boxes that scroll. */
'use strict';

const MODES = ['auto', 'light', 'dark'];

function showMode(button, mode) {
  document.documentElement.dataset.theme = mode;
  button.querySelector('use').setAttribute('href', `#${mode}`);
  button.setAttribute('aria-label', `Color mode: ${mode}`);
  button.title = `Color mode: ${mode}`;
}

function setUpColorMode() {
  const button = document.getElementById('theme');
  const current = () => document.documentElement.dataset.theme || 'auto';
  showMode(button, current());
  button.hidden = false;
  button.addEventListener('click', () => {
    const mode = MODES[(MODES.indexOf(current()) + 1) % MODES.length];
    try { localStorage.setItem('theme', mode); } catch { /* private window */ }
    showMode(button, mode);
  });
}

function findBoxes() {
  return [...document.querySelectorAll('pre, .scroll:not([role]), .math, .output')];
}

/* A box that scrolls sideways must be reachable by keyboard, and so must a
   formula that is wider than its line. */
function letScroll(boxes) {
  const isWide = box => box.matches('span.math')
    ? [...box.querySelectorAll('.base')].some(b => b.offsetWidth > (box.parentElement.clientWidth || Infinity))
    : box.scrollWidth > box.clientWidth;
  const wide = boxes.map(isWide);
  boxes.forEach((box, i) => {
    if (box.matches('span.math')) box.classList.toggle('scroll', wide[i]);
    if (wide[i]) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  });
}

/* Call act with what waits in a set, one by one, when the page has long been
   there and nothing else is to do; act takes it out. */
const leisure = [];

function atLeisure(waiting, act) {
  leisure.push({ waiting, act });
}

function takeLeisure() {
  const later = globalThis.requestIdleCallback ?? (call => setTimeout(call, 200));
  const actOnce = () => {
    const job = leisure.find(({ waiting }) => waiting.size);
    if (!job) return;
    job.act(job.waiting.values().next().value);
    later(actOnce);
  };
  setTimeout(() => later(actOnce), 1500);
}

/* To measure a box far below would cost the layout of all that lies above: so
   first those that are near, and the others at leisure. */
function letNearScroll() {
  const waiting = new Set();
  const measure = boxes => {
    boxes.forEach(box => { near.unobserve(box); waiting.delete(box); });
    letScroll(boxes);
  };
  const near = new IntersectionObserver(entries => measure(entries.filter(e => e.isIntersecting).map(e => e.target)),
    { rootMargin: '100%' });
  atLeisure(waiting, box => measure([box]));
  addEventListener('load', () => findBoxes().forEach(box => {
    waiting.add(box);
    near.observe(box);
  }));
}

/* A button beside each piece of code copies it. */
function setUpCopying() {
  const model = document.getElementById('copy-button').content.firstElementChild;
  for (const code of document.querySelectorAll('div:not(.output) > div.highlight pre')) {
    const button = model.cloneNode(true);
    button.addEventListener('click', () => copyCode(button, code));
    code.after(button);
  }
}

async function copyCode(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent.replace(/\n$/, ''));
  } catch { // a server without https
    getSelection().selectAllChildren(code);
    document.execCommand('copy');
    getSelection().removeAllRanges();
  }
  const show = (icon, label) => {
    button.classList.toggle('success', icon === 'done');
    button.querySelector('use').setAttribute('href', `#${icon}`);
    button.setAttribute('aria-label', label);
  };
  show('done', 'Copied');
  setTimeout(show, 2000, 'copy', 'Copy');
}

/* Mark the section that is being read in the list of this page's sections. */
function followReading() {
  const list = document.getElementById('on-this-page');
  const links = new Map([...document.querySelectorAll('#on-this-page a')]
    .map(link => [document.getElementById(decodeURIComponent(link.hash.slice(1))), link]));
  links.delete(null);
  const sections = [...links.keys()];
  let marked, waiting = false;
  const mark = () => {
    waiting = false;
    if (!list.checkVisibility()) return;
    const line = innerHeight * 0.3;
    const link = links.get(sections.findLast(s => s.getBoundingClientRect().top < line));
    if (link === marked) return;
    marked?.removeAttribute('aria-current');
    link?.setAttribute('aria-current', 'true');
    marked = link;
    list.scrollTop = link ? link.offsetTop - list.clientHeight / 2 : 0;
  };
  if (!sections.length) return;
  list.addEventListener('toggle', mark);
  addEventListener('scroll', () => {
    if (!waiting) requestAnimationFrame(mark);
    waiting = true;
  }, { passive: true });
}

/* Scroll the chapters to the one that is open. */
function showWhere() {
  const menu = document.getElementById('chapters'), here = menu.querySelector('a[aria-current]');
  if (!here) return;
  const show = () => {
    const offset = here.getBoundingClientRect().top - menu.getBoundingClientRect().top;
    menu.scrollTop += offset - menu.clientHeight / 3;
  };
  show();
  menu.addEventListener('toggle', show);
}

function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* private window */ }
}

/* How pages are shown: all code, results at once, for teaching. */
function setUpViews() {
  const page = document.documentElement.dataset;
  for (const box of document.querySelectorAll('.views input')) {
    box.checked = page[box.name] === 'on';
    box.addEventListener('change', () => {
      keep(box.name, box.checked ? 'on' : 'off');
      if (box.checked) page[box.name] = 'on';
      else delete page[box.name];
      if (box.name === 'code') unfold(box.checked);
      letScroll(findBoxes());
    });
  }
  if (page.code) unfold(true);
  page.ready = '';
}

function unfold(open) {
  for (const fold of document.querySelectorAll('details.hide')) fold.open = open;
}

/* Remember how far a chapter was read: the cover shows it. */
function setUpProgress() {
  const article = document.querySelector('article'), name = `read ${document.documentElement.dataset.page}`;
  if (!document.querySelector('.views') || !article) return;
  let most = 0, timer;
  try { most = Number(localStorage.getItem(name)) || 0; } catch { /* private window */ }
  if (most > 1) most = 0; // no page kept that
  addEventListener('scroll', () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      const { top, height } = article.getBoundingClientRect(), share = Math.min(1, (innerHeight - top) / height);
      if (share > most) keep(name, (most = share).toFixed(3));
    }, 500);
  }, { passive: true });
}

/* The slash goes to the field of the heading; where that has no room for one,
   to the page that searches. Sphinx, or that page, has dealt with it before. */
function setUpSlash() {
  const form = document.querySelector('.top [role=search]');
  addEventListener('keydown', ({ key, altKey, ctrlKey, metaKey }) => {
    if (key !== '/' || altKey || ctrlKey || metaKey || document.activeElement.matches('input, textarea, select, button')) return;
    form?.requestSubmit();
  });
}

setUpColorMode();
setUpSlash();
followReading();
setUpViews();
setUpProgress();
showWhere();
letNearScroll();
addEventListener('load', takeLeisure);
document.addEventListener('DOMContentLoaded', setUpCopying);
document.addEventListener('toggle', ({ target }) => letScroll([...target.querySelectorAll('pre, .output')]), true);
addEventListener('resize', () => letScroll(findBoxes()));
for (const menu of document.querySelectorAll('[popover]')) {
  menu.addEventListener('click', event => {
    if (event.target.closest('a') && menu.matches(':popover-open')) menu.hidePopover();
  });
}
