"""What pyproject.toml cannot say: each exercise's checks go into the wheel.

They are copied from exercises/sources/NAME/checks.py, without the masters,
answers and hidden tests beside them.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithChecks(build_py):
    """Build the packages, then copy the checks to where they are imported."""

    def run(self):
        super().run()
        if self.editable_mode:  # they are read where they are written
            return
        for path in Path('exercises/sources').glob('*/checks.py'):
            target = Path(
                self.build_lib,
                'd2lmini_check',
                'exercises',
                path.parent.name,
                path.name,
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


setup(cmdclass={'build_py': BuildWithChecks})
