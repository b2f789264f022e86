"""Django with a template."""
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.template import engines
from django.http import HttpResponse
from django.urls import path

TEMPLATE = """<!doctype html>
<title>{{ title }}</title>
<ul>{% for each in items %}
  <li>{{ forloop.counter }}: {{ each.name|upper }}{% if each.new %} (new){% endif %}</li>{% endfor %}
</ul>
"""

settings.configure(
    SECRET_KEY='only for this measurement',
    ALLOWED_HOSTS=['*'],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=['django.middleware.common.CommonMiddleware'],
    TEMPLATES=[{'BACKEND': 'django.template.backends.django.DjangoTemplates'}],
)
ITEMS = [{'name': f'item {number}', 'new': number % 3 == 0} for number in range(10)]


def index(request):
    return HttpResponse(template.render({'title': 'Items', 'items': ITEMS}, request))


urlpatterns = [path('', index)]
application = get_wsgi_application()
template = engines['django'].from_string(TEMPLATE)
