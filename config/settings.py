"""One settings module, driven by the environment, safe by default.

Production names its services (DATABASE_URL, REDIS_URL, STRIPE_*, EMAIL_URL, SECRET_KEY, ALLOWED_HOSTS). Where they are
not named, the embedded services of `make demo` and `make test` are used.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from config import embedded_environ
from config.admin_look import UNFOLD as UNFOLD

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
embedded_environ.load(BASE_DIR)

DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)

# Stripe. The host decides between Stripe's own API and the sandbox; the code path is the same.
STRIPE_API_BASE = env("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_JS_URL = env("STRIPE_JS_URL", default="https://js.stripe.com/v3/")
STRIPE_SANDBOX = urlsplit(STRIPE_API_BASE).hostname in {"127.0.0.1", "localhost", "::1"}
# The sandbox takes any key of the right form.
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="sk_test_orangery0000000000000000" if STRIPE_SANDBOX else "")
STRIPE_PUBLISHABLE_KEY = env(
    "STRIPE_PUBLISHABLE_KEY", default="pk_test_orangery0000000000000000" if STRIPE_SANDBOX else ""
)
STRIPE_API_VERSION = "2025-09-30.clover"
PAYMENT_GATEWAY = env("PAYMENT_GATEWAY", default="stripe")
GATEWAY_TIMEOUT_SECONDS = env.int("GATEWAY_TIMEOUT_SECONDS", default=20)
# All workers together; Stripe allows about 100 a second with live keys and 25 with test keys. 0 is without a limit.
GATEWAY_REQUESTS_PER_SECOND = env.int("GATEWAY_REQUESTS_PER_SECOND", default=90)
COLLECTION_THREADS = env.int("COLLECTION_THREADS", default=20)
# Renewals billed in one transaction, which holds their rows and the next invoice number until it ends.
RENEWAL_BATCH = env.int("RENEWAL_BATCH", default=1_000)

# An exchange rate is the one published last for so many days: over the longest weekend of the European Central Bank it
# publishes none for five.
EXCHANGE_RATE_DAYS = env.int("EXCHANGE_RATE_DAYS", default=7)

# The registry that says whether a VAT number exists: "vies" is the European Commission's, "scripted" asks nobody.
VAT_REGISTRY = env("VAT_REGISTRY", default="scripted" if STRIPE_SANDBOX else "vies")
VIES_URL = env("VIES_URL", default="https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number")
VIES_TIMEOUT_SECONDS = env.int("VIES_TIMEOUT_SECONDS", default=8)
# A registered number is asked about again after so many days; it is believed for so many, should nobody answer.
TAX_NUMBER_RECHECK_DAYS = env.int("TAX_NUMBER_RECHECK_DAYS", default=30)
TAX_NUMBER_TRUST_DAYS = env.int("TAX_NUMBER_TRUST_DAYS", default=60)
if not 0 < TAX_NUMBER_RECHECK_DAYS <= TAX_NUMBER_TRUST_DAYS:
    raise ImproperlyConfigured("TAX_NUMBER_RECHECK_DAYS is at least 1, and at most TAX_NUMBER_TRUST_DAYS.")

# The time machine moves the shop's clock, and with it real charges: never beside a real account.
TIME_MACHINE = env.bool("TIME_MACHINE", default=False)
if TIME_MACHINE and not (STRIPE_SANDBOX and (DEBUG or DEMO)):
    raise ImproperlyConfigured(
        "TIME_MACHINE needs the Stripe sandbox and DEBUG or DEMO: it must never touch real cards."
    )
if DEMO and not STRIPE_SANDBOX:
    raise ImproperlyConfigured("DEMO needs the Stripe sandbox: set STRIPE_API_BASE to its address.")

SECRET_KEY = env("SECRET_KEY", default="insecure-demo-key-of-the-shop" if STRIPE_SANDBOX else environ.Env.NOTSET)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
SECURE = SITE_URL.startswith("https://")
SHOP_NAME = env("SHOP_NAME", default="Orangery")
SHOP_ADDRESS = env("SHOP_ADDRESS", default="Via degli Agrumi 12, 80067 Sorrento, Italy")

INSTALLED_APPS = [
    # First: the forms of the others need the fields of the translations.
    "config.translations.TranslationsConfig",
    "apps.storefront",
    "apps.insights",
    "apps.campaigns",
    "apps.offers",
    "apps.orders",
    "apps.memberships",
    "apps.loyalty",
    "apps.promotions",
    "apps.catalog",
    "apps.billing",
    "apps.accounts",
    "apps.mail",
    "apps.core",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "djstripe",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.csp.PolicyByPathMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.language.PreferredLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["apps.storefront.templatetags.components"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.storefront.context.shop",
            ],
        },
    }
]

DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgres://orangery@127.0.0.1:5432/orangery"),
        "CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
        # A statement that comes again is planned once: half of the time that short ones take.
        "OPTIONS": {
            "server_side_binding": True,
            "prepare_threshold": env.int("DATABASE_PREPARE_AFTER", default=2) or None,
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# dj-stripe's own history takes minutes to replay on an empty database: see config/djstripe_migrations/__init__.py.
MIGRATION_MODULES = {"djstripe": "config.djstripe_migrations"}

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    # Pages and parts of pages, under the edition of what they show: see apps/core/editions.py.
    "pages": {
        "BACKEND": "config.forgiving_cache.ForgivingCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "pages",
        "OPTIONS": {"serializer": "config.forgiving_cache.Compressed"},
    },
    # In each process's own memory: the pages and parts that are asked for again and again.
    "near": {"BACKEND": "config.near_cache.NearCache", "OPTIONS": {"MAX_ENTRIES": 600}},
}
if DEBUG:
    # Who works on a template wants to see it.
    CACHES |= {name: {"BACKEND": "django.core.cache.backends.dummy.DummyCache"} for name in ("pages", "near")}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_REDIRECT_URL = "/account/"
LOGIN_URL = "account_login"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "apps.accounts.forms.SignupExtras"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SHOP_NAME

LANGUAGE_CODE = "en"
# In their own words: whoever looks for a language reads that one.
LANGUAGES = [("en", "English"), ("it", "Italiano"), ("fr", "Français"), ("ro", "Română")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where config/bootstrap.sh puts the library that draws PDFs, on a machine that has none and lets us install none.
PANGO = BASE_DIR / ".cache" / "pango"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / ".data" / "static"))
# Pictures that staff upload. Hosts that serve the shop share the folder.
MEDIA_URL = "/media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(BASE_DIR / ".data" / "media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG or STRIPE_SANDBOX
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG or STRIPE_SANDBOX
# Without this, dj-stripe's admin assets and others are re-read on each request in the demo.
WHITENOISE_AUTOREFRESH = DEBUG

_mail = env.email_url("EMAIL_URL", default="filemail://" if STRIPE_SANDBOX else environ.Env.NOTSET)
_mail_options = {
    "django.core.mail.backends.smtp.EmailBackend": {
        "host": _mail.get("EMAIL_HOST"),
        "port": _mail.get("EMAIL_PORT"),
        "username": _mail.get("EMAIL_HOST_USER"),
        "password": _mail.get("EMAIL_HOST_PASSWORD"),
        "use_tls": _mail.get("EMAIL_USE_TLS", False),
        "use_ssl": _mail.get("EMAIL_USE_SSL", False),
        "timeout": 20,
    },
    "django.core.mail.backends.filebased.EmailBackend": {
        "file_path": env("EMAIL_FILE_PATH", default=str(BASE_DIR / ".data" / "mail")),
    },
}
MAILERS = {
    "default": {"BACKEND": _mail["EMAIL_BACKEND"], "OPTIONS": _mail_options.get(_mail["EMAIL_BACKEND"], {})},
}
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Orangery <hello@orangery.example>")

# dj-stripe mirrors customers, payment methods, intents and webhooks.
STRIPE_API_HOST = STRIPE_API_BASE
STRIPE_LIVE_MODE = STRIPE_SECRET_KEY.startswith("sk_live_")
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else STRIPE_SECRET_KEY
STRIPE_LIVE_SECRET_KEY = STRIPE_SECRET_KEY if STRIPE_LIVE_MODE else ""
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_WEBHOOK_VALIDATION = "verify_signature"
SILENCED_SYSTEM_CHECKS = ["djstripe.W002"] if STRIPE_SANDBOX else []

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

SECURE_CSP = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "connect-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
# Unfold's Alpine evaluates expressions and sets styles, so staff pages have a policy of their own.
ADMIN_CSP = {
    **SECURE_CSP,
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL, CSP.UNSAFE_INLINE],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "frame-src": [CSP.SELF],
    "frame-ancestors": [CSP.SELF],
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    "loggers": {"stripe": {"level": "WARNING"}},
}
