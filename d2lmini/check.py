"""The name by which notebooks import the checks of the exercises."""
from d2lmini_check import check, hint, progress

__all__ = ['check', 'hint', 'progress']
