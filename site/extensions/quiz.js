/* The quiz of a page: explain what is chosen at once, and remember it in this
   browser. A question whose text has changed is forgotten: it has a new key. */
'use strict';
{
  const quiz = document.currentScript.previousElementSibling;
  const questions = [...quiz.querySelectorAll('fieldset')];
  const score = quiz.querySelector('.score');
  const name = `quiz ${quiz.dataset.page}`;

  function recall() {
    try { return JSON.parse(localStorage.getItem(name)) || {}; } catch { return {}; }
  }

  function remember() {
    const answers = {};
    for (const question of questions) {
      const chosen = question.querySelector(':checked');
      if (chosen) answers[question.dataset.key] = chosen.value;
    }
    try {
      if (Object.keys(answers).length) localStorage.setItem(name, JSON.stringify(answers));
      else localStorage.removeItem(name);
    } catch { /* private window */ }
  }

  function explain(question) {
    const verdict = question.querySelector('.verdict');
    verdict.replaceChildren();
    verdict.className = 'verdict';
    question.querySelectorAll('label').forEach((label, i) => {
      const chosen = label.control.checked, reason = question.querySelectorAll('li')[i];
      label.className = chosen ? reason.className : '';
      if (!chosen) return;
      verdict.classList.add(reason.className);
      verdict.append(reason.querySelector('p').cloneNode(true));
    });
  }

  function count() {
    const numbers = { questions: questions.length,
      answered: quiz.querySelectorAll(':checked').length,
      right: quiz.querySelectorAll('label.right').length };
    score.textContent = score.dataset.text.replace(/{(\w+)}/g, (_, key) => numbers[key]);
  }

  function fill(answers) {
    for (const question of questions) {
      for (const input of question.querySelectorAll('input')) {
        input.checked = answers[question.dataset.key] === input.value;
      }
      explain(question);
    }
    count();
  }

  quiz.addEventListener('change', event => {
    explain(event.target.closest('fieldset'));
    count();
    remember();
  });
  quiz.querySelector('button').addEventListener('click', () => {
    fill({});
    remember();
  });
  fill(recall());
  quiz.classList.add('filled');
}
