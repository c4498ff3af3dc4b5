/* <d2l-symptom>: from an error message, or from what one sees, to its cause.
   It knows what the page says: the table of symptoms, and the cases below. */
'use strict';
{
  const { make, fill, Widget } = d2l;
  const MOST = 3;
  const COMMON = new Set('the and that not but for its with from this was are has been was you can line file home user python torch packages site lib most recent call last traceback module return self error runtimeerror typeerror valueerror in to of is it at by or an no be as on'.split(' '));

  const words = text => (text.toLowerCase().match(/[a-z_]{2,}|\d+\.\d+/g) ?? []).filter(word => !COMMON.has(word));

  /* Are two words the same, but for their ending? */
  const alike = (a, b) => a === b || (Math.min(a.length, b.length) > 3 && (a.startsWith(b) || b.startsWith(a)));

  /* Rows by how well they fit, the best first. A word counts the more, the
     fewer rows have it; words of the symptom count more than those of a case. */
  function rank(query, rows) {
    const asked = [...new Set(words(query))];
    const parts = rows.map(row => [[3, words(row.symptom)], [1.5, words(row.cause)], [0.5, words(row.more)]]);
    const weight = (word, part) => Math.max(0, ...part.map(([size, known]) => (known.some(other => alike(word, other)) ? size : 0)));
    const table = asked.map(word => parts.map(part => weight(word, part)));
    const rare = table.map(column => Math.log((rows.length + 1) / (column.filter(Boolean).length || rows.length + 1)));
    return rows.map((row, k) => ({ row, score: table.reduce((sum, column, w) => sum + column[k] * rare[w], 0) }))
      .sort((a, b) => b.score - a.score).filter(({ score }, _, [best]) => score > 1.5 && score > best.score / 3);
  }

  class Symptom extends Widget {
    static key = 'symptom';
    static start = { text: '' };

    build() {
      const { texts } = this;
      this.rows = this.read();
      this.area = make('textarea', { name: 'text', rows: 4, spellcheck: 'false', autocomplete: 'off', 'aria-label': texts.paste, placeholder: texts.example, oninput: () => this.change({ text: this.area.value }) });
      this.choice = make('select', { 'aria-label': texts.choose, onchange: () => this.change({ text: this.choice.value }) },
        make('option', { value: '' }, texts.none), ...this.rows.map(row => make('option', { value: row.symptom }, row.symptom)));
      this.list = make('ol', { class: 'causes' });
      this.status = make('p', { role: 'status', class: 'sum' });
      this.append(make('p', { class: 'lead' }, texts.lead), make('label', { class: 'field' }, make('span', {}, texts.paste), this.area),
        make('div', { class: 'controls selects' }, make('label', { class: 'select' }, make('span', {}, texts.choose), this.choice)), this.status, this.list);
    }

    /* The table of the page, each row with the text of its cases. */
    read() {
      const table = [...document.querySelectorAll('table')].find(one => !one.closest('.d2l') && one.rows[0]?.cells.length === 4 && one.rows[0].cells[0].textContent.trim() === 'you see');
      const cases = this.cases();
      return [...table?.tBodies[0]?.rows ?? []].map(({ cells: [symptom, cause, test, here] }) => {
        const numbers = (here.textContent.match(/\d+/g) ?? []).filter(number => cases[number]);
        const told = [symptom, cause, test].map(cell => cell.textContent.trim());
        return { symptom: told[0], cause: told[1], test: told[2], links: numbers.map(number => cases[number]), more: numbers.map(number => cases[number].text).join(' ') };
      });
    }

    /* {number: its title, its text, the place to go to}: a case begins with its number in bold. */
    cases() {
      const found = {};
      let last;
      for (const part of document.querySelectorAll('main p, main pre, main h2')) {
        const [title, number] = part.matches('p') && part.querySelector('strong')?.textContent.match(/^Case (\d+): [^]*/) || [];
        if (part.matches('h2')) last = undefined;
        if (title) {
          part.id ||= `case-${number}`;
          last = found[number] = { title: title.replace(/\.$/, ''), id: part.id, text: '' };
        }
        if (last) last.text += ` ${part.textContent}`;
      }
      return found;
    }

    draw() {
      const { texts, rows, state: { text } } = this, best = this.best = rank(text, rows).slice(0, MOST);
      this.choice.value = rows.some(row => row.symptom === text) ? text : '';
      this.status.textContent = !rows.length ? texts.noTable : !text.trim() ? texts.empty : best.length ? fill(texts.found, { count: best.length }) : texts.nothing;
      this.list.replaceChildren(...best.map(({ row: { symptom, cause, test, links } }) => make('li', {}, make('strong', {}, cause), make('br'), fill(texts.seen, { symptom }), make('br'), fill(texts.test, { test }),
        ...links.flatMap(({ id, title }) => [make('br'), make('a', { href: `#${id}` }, title)]))));
    }

    /* What is pasted stays here; only a choice stands in the address. */
    get shared() { return this.rows.some(row => row.symptom === this.state.text) ? super.shared : {}; }

    /* What the softmax before the loss does. */
    get solved() { return Boolean(this.best[0]?.row.symptom.includes('1.46')); }
  }

  d2l.rankSymptoms = rank;
  customElements.define('d2l-symptom', Symptom);
}
