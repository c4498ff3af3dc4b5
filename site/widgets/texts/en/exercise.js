((globalThis.d2l ??= {}).texts ??= {}).exercise = {
  named: 'Question {name}, in the page', here: 'Answer it here',
  lists: 'There is no PyTorch in the page. An array is a list of rows, such as [[1, 2], [3, 4]]: len(X) rows, len(X[0]) columns, X[i][j] one number.', printed: 'Output of question {name}', run: 'Run and check', tip: 'Hint', solved: 'Done.',
  count: 'Done on this page: {right} of {all}. Answers stay in this browser.',
};
