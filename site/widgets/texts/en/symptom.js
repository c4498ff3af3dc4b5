((globalThis.d2l ??= {}).texts ??= {}).symptom = {
  title: 'Symptom finder',
  lead: 'Paste the last lines of an error message, or say in a few words what you see. The finder knows the table above and the cases below; what you paste stays in this page.',
  task: 'A network for ten classes learns, but its loss stays above 1.46 for ever. What is the likely cause?',
  done: 'Right: look at the first answer, and try it on eight images.',
  paste: 'Error message, or what you see', example: 'RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x784 and 400x120)', choose: 'Or choose a symptom', none: 'choose one',
  empty: 'Nothing is written yet.', found: 'The likeliest causes ({count}), the best first:', nothing: 'Nothing on this page fits. Try the words of the last line, without numbers and paths.', noTable: 'The table of symptoms is not on this page.',
  seen: 'Seen as: {symptom}', test: 'Test of a minute: {test}',
};
