"""A Firefox that the tests drive by WebDriver BiDi, which it speaks itself.

So no other program is needed. See https://w3c.github.io/webdriver-bidi/.
"""

import json
import re
import shutil
import subprocess
import time

from websocket import create_connection

PREFERENCES = {
    'app.update.disabledForTesting': True,
    'browser.shell.checkDefaultBrowser': False,
    'browser.startup.homepage_override.mstone': 'ignore',
    'datareporting.policy.dataSubmissionEnabled': False,
    'network.captive-portal-service.enabled': False,
    'network.connectivity-service.enabled': False,
    'toolkit.telemetry.enabled': False,
}
SCHEMES = {'dark': 0, 'light': 1}  # as a preference counts them
PATIENCE = 120  # seconds for one answer


def find_firefox():
    """Return the path of a Firefox, or None."""
    return shutil.which('firefox-esr') or shutil.which('firefox')


HALF = 'Invalid markup: Incorrect number of children'
# Whether a formula of the page has a fraction, say, without its two parts.
IS_HALF = """() => [...document.querySelectorAll(
    'mfrac, msub, msup, munder, mover, msubsup, munderover')].some(e =>
    e.children.length !== (/subsup|underover/.test(e.localName) ? 3 : 2))"""


class Firefox:
    """One tab, for one color scheme."""

    def __init__(self, program, folder, scheme='light'):
        wanted = {
            **PREFERENCES,
            'layout.css.prefers-color-scheme.content-override': SCHEMES[
                scheme
            ],
        }
        (folder / 'user.js').write_text(
            ''.join(
                f'user_pref({json.dumps(name)}, {json.dumps(value)});\n'
                for name, value in wanted.items()
            )
        )
        self.said = folder / 'said'
        with self.said.open('w') as said:
            self.process = subprocess.Popen(
                [program, '--headless', '--no-remote', '--profile', folder]
                + ['--remote-debugging-port', '0'],
                stdout=said,
                stderr=said,
            )
        self.heard, self.count = [], 0
        self.socket = create_connection(
            f'{self.find_address()}/session',
            suppress_origin=True,
            timeout=PATIENCE,
        )
        self.ask('session.new', capabilities={})
        self.ask('session.subscribe', events=['log.entryAdded'])
        # The tab at the start never has the focus: no key works a button.
        self.tab = self.ask('browsingContext.create', type='tab')['context']

    def find_address(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = re.search(r'ws://\S+', self.said.read_text())
            if found:
                return found[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise OSError(f'Firefox does not listen: {self.said.read_text()}')

    def ask(self, method, **params):
        """Send a command; return its result. Note errors told meanwhile."""
        self.count += 1
        self.socket.send(
            json.dumps({'id': self.count, 'method': method, 'params': params})
        )
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get('method') == 'log.entryAdded':
                entry = answer['params']
                if entry['level'] == 'error':
                    self.heard.append(entry['text'])
            elif answer.get('id') == self.count:
                if 'error' in answer:
                    raise RuntimeError(f'{method}: {answer["message"]}')
                return answer['result']

    @property
    def problems(self):
        """The page's errors since it was opened.

        Of a formula that is laid out while its end is still on the way,
        Firefox says that it is half. It is no error if all came whole.
        """
        half = [text for text in self.heard if text.startswith(HALF)]
        if half and not self.evaluate(IS_HALF):
            return [text for text in self.heard if text not in half]
        return self.heard

    def open(self, url, width=1280, height=900):
        self.heard.clear()
        self.ask(
            'browsingContext.setViewport',
            context=self.tab,
            viewport={'width': width, 'height': height},
        )
        self.ask(
            'browsingContext.navigate',
            context=self.tab,
            url=url,
            wait='complete',
        )

    def evaluate(self, function, *args):
        """Return what a JavaScript function gives; it must suit JSON."""
        values = ', '.join(json.dumps(value) for value in args)
        done = self.ask(
            'script.evaluate',
            expression=f'(async () => JSON.stringify(await ({function})'
            f'({values}) ?? null))()',
            target={'context': self.tab},
            awaitPromise=True,
            userActivation=True,
        )
        if done['type'] == 'exception':
            raise RuntimeError(done['exceptionDetails']['text'])
        return json.loads(done['result']['value'])

    def act(self, kind, *actions, **more):
        """Perform actions of a keyboard or a pointer."""
        self.ask(
            'input.performActions',
            context=self.tab,
            actions=[{'type': kind, 'id': kind, 'actions': actions, **more}],
        )

    def press(self, *keys):
        for key in keys:
            self.act(
                'key',
                {'type': 'keyDown', 'value': key},
                {'type': 'keyUp', 'value': key},
            )

    def point(self, selector, pointer='mouse'):
        """Click or touch the middle of an element, scrolled into view."""
        x, y = self.evaluate(
            """selector => {
                const element = document.querySelector(selector);
                element.scrollIntoView({ block: 'center' });
                const box = element.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }""",
            selector,
        )
        self.act(
            'pointer',
            {'type': 'pointerMove', 'x': round(x), 'y': round(y)},
            {'type': 'pointerDown', 'button': 0},
            {'type': 'pointerUp', 'button': 0},
            parameters={'pointerType': pointer},
        )

    def close(self):
        try:
            self.socket.close()
        finally:
            self.process.terminate()
            self.process.wait()
