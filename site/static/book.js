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

/* To measure a box far below would cost the layout of all that lies above. */
function letNearScroll() {
  const near = new IntersectionObserver(entries => {
    const here = entries.filter(e => e.isIntersecting).map(e => e.target);
    here.forEach(box => near.unobserve(box));
    letScroll(here);
  }, { rootMargin: '100%' });
  findBoxes().forEach(box => near.observe(box));
}

/* Mark the section that is being read in the list of this page's sections. */
function followReading() {
  const links = new Map([...document.querySelectorAll('#on-this-page a')]
    .map(link => [document.getElementById(link.hash.slice(1)), link]));
  links.delete(null);
  const mark = link => {
    for (const other of links.values()) other.removeAttribute('aria-current');
    link.setAttribute('aria-current', 'true');
    const list = link.closest('nav');
    list.scrollTop = link.offsetTop - list.clientHeight / 2;
  };
  const reader = new IntersectionObserver(entries => {
    const entry = entries.findLast(e => e.isIntersecting);
    if (entry) mark(links.get(entry.target.closest('section')));
  }, { rootMargin: '0px 0px -70% 0px' });
  for (const section of links.keys()) {
    reader.observe(section.querySelector('h2, h3, h4'));
  }
}

setUpColorMode();
followReading();
addEventListener('load', letNearScroll);
addEventListener('resize', () => letScroll(findBoxes()));
for (const menu of document.querySelectorAll('[popover]')) {
  menu.addEventListener('click', event => {
    if (event.target.closest('a') && menu.matches(':popover-open')) menu.hidePopover();
  });
}
