"""Where the browser of the tests is; "" where there is none."""

import shutil

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
