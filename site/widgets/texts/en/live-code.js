((globalThis.d2l ??= {}).texts ??= {}).liveCode = {
  title: 'Live code', program: 'Python program', output: 'Output',
  hint: 'Tab indents; to go on with the keyboard press Escape, then Tab. Ctrl+Enter (⌘+Enter) runs. Your text stays in this browser.',
  run: 'Run', stop: 'Stop', undo: 'Undo', redo: 'Redo', reset: 'Reset',
  fresh: 'Change it and run it. Python (0.3 MB) is loaded with the first run.', remembered: 'Your text from last time. Reset brings the book’s back.',
  failed: 'Not finished.', restored: 'The book’s program is back. Undo brings yours.',
  loading: 'Python is being loaded.', running: 'Running.', halted: 'Stopped.', finished: 'Finished in {seconds} s.',
  broken: 'Python could not be loaded. Reload the page to try again.',
  tooLong: 'Stopped after {limit} seconds. Is there a loop that never ends?', tooMuch: 'Stopped after {most} characters of output. Is there a loop that never ends?',
  check: 'The check in line {line} says: {words}', error: 'Line {line}: {words}', goTo: 'Go to line {line}', noInput: 'there is no keyboard here; write the value into the program',
};
