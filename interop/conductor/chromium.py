"""Debian's Chromium, headless, driven by its own chromedriver: the pages as a person meets them.

Knows the two questions of Mandate (who are you, may it) and their fields; knows no client.
"""

import os
import shutil

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.common.by import By

from .ground import Failure, environment, free_port, until
from .server import fetch

SECONDS = 20


class Chromium:
    """One browser with a profile of its own."""

    def __init__(self, children, name, trusted_key=None):
        """`trusted_key`: the one public key (its hash) whose certificate needs no authority."""
        self.children = children
        options = Options()
        options.binary_location = shutil.which("chromium")
        options.add_argument("--headless=new")
        options.add_argument("--disable-dev-shm-usage")
        options.add_argument("--no-proxy-server")
        options.add_argument(f"--user-data-dir={children.folder / f'{name}-profile'}")
        if trusted_key:
            options.add_argument(f"--ignore-certificate-errors-spki-list={trusted_key}")
        if os.geteuid() == 0:  # its sandbox refuses to run as root
            options.add_argument("--no-sandbox")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        port = free_port()
        command = [shutil.which("chromedriver"), f"--port={port}"]
        home = children.folder / f"{name}-home"
        home.mkdir()
        self.process = children.start(f"{name}-driver", command, environment(HOME=str(home)))
        self.driver = self._connect(f"http://127.0.0.1:{port}", options)
        self.driver.set_page_load_timeout(SECONDS)

    @staticmethod
    def _connect(address, options):
        def ready():
            try:
                return fetch(f"{address}/status")[0] == 200
            except OSError:
                return False

        until("chromedriver answers", SECONDS, ready)
        options.ignore_local_proxy_environment_variables()
        driver = webdriver.Remote(command_executor=address, options=options)
        # ChromeDriver's own, which the remote driver does not know by itself.
        driver.command_executor.add_command("getLog", "POST", "/session/$sessionId/se/log")
        return driver

    def open(self, url):
        """Goes there."""
        self.driver.get(url)

    def text(self):
        """What the page shows."""
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except (StaleElementReferenceException, WebDriverException):
            return ""

    def at(self, start):
        """Is the browser at an address that begins so?"""
        return self.driver.current_url.startswith(start)

    def wait(self, what, check):
        """Until the browser shows something; else a failure that says what it shows instead."""
        try:
            return until(what, SECONDS, check)
        except Failure as failure:
            raise Failure(f"{failure}; at {self.driver.current_url}:\n{self.text()[:800]}") from None

    def find(self, css):
        """The first element that fits, or nothing."""
        found = self.driver.find_elements(By.CSS_SELECTOR, css)
        return found[0] if found else None

    def sign_in(self, issuer, email, password):
        """Fills the login page of Mandate, which has to be open or on its way."""
        self.wait("the login page", lambda: self.at(issuer) and self.find("input[name=password]"))
        field = self.find("input[name=email]")
        field.clear()
        field.send_keys(email)
        self.find("input[name=password]").send_keys(password)
        self.find("form button[type=submit]").click()

    def agree(self, issuer, application):
        """Allows what the consent page asks; it has to name the application."""
        button = "button[name=decision][value=allow]"
        self.wait("the consent page", lambda: self.at(issuer) and self.find(button))
        if application not in self.text():
            raise Failure(f"the consent page does not name {application}:\n{self.text()[:800]}")
        self.find(button).click()

    def complaints(self, issuer):
        """What Chromium found wrong with the pages of the issuer (a blocked script, a broken link)."""
        entries = self.driver.execute("getLog", {"type": "browser"})["value"]
        return [it["message"] for it in entries if it["level"] == "SEVERE" and issuer in it["message"]]

    def close(self):
        """Ends the browser and its driver."""
        try:
            self.driver.quit()
        except (OSError, WebDriverException):
            pass
        self.children.end(self.process)
