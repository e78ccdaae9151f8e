"""Pages in a real browser: a headless Chromium that shows each at several widths, and a script that looks.

The browser is looked for on PATH, axe-core in ``.browser`` (``.ci/browser`` fetches both).
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.paths import REPO

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = REPO / ".browser" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (400, 900, 1600)
#: Finds what is wrong with a page as it is shown.
LOOK = """
const shown = element => element.getClientRects().length > 0;
const rgb = text => text.match(/[\\d.]+/g).map(Number);
const light = colour => {
  const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = colour.slice(0, 3).map(v => linear(v / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const faint = [...document.querySelectorAll('main *')].filter(shown).filter(element =>
  [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())).filter(element => {
  const style = getComputedStyle(element);
  const ink = light(rgb(element.ownerSVGElement ? style.fill : style.color)), paper = light(ground(element));
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
}).map(element => element.outerHTML.slice(0, 120));
const meeting = [], outside = [];
for (const svg of [...document.querySelectorAll('svg')].filter(shown)) {
  const texts = [...svg.querySelectorAll('text')].filter(text => text.textContent);
  const boxes = texts.map(text => text.getBoundingClientRect()), whole = svg.getBoundingClientRect();
  boxes.forEach((a, i) => {
    if (a.left < whole.left - 1 || a.right > whole.right + 1 ||
        a.top < whole.top - 1 || a.bottom > whole.bottom + 1)
      outside.push(texts[i].textContent);
    boxes.slice(0, i).forEach((b, j) => {
      if (a.left < b.right - 0.5 && b.left < a.right - 0.5 &&
          a.top < b.bottom - 0.5 && b.top < a.bottom - 0.5)
        meeting.push(texts[j].textContent + ' / ' + texts[i].textContent);
    });
  });
}
const root = document.documentElement;
const wide = root.scrollWidth > root.clientWidth ? [root.scrollWidth + ' > ' + root.clientWidth] : [];
const charts = [...document.querySelectorAll('svg')].filter(shown).length;
axe.run(document, {resultTypes: ['violations']}).then(found => parent.postMessage(JSON.stringify({
  width: innerWidth, faint, meeting, outside, wide, charts, ground: ground(document.body),
  axe: found.violations.map(each => each.id + ': ' + each.nodes[0].html.slice(0, 160))
}), '*'), error => parent.postMessage(JSON.stringify({width: innerWidth, axe: [String(error)]}), '*'));
"""
_FRAMES = """<!DOCTYPE html><title>frames</title><pre></pre>{frames}<script>
addEventListener('message', event => document.querySelector('pre').append(event.data + '\\n'));
</script>"""


def looked_at(page: str, folder: Path, dark: bool) -> dict[int, dict[str, Any]]:
    """Width -> what is wrong with a page there.

    Args:
        page: the page; its policy that no script may run is taken out, for that of this test.
        folder: an empty folder to work in.
        dark: whether the reader prefers dark colours.
    """
    policy = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')
    assert policy.search(page)
    script = f"<script>{AXE.read_text()}</script><script>{LOOK}</script>"
    text = html.escape(policy.sub("", page).replace("</body>", script + "</body>"))
    frame = '<iframe width="{}" height="3000" srcdoc="{}"></iframe>'
    file = folder / "frames.html"
    file.write_text(_FRAMES.format(frames="".join(frame.format(width, text) for width in WIDTHS)))
    dumped = _chromium(folder, dark, "--virtual-time-budget=60000", "--dump-dom", file.as_uri())
    found = re.search("<pre>(.*?)</pre>", dumped, re.S)
    assert found, dumped[:2000]
    lines = [json.loads(html.unescape(line)) for line in found[1].splitlines()]
    return {line.pop("width"): line for line in lines}


def _chromium(folder: Path, dark: bool, *arguments: str) -> str:
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}/profile",
    ]
    theme = [f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
    ended = subprocess.run(
        [*command, *theme, *arguments], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def pictured(page: Path, image: Path, width: int, height: int, folder: Path) -> None:
    """Write the top of a page as PNG."""
    window = [f"--window-size={width},{height}", "--hide-scrollbars", f"--screenshot={image}"]
    _chromium(folder, False, *window, page.as_uri())
