"""Looks at wallops's pages in a real browser, through its DevTools protocol.

python3 .ci/browser.py DIRECTORY, in which there are all.html, failed.html and diagram.svg; the
diagrams for Mermaid in mermaid/, and Mermaid itself where npm has put it, in npm/.
"""

import json
import os
import pathlib
import select
import shutil
import subprocess
import sys
import tempfile
import time


class Browser:
    """A chromium without a screen, one page, and what went wrong on it."""

    def __init__(self):
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        self.profile = tempfile.mkdtemp()
        command = [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--no-first-run", "--disable-extensions", f"--user-data-dir={self.profile}",
            "--window-size=1400,1000", "--remote-debugging-pipe", "about:blank",
        ]
        # The browser reads commands from descriptor 3 and writes to 4.
        redirect = f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}'
        self.process = subprocess.Popen(
            ["bash", "-c", redirect, "bash", *command],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.out, self.incoming = ours_out, ours_in
        self.buffer, self.events, self.number, self.session = b"", [], 0, None
        self.errors, self.requests = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def read(self, deadline):
        """The next message; nothing if none came in time."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.incoming], [], [], left)[0]:
                return None
            piece = os.read(self.incoming, 1 << 20)
            if not piece:
                raise SystemExit("the browser went away")
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        self.note(message)
        return message

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        if method:
            self.events.append(method)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + 60
        while (answer := self.read(deadline)) is not None:
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"{method}: {answer['error']['message']}")
                return answer["result"]
        raise SystemExit(f"{method}: no answer within a minute")

    def open(self, url):
        """Load a page, and forget what went wrong before."""
        self.call("Page.navigate", url="about:blank")
        self.settle()
        self.errors, self.requests, self.events = [], [], []
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + 60
        while "Page.loadEventFired" not in self.events:
            if self.read(deadline) is None:
                raise SystemExit(f"{url}: not loaded within a minute")
        self.settle()

    def settle(self, seconds=0.4):
        deadline = time.monotonic() + seconds
        while self.read(deadline) is not None:
            pass

    def ask(self, script):
        """The value of a script's expression."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise SystemExit(f"{script}: {json.dumps(result['exceptionDetails'])}")
        return result["result"].get("value")

    def press(self, key, code=None, number=0):
        text = {"text": "\r"} if key == "Enter" else {}
        common = {"key": key, "code": code or key, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)
        self.settle(0.15)

    def click(self, selector):
        """A click of the mouse in the middle of an element."""
        x, y = self.ask(f"""(() => {{
            const place = document.querySelector({json.dumps(selector)});
            place.scrollIntoView({{ block: "center", behavior: "instant" }});
            const box = place.getBoundingClientRect();
            return [box.left + Math.min(box.width / 2, 200), box.top + box.height / 2];
        }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )
        self.settle(0.3)

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        shutil.rmtree(self.profile, ignore_errors=True)


KEYS = {"Tab": 9, "Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
checked, failed = 0, []


def check(what, holds, found=""):
    """Count what was looked at, and keep what is not as it should be."""
    global checked
    checked += 1
    if not holds:
        failed.append(what)
        print(f"not so: {what} {found}")


def fill(browser, name, value):
    browser.ask(f"""(() => {{
        const field = document.getElementById({json.dumps(name)});
        field.value = {json.dumps(value)};
        field.dispatchEvent(new Event("input", {{ bubbles: true }}));
    }})()""")
    browser.settle(0.6)


def reset(browser):
    browser.click("#filters button")
    browser.settle(0.6)


def visible(browser, selector):
    return browser.ask(
        f"[...document.querySelectorAll({json.dumps(selector)})]"
        ".filter((part) => !part.hidden && part.checkVisibility()).length"
    )


def no_errors(browser, page):
    check(f"{page}: no errors", not browser.errors, browser.errors[:3])
    outside = [url for url in browser.requests if not url.startswith("file:")]
    check(f"{page}: nothing is loaded from outside", not outside, outside[:3])
    check(f"{page}: one file", len(set(browser.requests)) == 1, browser.requests[:3])


def harness(browser, page):
    """What is looked for is found if it is there."""
    browser.open(page)
    browser.ask("setTimeout(() => { throw new Error('on purpose'); })")
    browser.ask("console.error('on purpose too')")
    browser.ask("fetch('https://example.invalid/').catch(() => 0)")
    browser.settle()
    check("a mistake on a page is noticed", len(browser.errors) >= 3, browser.errors)
    check(
        "the page may fetch nothing",
        any("Content Security Policy" in error for error in browser.errors),
        browser.errors,
    )


def filters(browser, page):
    browser.open(page)
    runs = visible(browser, "details.run")
    rows = visible(browser, "#grid tbody tr")
    columns = visible(browser, "#grid thead th.run")
    check("all runs are there", runs > 100 and runs == columns, (runs, columns))
    check("all requirements are there", rows > 150, rows)
    check("the filters are there", visible(browser, "#filters") == 1)
    check("names are offered", browser.ask("document.querySelectorAll('#people option').length") > 5)

    fill(browser, "what", "req.leave-while-split")
    some = visible(browser, "details.run")
    check("one requirement, one row", visible(browser, "#grid tbody tr") == 1)
    check("its runs, and no others", 0 < some < runs, some)
    check("a column for each of them", visible(browser, "#grid thead th.run") == some)
    reset(browser)
    check("everything is back", visible(browser, "details.run") == runs)

    fill(browser, "who", "Viper")
    some = visible(browser, "details.run")
    check("Viper is in few runs", 0 < some < 20, some)
    browser.ask(
        "document.querySelectorAll('details.run:not([hidden])').forEach((run) => run.open = true)"
    )
    strangers = browser.ask("""[...document.querySelectorAll("details.run:not([hidden])")]
        .flatMap((run) => {
            const list = run.querySelector(".diagram > ol");
            const lanes = list.dataset.h.split("\\n").map((lane) => /viper/i.test(lane));
            return [...list.children].filter((row) => row.checkVisibility() && row.dataset.h)
                .filter((row) => !row.dataset.h.split(" ").some((lane) => lanes[lane]));
        }).length""")
    check("no row is about others only", strangers == 0, strangers)
    check("some rows are left", visible(browser, ".diagram > ol > li[data-h]") > 3)
    fill(browser, "who", "nobody of this name")
    check("nothing is left", visible(browser, "details.run") == 0)
    check("and that is said", visible(browser, "#nothing") == 1)
    reset(browser)
    check("everything is back", visible(browser, "details.run") == runs)
    no_errors(browser, "filters")


def findings(browser, page):
    browser.open(page)
    fill(browser, "verdict", "fail")
    check("one run failed", visible(browser, "details.run") == 1)
    browser.click("details.run:not([hidden]) > summary")
    check("it says what was not met", visible(browser, ".unmet") == 1)
    told = browser.ask("document.querySelector('.unmet').innerText")
    check("in the words of the scenario", "nobody said this" in told, told)
    reset(browser)

    bounce = "details.run:has(rect.split)"
    browser.ask(f"location.hash = document.querySelector({json.dumps(bounce)}).id")
    browser.settle(0.6)
    check("who goes to a run finds it open", browser.ask(f"document.querySelector('{bounce}').open"))
    top = browser.ask("document.activeElement.getBoundingClientRect().top")
    check("and before his eyes", 0 <= top < 300, top)
    check("with its splits", visible(browser, "rect.split") > 3)
    check("and cuts", visible(browser, "rect.cut") > 3)
    check("and what was lost", visible(browser, "li.undelivered path") > 0)
    fan = ".diagram details:has(> ol)"
    check("what went to many is folded", visible(browser, f"{fan} > ol") == 0)
    browser.ask(f"""document.querySelector("{bounce} {fan}").id = "fan" """)
    browser.click("#fan > summary")
    check("and unfolds", visible(browser, "#fan > ol > li") > 1)
    check("to stanzas", "<message" in browser.ask("document.querySelector('#fan pre').innerText"))
    no_errors(browser, "findings")


def keyboard(browser, page):
    browser.open(page)

    def press(key, times=1):
        for _ in range(times):
            browser.press(key, number=KEYS[key])

    def focus():
        return browser.ask("""(() => {
            const cell = document.activeElement.closest("#grid td, #grid th");
            const style = getComputedStyle(document.activeElement);
            const box = document.activeElement.getBoundingClientRect();
            return [document.activeElement.className, cell && cell.parentElement.rowIndex,
                cell && cell.cellIndex, style.outlineStyle !== "none" ? style.outlineWidth : "",
                box.left >= 0 && box.top >= 0 && box.bottom <= innerHeight];
        })()""")

    press("Tab")
    skip = focus()
    check("the first stop is a link past everything", skip[0] == "skip" and skip[4], skip)
    check("focus is seen", skip[3] not in ("", "0px"), skip)
    press("Enter")
    check("it leads to the matrix", browser.ask("location.hash") == "#matrix")
    for _ in range(4):
        press("Tab")
        if focus()[1] is not None:
            break
    begin = focus()
    check("the matrix is reached", begin[1] is not None, begin)
    press("ArrowDown", 2)
    press("ArrowRight", 3)
    now = focus()
    check("arrows walk it", now[1:3] == [begin[1] + 2, begin[2] + 3], (begin, now))
    check("focus is seen in it", now[3] not in ("", "0px") and now[4], now)
    press("ArrowUp")
    press("ArrowLeft")
    back = focus()
    check("and back", back[1:3] == [begin[1] + 1, begin[2] + 2], back)
    one_stop = browser.ask("document.querySelectorAll('#grid [tabindex=\"0\"]').length")
    check("the matrix is one stop of the tab key", one_stop == 1, one_stop)
    press("Tab")
    check("which leads out of it", focus()[1] is None, focus())
    browser.ask("document.querySelector('#grid td.pass a').focus()")
    press("Enter")
    browser.settle(0.6)
    place = browser.ask("document.activeElement.id")
    check("a cell leads to its run", browser.ask("location.hash") == f"#{place}", place)
    check("which is open", browser.ask("document.activeElement.open === true"))
    no_errors(browser, "keyboard")


def without_scripts(browser, page):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page)
    check("no filters that do nothing", visible(browser, "#filters") == 0)
    check("the matrix reads", visible(browser, "#grid td.pass a") > 20)
    browser.click("details.run > summary")
    check("a run opens", visible(browser, "details.run[open] .diagram > ol > li") > 5)
    row = "details.run[open] .diagram li details:not(:has(ol))"
    browser.click(f"{row} > summary")
    shown = browser.ask("document.querySelector('.diagram details[open] pre').innerText")
    check("a stanza reads", shown.startswith("<"), shown)
    link = browser.ask("document.querySelector('#grid td.fail a, #grid td.pass a').hash")
    browser.click("#grid td.fail a, #grid td.pass a")
    check("a cell leads somewhere", browser.ask("location.hash") == link, link)
    no_errors(browser, "without scripts")
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


COLOURS = """(() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = (colour) => {
        const [red, green, blue] = parts(colour).map((part) => part / 255)
            .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const page = getComputedStyle(document.body).backgroundColor;
    const contrast = (selector) => {
        const place = document.querySelector(selector);
        if (!place) return 99;
        const two = [light(getComputedStyle(place).color), light(page)].sort((a, b) => b - a);
        return (two[0] + 0.05) / (two[1] + 0.05);
    };
    return [page, Math.min(...["body", ".quiet", "a[href^='#r-']", ".badge.pass", ".badge.fail",
        ".network", ".note", ".undelivered summary", "time"].map(contrast))];
})()"""


def dark(browser, page, picture):
    seen = {}
    for scheme in ("light", "dark"):
        feature = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.call("Emulation.setEmulatedMedia", features=feature)
        browser.open(page)
        colour, contrast = browser.ask(COLOURS)
        seen[scheme] = colour
        check(f"{scheme}: everything can be read", contrast >= 4.5, contrast)
        browser.open(picture)
        seen[f"{scheme} picture"] = browser.ask(
            "getComputedStyle(document.querySelector('.page')).fill"
        )
        check(f"{scheme}: a diagram is a picture", browser.ask(
            "document.documentElement.getAttribute('role') === 'img'"
            " && document.querySelectorAll('path').length > 20"
        ))
        no_errors(browser, f"{scheme} diagram")
    check("dark is another page than light", seen["light"] != seen["dark"], seen)
    check("and another picture", seen["light picture"] != seen["dark picture"], seen)
    browser.call("Emulation.setEmulatedMedia", features=[])


def narrow(browser, page):
    browser.call(
        "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=False
    )
    browser.open(page)
    browser.ask("document.querySelectorAll('details.run').forEach((run) => { run.open = true; })")
    width = browser.ask("document.documentElement.scrollWidth")
    check("a telephone has it whole", width <= 360, width)
    browser.call("Emulation.clearDeviceMetricsOverride")


def mermaid(browser, directory):
    """Mermaid itself reads what is written for it."""
    diagrams = {path.stem: path.read_text() for path in (directory / "mermaid").glob("*.mmd")}
    # Scripts end at this, whatever it stands in.
    texts = json.dumps(diagrams).replace("</", "<\\/")
    library = (directory / "npm/node_modules/mermaid/dist/mermaid.min.js").as_uri()
    page = directory / "mermaid.html"
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><script src="{library}"></script>'
        f"<script>const texts = {texts};</script>"
    )
    browser.open(page.as_uri())
    browser.ask("mermaid.initialize({ startOnLoad: false, maxTextSize: 1e8, maxEdges: 1e6 })")
    wrong = browser.ask("""(async () => {
        const wrong = [];
        for (const [name, text] of Object.entries(texts)) {
            try { await mermaid.parse(text); } catch (error) { wrong.push(`${name}: ${error}`); }
        }
        return wrong;
    })()""")
    check("there are diagrams for Mermaid", len(diagrams) > 100, len(diagrams))
    check("Mermaid reads every diagram", wrong == [], wrong[:3])
    refused = browser.ask(
        "mermaid.parse('sequenceDiagram\\n a ->> ').then(() => false, () => true)"
    )
    check("Mermaid refuses what is no diagram", refused is True, refused)


def main(directory):
    page = {path.name: path.as_uri() for path in pathlib.Path(directory).resolve().iterdir()}
    begin = time.monotonic()
    browser = Browser()
    try:
        harness(browser, page["failed.html"])
        filters(browser, page["all.html"])
        findings(browser, page["failed.html"])
        keyboard(browser, page["all.html"])
        without_scripts(browser, page["failed.html"])
        dark(browser, page["failed.html"], page["diagram.svg"])
        narrow(browser, page["failed.html"])
        mermaid(browser, pathlib.Path(directory).resolve())
    finally:
        browser.close()
    print(f"{checked - len(failed)} of {checked} as they should be, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
