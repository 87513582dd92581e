"""Samples for python.yaml: after `ruleid` a rule must find the line, after `ok` it must not. Nothing loads this."""

# fmt: off
# ruff: noqa
# mypy: ignore-errors


def html(user, text):
    # ruleid: html-is-made-by-templates
    mark_safe(user.name)
    # ruleid: html-is-made-by-templates
    mark_safe(f"<b>{text}</b>")
    # ruleid: html-is-made-by-templates
    format_html("<b>" + text + "</b>")
    # ruleid: html-is-made-by-templates
    format_html_join("", text, [])
    # ok: html-is-made-by-templates
    mark_safe("<hr>")
    # ok: html-is-made-by-templates
    format_html("<b>{}</b>", text)


# ruleid: requests-go-through-the-guarded-client
import requests
# ruleid: requests-go-through-the-guarded-client
import urllib.request
# ruleid: requests-go-through-the-guarded-client
from httpx import get
# ruleid: requests-go-through-the-guarded-client
from http.client import HTTPSConnection
# ok: requests-go-through-the-guarded-client
from urllib.parse import urlsplit
# ok: requests-go-through-the-guarded-client
from publishing.http import HttpClient


def table(client, Model):
    # ruleid: table-is-never-scanned
    client.scan(TableName="t")
    # ruleid: table-is-never-scanned
    Model.scan()
    # ruleid: table-is-never-scanned
    dispatch("Scan", {})
    # ok: table-is-never-scanned
    dispatch("Query", {})


def clock():
    # ruleid: clock-is-read-in-one-place
    datetime.now(UTC)
    # ruleid: clock-is-read-in-one-place
    time.time()
    # ruleid: clock-is-read-in-one-place
    timezone.now()
    # ok: clock-is-read-in-one-place
    clock.now()
    # ok: clock-is-read-in-one-place
    time.monotonic()


def logs(account, credential, token, request):
    # ruleid: secrets-are-not-logged
    log.info("Connected %s", credential)
    # ruleid: secrets-are-not-logged
    log.warning("x", extra={"account": account.id, "what": account.access_token})
    # ruleid: secrets-are-not-logged
    log.error("Refused", extra={"headers": request.headers})
    # ruleid: secrets-are-not-logged
    print(token)
    # ok: secrets-are-not-logged
    log.info("Connected", extra={"account": account.id, "has_token": bool(token)})
    # ok: secrets-are-not-logged
    log.warning("The token was refused")


def connections(context):
    # ruleid: certificates-are-verified
    get("https://x", verify=False)
    # ruleid: certificates-are-verified
    context.check_hostname = False
    # ruleid: certificates-are-verified
    ssl._create_unverified_context()
    # ok: certificates-are-verified
    ssl.create_default_context()


class Open:
    # ruleid: views-deny-by-default
    permission_classes = ()
    # ruleid: views-deny-by-default
    authentication_classes = []


class Closed:
    # ok: views-deny-by-default
    permission_classes = (IsActor,)


# ruleid: views-deny-by-default
from rest_framework.permissions import AllowAny
# ruleid: forms-carry-their-token
from django.views.decorators.csrf import csrf_exempt
# ok: forms-carry-their-token
from django.views.decorators.csrf import csrf_protect


def run(text):
    # ruleid: text-is-never-run
    eval(text)
    # ruleid: text-is-never-run
    pickle.loads(text)
    # ruleid: text-is-never-run
    subprocess.run(text, shell=True)
    # ok: text-is-never-run
    json.loads(text)
    # ok: text-is-never-run
    subprocess.run(["ls"])


def tokens(token, key):
    # ruleid: tokens-are-verified
    jwt.decode(token, key)
    # ruleid: tokens-are-verified
    jwt.decode(token, options={"verify_signature": False})
    # ok: tokens-are-verified
    jwt.decode(token, key, algorithms=["RS256"], issuer="x")


def compare(given, signature, self):
    # ruleid: secrets-are-compared-in-constant-time
    signature == given
    # ruleid: secrets-are-compared-in-constant-time
    self.secret != given
    # ok: secrets-are-compared-in-constant-time
    hmac.compare_digest(signature, given)
    # ok: secrets-are-compared-in-constant-time
    signature == ""


def cookies(response):
    # ruleid: cookies-are-set-in-one-place
    response.set_cookie("a", "b")
    # ok: cookies-are-set-in-one-place
    sessions.keep(response, "a", "b", seconds=1)


def redirects(request):
    # ruleid: redirects-stay-here
    HttpResponseRedirect(request.GET["next"])
    where = request.POST.get("next", "")
    # ruleid: redirects-stay-here
    redirect(where)
    # ok: redirects-stay-here
    HttpResponseRedirect(destinations.checked(request.GET.get("next", "")))
    # ok: redirects-stay-here
    HttpResponseRedirect(reverse("desk"))
    # ok: redirects-stay-here
    HttpResponseRedirect(reverse("desk-message", args=[request.POST["message"]]))
