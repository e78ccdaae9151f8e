"""Reports: what a result says in a sentence, its charts and tables, and the page that holds them.

All are made of the JSON form of a result, so that a page of results of earlier runs is the same page.

May import: charts and the top of the library; ``results`` imports this package, and is not imported.
To add a command, write a module with its conclusion, charts and tables, and add its line in ``COMMANDS``
(``catalogue.py``).
"""

from rankeval.reports.catalogue import charts_of, conclusion
from rankeval.reports.page import fragment, page
from rankeval.reports.saved import saved_result

__all__ = ["charts_of", "conclusion", "fragment", "page", "saved_result"]
