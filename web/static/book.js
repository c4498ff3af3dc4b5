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

/* A box that scrolls sideways must be reachable by keyboard. */
function letKeyboardScroll() {
  for (const formula of document.querySelectorAll('span.math')) {
    formula.classList.remove('scroll');
    const room = formula.parentElement.clientWidth;
    formula.classList.toggle('scroll', room > 0 && formula.firstElementChild
      && [...formula.querySelectorAll('.base')].some(b => b.offsetWidth > room));
  }
  for (const box of document.querySelectorAll('pre, .scroll:not([role]), div.math, .output')) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute('tabindex');
  }
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
letKeyboardScroll();
addEventListener('resize', letKeyboardScroll);
document.fonts?.ready.then(letKeyboardScroll);
for (const menu of document.querySelectorAll('[popover]')) {
  menu.addEventListener('click', event => {
    if (event.target.closest('a') && menu.matches(':popover-open')) menu.hidePopover();
  });
}
