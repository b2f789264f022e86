"""Settings for production: no DEBUG, the data and the key where Stillhouse keeps this app's data."""
import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

BASE = Path(__file__).resolve().parent
DATA = Path(os.environ.get('STILLHOUSE_DATA_DIR') or BASE.parent / 'data')
DATA.mkdir(parents=True, exist_ok=True)


def kept_key(path):
    """The secret key of this installation, made at the first start; all workers read the same."""
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), 'w') as file:
            file.write(get_random_secret_key())
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = os.environ.get('DJANGO_SECRET_KEY') or kept_key(DATA / 'secret-key')
ALLOWED_HOSTS = os.environ.get('GUESTBOOK_HOSTS', 'localhost,127.0.0.1').split(',')
ROOT_URLCONF = 'guestbook.urls'
INSTALLED_APPS = ['django.contrib.staticfiles', 'guestbook']
MIDDLEWARE = [
    'django.middleware.security.SecurityMiddleware',
    'whitenoise.middleware.WhiteNoiseMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
]
TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'APP_DIRS': True,
        'OPTIONS': {'context_processors': ['django.template.context_processors.request']},
    }
]
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',
        'NAME': DATA / 'guestbook.sqlite3',
        'OPTIONS': {'timeout': 10},
    }
}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
USE_TZ = True

# Django reads STATIC_URL once, before any request has told where the application is mounted.
FORCE_SCRIPT_NAME = os.environ.get('GUESTBOOK_MOUNT') or None
STATIC_URL = (FORCE_SCRIPT_NAME or '') + '/static/'
# WhiteNoise sees paths below the mount.
WHITENOISE_STATIC_PREFIX = '/static/'
# Static files come from the apps' own folders: there is no collectstatic to run, and nothing to write.
WHITENOISE_USE_FINDERS = True
