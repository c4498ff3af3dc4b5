/* Search by section: what readers write becomes words of the book, and
   MiniSearch finds the sections. Also from file://, and nothing is sent. */
'use strict';
{
  const MOST = 30, LONG = 6; // results shown; words from which a query is a pasted message
  const SIGNS = { '×': 'x', '✕': 'x', '−': '-', '–': '-', '’': "'", 'ß': 'ss' };
  const HAN = /\p{Script=Han}/u;

  const plain = text => text.normalize('NFKC').replace(/[×✕−–’ß]/g, sign => SIGNS[sign])
    .replace(/(\d)\s*[x*]\s*(?=\d)/gi, '$1x');

  /* Words in small letters; of BatchNorm2d and batch_norm also the parts. */
  function tokenize(text) {
    const words = [];
    for (const [word] of plain(text).matchAll(/[\p{L}\p{N}_]+/gu)) {
      const small = word.toLowerCase();
      if (HAN.test(word)) words.push(...pairs(word));
      else words.push(small.replaceAll('_', ''));
      const parts = word.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split('_').filter(Boolean);
      if (parts.length > 1) words.push(...parts);
    }
    return words;
  }

  /* Chinese has no blanks: every two signs that stand together are a word. */
  function pairs(word) {
    const signs = [...word];
    return signs.length < 2 ? signs : signs.slice(1).map((sign, i) => signs[i] + sign);
  }

  const stem = word => (word.length > 4 ? word.replace(/(?<![su])s$/, '') : word);

  function makeIndex({ pages, sections }) {
    const index = new MiniSearch({ fields: ['title', 'joined', 'page', 'text'], tokenize, processTerm: stem, storeFields: ['weight'] });
    index.addAll(sections.map(([page, anchor, title, text], id) => ({ id, title, page: anchor ? pages[page][1] : '', text, joined: join(title), weight: weigh(pages[page][0], title) })));
    return index;
  }

  /* "batchnorm" finds "batch norm": two words of a title, written as one. */
  function join(title) {
    const words = tokenize(title);
    return words.slice(1).map((word, i) => words[i] + word).join(' ');
  }

  function weigh(address, title) {
    const kinds = { 'chapters/': 1.4, 'exercises/solutions': .35, 'exercises/': .6, 'appendix/': .8 };
    const kind = Object.keys(kinds).find(start => address.startsWith(start));
    return (kinds[kind] ?? .6) * (/^(Summary|What goes wrong|Reading|Exercises)$/.test(title) ? .5 : 1);
  }

  /* What is looked for: the reader's words, and what the book calls them. */
  function read(text) {
    const small = plain(text).toLowerCase().replace(/[-_]/g, ' '), known = new Map(Object.entries(d2lWords.synonyms));
    const said = tokenize(small), phrase = ` ${said.join(' ')} `;
    const also = [...known].filter(([key]) => phrase.includes(` ${key} `)).map(([, words]) => words);
    let rest = small;
    for (const [sign, words] of Object.entries(d2lWords.chinese).sort(([a], [b]) => b.length - a.length)) {
      if (rest.includes(sign)) also.push(words);
      rest = rest.replaceAll(sign, ' ');
    }
    const stop = new Set(d2lWords.stop), words = tokenize(rest).filter(word => !HAN.test(word));
    const telling = words.filter(word => !stop.has(word));
    return { words: [...(telling.length ? telling : words), ...(HAN.test(rest) ? tokenize(rest).filter(word => HAN.test(word)) : [])], also: also.flatMap(tokenize) };
  }

  /* Fuller matches first; then what holds the words spelt a little otherwise. */
  function find(index, text) {
    const { words, also } = read(text), message = words.length > LONG || /(error|exception)\b/i.test(text);
    if (!words.length && !also.length) return [];
    const options = { boost: { title: 5, joined: 3, page: 1.5 }, combineWith: 'OR', tokenize: text => text.split(' '), boostDocument: (id, term, { weight }) => weight };
    const spelling = message ? {} : { prefix: term => term.length > 2 && !/^\d/.test(term), fuzzy: term => (term.length > 4 && !/^\d/.test(term) ? .25 : false), maxFuzzy: 2 };
    const queries = [{ queries: [words.join(' ')], ...spelling, weights: { fuzzy: .35, prefix: .6 } }];
    if (also.length) queries.push({ queries: [also.join(' ')], boost: { title: 6, joined: 3, page: 2 } });
    const found = index.search({ combineWith: 'OR', queries }, options), wanted = new Set([...words, ...also].map(stem));
    return found.map(one => ({ ...one, score: one.score * coverage(one, wanted) * clinic(one.id, message) * phrase(one.id, words, wanted) * titled(one, words.length ? words : also) })).sort((a, b) => b.score - a.score);
  }

  const coverage = ({ queryTerms }, wanted) => (.2 + new Set(queryTerms).size / wanted.size) ** 1.5;

  /* What part of the words the title holds, spelt so or nearly so. */
  function titled({ match }, words) {
    const inTitle = Object.values(match).filter(fields => fields.includes('title')).length;
    return 1 + .6 * Math.min(1, inTitle / words.length);
  }

  /* Words side by side, as the reader wrote them, count for more; so does a
     title that holds nothing else than what was asked for. */
  function phrase(id, words, wanted) {
    const [, , title, text] = d2lSections.sections[id], said = ` ${words.join(' ')}`;
    const name = tokenize(title.replace(/^\d+(\.\d+)*\. /, ''));  // without a chapter's number
    const aside = words.length > 1 && ` ${[...name, ...tokenize(text)].join(' ')}`.includes(said);
    return (aside ? 1.5 : 1) * (name.every(word => wanted.has(stem(word))) ? 1.6 : 1);
  }

  function clinic(id, message) {
    const [page, anchor] = d2lSections.sections[id];
    if (!d2lSections.pages[page][0].includes('12_clinic')) return 1;
    return message ? (/^(case|symptom)-/.test(anchor) ? 3 : 1.5) : (/^symptom-/.test(anchor) ? .6 : 1);
  }

  /* The words around the first that was found, with all of them marked. */
  function excerpt(text, terms) {
    const places = [...text.matchAll(/[\p{L}\p{N}_]+/gu)];
    const hits = places.filter(([word]) => tokenize(word).some(part => terms.has(stem(part))));
    const start = Math.max(0, (hits[0]?.index ?? 0) - 80), from = start && text.indexOf(' ', start) + 1;
    const p = document.createElement('p');
    p.className = 'context';
    let end = from;
    for (const { 0: word, index } of hits) {
      if (index < from || index > from + 220) continue;
      const mark = document.createElement('span');
      mark.className = 'highlighted';
      mark.textContent = word;
      p.append((end === from && from ? '… ' : '') + text.slice(end, index), mark);
      end = index + word.length;
    }
    p.append(text.slice(end, Math.max(end, from + 240)), text.length > from + 240 ? ' …' : '');
    return p;
  }

  function show({ id, terms, match }, list) {
    const [page, anchor, title, text] = d2lSections.sections[id], [address, name] = d2lSections.pages[page];
    const item = document.createElement('li'), link = document.createElement('a'), where = document.createElement('small');
    const word = terms.find(term => match[term].includes('text')) ?? '';
    const root = document.documentElement.dataset.content_root ?? '';
    link.href = root + address + (word && !HAN.test(word) ? `?highlight=${encodeURIComponent(word)}` : '') + (anchor && `#${anchor}`);
    where.textContent = anchor ? name : '';
    link.append(title, where);
    item.append(link, excerpt(text, new Set(terms)));
    list.append(item);
  }

  function setUp() {
    const form = document.querySelector('.search-form'), field = form.q, results = document.getElementById('search-results');
    const progress = document.getElementById('search-progress'), start = document.title;
    let index, timer;
    const search = () => {
      const text = field.value.trim().slice(0, 2000), address = text ? `?q=${encodeURIComponent(text)}` : location.pathname;
      results.replaceChildren();
      history.replaceState(null, '', address);
      document.title = text ? `${text.slice(0, 40)} · ${start}` : start;
      if (!text) { progress.textContent = ''; return; }
      index ??= makeIndex(d2lSections);
      const found = find(index, text).slice(0, MOST), heading = document.createElement('h2'), list = document.createElement('ul');
      heading.textContent = 'Search Results';
      list.className = 'search';
      found.forEach(one => show(one, list));
      results.append(heading, list);
      progress.textContent = found.length ? `${found.length === MOST ? `The ${MOST} best` : found.length} section${found.length === 1 ? '' : 's'} found.`
        : 'Nothing found: try fewer or other words, or one of the chapters.';
    };
    form.addEventListener('submit', event => { event.preventDefault(); clearTimeout(timer); search(); });
    field.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, 120); });
    document.addEventListener('keydown', event => move(event, field, results));
    field.value = new URLSearchParams(location.search).get('q') ?? '';
    if (field.value) search();
    else field.focus();
  }

  /* Up and down go from the field through the links and back. */
  function move(event, field, results) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], stops = [field, ...results.querySelectorAll('a')];
    const here = stops.indexOf(document.activeElement);
    if (event.key === 'Escape' && here > 0) field.focus();
    if (!step || here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = stops[here + step];
    if (next) { event.preventDefault(); next.focus(); }
  }

  if (typeof document === 'object') setUp();
  else module.exports = { makeIndex, find, tokenize };
}
