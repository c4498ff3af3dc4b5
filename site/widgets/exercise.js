/* <d2l-exercise>: a question of the exercises, answered and checked here. */
'use strict';
{
  const { make, fill, keptNames, keepName } = d2l, LiveCode = customElements.get('d2l-live-code');
  const DONE = 'exercises done';

  class Exercise extends LiveCode {
    get texts() { return { ...super.texts, ...d2l.texts.exercise }; }

    connectedCallback() {
      const data = this.querySelector('script');
      if (data) this.question = JSON.parse(data.textContent);
      super.connectedCallback();
    }

    build() {
      super.build();
      const { texts, question } = this;
      this.shown = 0;
      this.tips = make('ol', { class: 'tips', 'aria-live': 'polite' });
      this.helper = make('button', { type: 'button', onclick: () => this.help() }, texts.tip);
      this.score = make('p', { class: 'lead' });
      this.querySelector('.player').append(this.helper);
      this.prepend(make('p', { class: 'title' }, texts.here), ...question.predicts ? [] : [make('p', { class: 'lead' }, texts.lists)]);
      this.append(this.tips, this.score);
      this.setAttribute('aria-label', fill(texts.named, { name: question.name }));
      this.screen.setAttribute('aria-label', fill(texts.printed, { name: question.name }));
      this.tell();
    }

    /* The reader's program, and behind it the check. */
    get composed() {
      const { name, cases, mistakes, secret, predicts } = this.question, python = JSON.stringify;
      const flag = value => (value ? 'True' : 'False');
      return `${this.area.value}\n\n${d2l.exerciseCheck}\ninf, nan = float('inf'), float('nan')\n`
        + `check(${python(name)}, ${name.split('.')[1]}, ${cases}, ${python(mistakes)}, ${flag(secret)}, ${flag(predicts)})\n`;
    }

    hear(data) {
      super.hear(data);
      if (data.done && this.printed.textContent.includes(`\u2713 ${this.question.name} is right.`)) this.solve();
    }

    help() {
      const { hints } = this.question;
      if (this.shown < hints.length) this.tips.append(make('li', {}, hints[this.shown++]));
      this.helper.disabled = this.shown === hints.length;
      if (this.helper.disabled) this.area.focus();  // or the keyboard would be nowhere
    }

    solve() {
      keepName(DONE, this.question.name);
      for (const other of document.querySelectorAll('d2l-exercise')) other.tell?.();
    }

    /* What is done of this page, below each question and in the sidebar. */
    tell() {
      const names = [...document.querySelectorAll('d2l-exercise')].map(other => other.getAttribute('name')), all = keptNames(DONE);
      const right = names.filter(name => all.has(name)).length;
      this.score.textContent = (all.has(this.question.name) ? `\u2713 ${this.texts.solved} ` : '') + fill(this.texts.count, { right, all: names.length });
      for (const link of document.querySelectorAll('#chapters a')) {
        const here = link.getAttribute('aria-current') === 'page', [, chapter] = link.pathname.match(/\/exercises\/(\d\d)_\w+\.html$/) ?? [];
        const count = here ? right : [...all].filter(name => name.startsWith(`${chapter}.`)).length;
        let sign = link.querySelector('.done');
        if (!sign && count && (here || chapter)) link.append(' ', sign = make('small', { class: 'done' }));
        if (sign) sign.textContent = count ? `\u2713 ${count}${here ? `/${names.length}` : ''}` : '';
      }
    }
  }

  customElements.define('d2l-exercise', Exercise);
}
