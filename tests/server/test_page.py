"""The page in a real browser: it speaks, plays, highlights words, and tells errors in words."""

from __future__ import annotations

import os
import shutil
import time
import zipfile

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium drives the browser")

from selenium.webdriver.common.by import By

from tests.server.conftest import end_server, start_server

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="chromium and chromedriver are not installed")

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required"),
    *("--disable-dev-shm-usage", "--window-size=1000,900"),
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    # Selenium's own manager would ask the network for a driver.
    os.environ["SE_OFFLINE"] = "true"
    folder = tmp_path_factory.mktemp("browser")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(folder)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.downloads = folder
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, server):
    browser.get_log("browser")
    browser.set_window_size(1000, 900)
    browser.get(server.url)
    wait(lambda: element(browser, "voice").get_attribute("value") == "heart")
    return browser


def element(page, name):
    return page.find_element(By.ID, name)


def wait(condition, seconds=60):
    """The first true value of a condition; the machine may be slow."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def write(page, text):
    page.execute_script("document.getElementById('text').value = arguments[0]", text)


def choose(page, name, value):
    page.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change'))",
        name,
        value,
    )


def test_it_speaks_plays_and_highlights_each_word(page):
    text = "The first sentence is here. It cost $20, they said."
    write(page, text)
    element(page, "speak").click()
    # The words are seen in their order while the sound is played.
    seen = []

    def is_done():
        words = page.execute_script("return [...document.querySelectorAll('.now')].map((e) => e.textContent)")
        if words and words != seen[-1:]:
            seen.extend(words)
        return element(page, "status").text.startswith("Done")

    wait(is_done)
    spoken = text.replace(".", "").replace(",", "").split()
    assert len(seen) >= 4
    assert [word for word in spoken if word in seen] == seen
    assert float(element(page, "status").text.split()[1]) > 3
    assert element(page, "transcript").text == text
    # Something is drawn.
    colours = "const c = document.getElementById('mel'); return c.getContext('2d').getImageData(0, 0, 200, 160).data"
    assert len(set(page.execute_script(f"{colours}.filter((_, i) => i % 4 === 0)"))) > 20
    assert not element(page, "stop").is_enabled()
    assert page.get_log("browser") == []


def test_pause_and_stop(page):
    write(page, "This is a long sentence, which is spoken for quite some seconds. " * 5)
    element(page, "speak").click()
    wait(lambda: page.find_elements(By.CSS_SELECTOR, ".now"))
    element(page, "pause").click()
    wait(lambda: element(page, "status").text == "Paused.")
    word = page.find_element(By.CSS_SELECTOR, ".now").text
    time.sleep(0.8)
    assert page.find_element(By.CSS_SELECTOR, ".now").text == word
    element(page, "pause").click()
    wait(lambda: element(page, "pause").text == "Pause")
    element(page, "stop").click()
    assert element(page, "status").text == "Stopped."
    assert page.find_elements(By.CSS_SELECTOR, ".now") == []


def test_an_error_of_the_server_is_told_in_words(page):
    write(page, "…")
    element(page, "speak").click()
    wait(lambda: element(page, "error").text.startswith("There is nothing to speak in this text"))
    assert element(page, "speak").is_enabled()
    # It is gone with the next text that can be spoken.
    write(page, "Hello.")
    element(page, "speak").click()
    wait(lambda: element(page, "status").text.startswith("Done"))
    assert element(page, "error").text == ""


def test_controls_are_those_of_the_voice(page):
    assert element(page, "pitch").is_enabled()
    assert not element(page, "speaker").is_enabled()
    choose(page, "voice", "random")
    options = [each.text for each in element(page, "vocoder").find_elements(By.TAG_NAME, "option")]
    assert options[:2] == ["source_filter", "waveglow"]


@pytest.mark.parametrize("kind", ["mp3", "wav"])
def test_a_file_is_downloaded(page, kind):
    write(page, "Hello.")
    choose(page, "format", kind)
    element(page, "download").click()
    file = page.downloads / f"speech.{kind}"
    wait(file.exists)
    wait(lambda: file.stat().st_size > 1000)
    file.unlink()


def test_a_server_that_ends_in_the_middle_is_told_in_words(browser, tmp_path):
    running = start_server(tmp_path, "--workers", 1)
    try:
        browser.get(running.url)
        wait(lambda: element(browser, "voice").get_attribute("value") == "heart")
        write(browser, "This is a sentence, which is spoken for some seconds. " * 100)
        element(browser, "speak").click()
        wait(lambda: browser.find_elements(By.CSS_SELECTOR, ".now"))
        running.process.kill()
        wait(lambda: element(browser, "error").text == "The server ended in the middle of the text. Its log says why.")
        assert not element(browser, "stop").is_enabled()
        element(browser, "download").click()
        wait(lambda: element(browser, "error").text == "The server does not answer. Is it still running?")
        wait(element(browser, "download").is_enabled)
    finally:
        end_server(running)


def test_the_page_is_not_scrolled_while_it_speaks(page):
    page.set_window_size(1000, 500)
    write(page, "A line.\n" * 30)
    element(page, "speak").click()
    page.execute_script("window.scrollTo(0, 0)")
    # Long enough that the text is scrolled instead.
    wait(lambda: page.execute_script("return document.getElementById('transcript').scrollTop") > 0)
    assert page.execute_script("return scrollY") == 0
    element(page, "stop").click()


def test_a_book_is_opened_by_its_chapters(page, tmp_path):
    book = tmp_path / "book.md"
    book.write_text("# One\n\nThe first chapter.\n\n# Two\n\nThe second chapter.\n")
    # The same file, again.
    for _ in range(2):
        element(page, "file").send_keys(str(book))
        wait(lambda: element(page, "text").get_attribute("value").strip() == "One\n\nThe first chapter.")
        wait(lambda: element(page, "file").get_attribute("value") == "")
        write(page, "")
    assert element(page, "chapter-field").is_displayed()
    choose(page, "chapter", "1")
    assert element(page, "text").get_attribute("value").strip() == "Two\n\nThe second chapter."
    broken = tmp_path / "broken.epub"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("a", "b")
    element(page, "file").send_keys(str(broken))
    wait(lambda: "broken.epub" in element(page, "error").text)


def test_a_file_may_be_dropped_anywhere(page):
    page.execute_script(
        """
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["Dropped."], "a.txt"));
        const event = (kind) => new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
        const footer = document.querySelector("footer");
        window.isPrevented = ["dragover", "drop"].map((kind) => !footer.dispatchEvent(event(kind)));
        """
    )
    assert page.execute_script("return window.isPrevented") == [True, True]
    wait(lambda: element(page, "text").get_attribute("value").strip() == "Dropped.")


def test_people_who_do_not_see_it_can_use_it(page):
    """Every control has a name, one can tab through them, and what changes is announced."""
    unnamed = page.execute_script(
        "return [...document.querySelectorAll('button, input, select, textarea, canvas')].filter((e) =>"
        " !e.labels?.length && !e.textContent.trim() && !e.getAttribute('aria-label')).map((e) => e.outerHTML)"
    )
    assert unnamed == []
    assert element(page, "status").get_attribute("aria-live") == "polite"
    assert element(page, "error").get_attribute("role") == "alert"
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast(page, theme):
    page.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)

    def luminance(colour):
        parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(selector, ground):
        found = page.find_element(By.CSS_SELECTOR, selector).value_of_css_property("color")
        behind = page.find_element(By.CSS_SELECTOR, ground).value_of_css_property("background-color")
        low, high = sorted([luminance(found), luminance(behind)])
        return (high + 0.05) / (low + 0.05)

    for selector, ground in (
        (".hint", ".card"),
        ("h1", "body"),
        ("#status", "body"),
        ("#error", "body"),
        (".primary", ".primary"),
        ("a", "body"),
        ("textarea", "textarea"),
    ):
        assert contrast(selector, ground) >= 4.5, selector


@pytest.mark.parametrize("width", [360, 500, 1000])
def test_nothing_is_wider_than_the_screen(page, width):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 700, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    try:
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        page.get(page.current_url.rstrip("/") + "/docs")
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_key_is_asked_for(browser, tmp_path):
    running = start_server(tmp_path, "--workers", 1, "--api-key", "secret")
    try:
        browser.get(running.url)
        wait(lambda: element(browser, "key-form").is_displayed())
        element(browser, "speak").click()
        assert element(browser, "error").text == "There is no voice to speak with yet."
        element(browser, "key").send_keys("secret")
        browser.find_element(By.CSS_SELECTOR, "#key-form button").click()
        wait(lambda: element(browser, "voice").get_attribute("value") == "heart")
        assert not element(browser, "key-form").is_displayed()
        write(browser, "Hello.")
        element(browser, "speak").click()
        wait(lambda: element(browser, "status").text.startswith("Done"))
    finally:
        end_server(running)
